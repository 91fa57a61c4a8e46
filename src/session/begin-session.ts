import { randomBytes } from 'node:crypto'
import type { Request } from 'express'
import { GatewayError } from '../errors.ts'
import type { TokenSet } from '../oidc/port.ts'
import type { Report } from '../report/events.ts'
import { parseSessionSecret, sessionIdOf } from '../security/session-secret.ts'
import type { Store } from '../store/port.ts'
import type { GrantOf } from './grant-of.ts'
import type { SessionKeys } from './keys.ts'
import type { LateLogins } from './late-logins.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { LiveSession, SessionId, Ticket } from './records.ts'
import type { RecordSeals } from './seal-records.ts'
import { writeSeen } from './seen.ts'
import { sessionName } from './session-name.ts'

declare module 'express-session' {
  interface SessionData {
    record: LiveSession['record']
  }
}

/** Sessions of one person, or of one session at the provider, that are remembered for lists and endings. */
const MOST_LISTED = 1_000
const MOST_USER_AGENT_CHARACTERS = 256

interface Steps {
  readonly store: Pick<Store, 'writeAll' | 'addMember' | 'remove' | 'removeMember'>
  readonly keys: SessionKeys
  readonly seals: RecordSeals
  readonly lifetimes: Lifetimes
  readonly idleTimeoutMilliseconds: number
  readonly clientId: string
  readonly grantOf: GrantOf
  readonly lateLogins: Pick<LateLogins, 'refuse'>
  /** The network that a request comes from, coarsened; undefined where it is not known. */
  readonly networkOf: (request: Request) => string | undefined
  readonly report: Report
  readonly now: () => number
}

/**
 * Begins a session under a new id, which a cookie planted before the login cannot know (OWASP ASVS 7.2.4).
 * The record that makes it a session is written last and awaited; until then nothing can be done with it. `loginStartedAt` (epoch
 * milliseconds) decides whether an ending that came meanwhile means it: then it rejects with `login_overtaken`.
 */
export type BeginSession = (request: Request, tokens: TokenSet, loginStartedAt: number) => Promise<LiveSession>

export function createBeginSession(steps: Steps): BeginSession {
  const { store, keys, seals, lifetimes, idleTimeoutMilliseconds, clientId, grantOf, report, now } = steps

  return async function beginSession(request, tokens, loginStartedAt) {
    try {
      return await begin(request, tokens, loginStartedAt)
    } catch (error) {
      // Without this, express-session would hand out the cookie of a session that was never written.
      Reflect.deleteProperty(request, 'session')
      throw error
    }
  }

  async function begin(request: Request, tokens: TokenSet, loginStartedAt: number): Promise<LiveSession> {
    const { issuer, subject, providerSession } = tokens.identity
    const createdAt = now()
    const absoluteExpiresAt = lifetimes.absoluteDeadline(createdAt)
    const keptUntil = lifetimes.keptUntil(createdAt, absoluteExpiresAt)
    const lifetimeMilliseconds = Math.ceil(keptUntil - createdAt)

    const ticket = await newTicket(request)
    const record = Object.freeze({ issuer, clientId, subject, providerSession, createdAt, absoluteExpiresAt })
    const session = Object.freeze({ ticket, record, grant: Object.freeze({ version: 1, ...grantOf(tokens, createdAt) }) })
    const about = {
      handle: randomBytes(16).toString('base64url'),
      issuer,
      subject,
      providerSession,
      createdAt,
      loginStartedAt,
      network: steps.networkOf(request),
      userAgent: (request.get('user-agent') ?? '').slice(0, MOST_USER_AGENT_CHARACTERS),
    }

    await store.writeAll([
      { key: keys.grant(ticket.id), value: seals.sealGrant(ticket, session.grant), lifetimeMilliseconds },
      {
        key: keys.seen(ticket.id),
        value: writeSeen({ seenAt: createdAt, keptUntil }),
        lifetimeMilliseconds: idleTimeoutMilliseconds,
      },
      { key: keys.about(ticket.id), value: seals.sealAbout(ticket.id, about), lifetimeMilliseconds },
    ])
    const lists = [
      keys.user(issuer, subject),
      ...(providerSession === undefined ? [] : [keys.providerSession(issuer, providerSession)]),
    ]
    await Promise.all(lists.map((list) => store.addMember(list, ticket.id, absoluteExpiresAt, MOST_LISTED)))
    request.session.record = record
    try {
      // Listed first, asked then: an ending that does not find it on the list has left its note by now.
      await steps.lateLogins.refuse({ issuer, subject, providerSession, startedAt: loginStartedAt })
      await saved(request)
    } catch (error) {
      // What cannot be removed now opens nothing, since nobody gets its cookie, and lapses by itself.
      await discard(ticket.id, lists).catch(() => undefined)
      throw error
    }
    report('session_began', { session: sessionName(ticket.id), subject })
    return session
  }

  async function discard(id: SessionId, lists: readonly string[]): Promise<void> {
    await store.remove([keys.session(id), keys.grant(id), keys.seen(id), keys.about(id)])
    await Promise.all(lists.map((list) => store.removeMember(list, id)))
  }
}

async function newTicket(request: Request): Promise<Ticket> {
  await new Promise<void>((resolve, reject) => {
    request.session.regenerate((error: unknown) => (error ? reject(error) : resolve()))
  })
  const secret = parseSessionSecret(request.sessionID)
  if (!secret) throw new GatewayError('internal', { note: 'a session began without a secret of ours' })
  return Object.freeze({ secret, id: sessionIdOf(secret) })
}

async function saved(request: Request): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request.session.save((error: unknown) => (error ? reject(error) : resolve()))
  })
}
