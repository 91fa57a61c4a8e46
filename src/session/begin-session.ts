import { randomBytes } from 'node:crypto'
import type { Request } from 'express'
import type { TokenSet } from '../oidc/port.ts'
import type { Report } from '../report/events.ts'
import type { Store } from '../store/port.ts'
import { createDiscardSession } from './discard-session.ts'
import { sessionCookieAttributes } from './express-session.ts'
import type { EndableSession } from './end-session.ts'
import type { GrantOf } from './grant-of.ts'
import type { SessionKeys } from './keys.ts'
import type { LateLogins } from './late-logins.ts'
import type { Lifetimes } from './lifetimes.ts'
import { newTicket, saved } from './new-ticket.ts'
import type { LimitPerson } from './person-limit.ts'
import type { Predecessor } from './predecessor.ts'
import type { LiveSession } from './records.ts'
import { RememberingCookie } from './remembering-cookie.ts'
import { noteOfBefore } from './retirement.ts'
import type { RecordSeals } from './seal-records.ts'
import { seenLifetime, writeSeen } from './seen.ts'
import { sessionName } from './session-name.ts'

declare module 'express-session' {
  interface SessionData {
    record: LiveSession['record']
    /** Until when the records are kept at first, in epoch milliseconds. */
    keptUntil: number
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
  readonly clientId: string
  readonly grantOf: GrantOf
  readonly lateLogins: Pick<LateLogins, 'refuse'>
  readonly limitPerson: LimitPerson
  readonly inBackground: (work: Promise<void>) => void
  /** Whether browsers speak https. */
  readonly secure: boolean
  /** The network that a request comes from, coarsened; undefined where it is not known. */
  readonly networkOf: (request: Request) => string | undefined
  readonly report: Report
  readonly now: () => number
}

/** What the login that makes it says of a session. */
export interface BeginningLogin {
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** The session that was there in the same browser; who began this one ends that. */
  readonly replaces?: EndableSession | undefined
  /** Whether its cookie is to outlive the browser. */
  readonly isRemembered?: boolean
  /** The session that this one goes on from, with its age and its deadline: stepping up is no way to stay signed in for longer. */
  readonly predecessor?: Predecessor | undefined
}

/**
 * Begins a session under a new id, which a cookie planted before the login cannot know (OWASP ASVS 7.2.4).
 * The record that makes it a session is written last and awaited; until then nothing can be done with it. Then the oldest sessions of
 * the person end where there are too many. Rejects with `login_overtaken` where an ending that came meanwhile means it.
 */
export type BeginSession = (request: Request, tokens: TokenSet, login: BeginningLogin) => Promise<LiveSession>

export function createBeginSession(steps: Steps): BeginSession {
  const { store, keys, seals, lifetimes, clientId, grantOf, report, now } = steps
  const discard = createDiscardSession(steps)

  return async function beginSession(request, tokens, login) {
    try {
      return await begin(request, tokens, login)
    } catch (error) {
      // Without this, express-session would hand out the cookie of a session that was never written.
      Reflect.deleteProperty(request, 'session')
      throw error
    }
  }

  async function begin(
    request: Request,
    tokens: TokenSet,
    { startedAt: loginStartedAt, replaces, predecessor, ...login }: BeginningLogin,
  ): Promise<LiveSession> {
    const { issuer, subject, providerSession, claims } = tokens.identity
    const at = now()
    const createdAt = predecessor?.createdAt ?? at
    const absoluteExpiresAt = Math.min(lifetimes.absoluteDeadline(at, claims), predecessor?.absoluteExpiresAt ?? Infinity)
    const isRemembered = predecessor?.isRemembered === true || login.isRemembered === true
    const grant = Object.freeze({ version: 1, ...grantOf(tokens, at) })
    const idle = lifetimes.idleTimeout(grant)
    const keptUntil = lifetimes.keptUntil(at, absoluteExpiresAt, idle)
    const lifetimeMilliseconds = Math.max(1, Math.ceil(keptUntil - at))

    const seenFor = seenLifetime(at, idle, absoluteExpiresAt)
    const ticket = await newTicket(request)
    const record = Object.freeze({ issuer, clientId, subject, providerSession, createdAt, absoluteExpiresAt, isRemembered })
    const session = Object.freeze({ ticket, record, grant })
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

    const lists = [
      keys.user(issuer, subject),
      ...(providerSession === undefined ? [] : [keys.providerSession(issuer, providerSession)]),
    ]
    Object.assign(request.session, { record, keptUntil })
    if (isRemembered) request.session.cookie = new RememberingCookie(sessionCookieAttributes(steps.secure), absoluteExpiresAt, at)

    try {
      await store.writeAll([
        { key: keys.grant(ticket.id), value: seals.sealGrant(ticket, grant), lifetimeMilliseconds },
        { key: keys.seen(ticket.id), value: writeSeen({ seenAt: at, keptUntil }), lifetimeMilliseconds: seenFor },
        { key: keys.about(ticket.id), value: seals.sealAbout(ticket.id, about), lifetimeMilliseconds },
        ...noteOfBefore(keys.before(ticket.id), predecessor),
      ])
      const endOldest = await steps.limitPerson({
        id: ticket.id,
        issuer,
        subject,
        replaces: replaces?.ticket.id,
        staysAWhile: predecessor !== undefined,
      })
      await Promise.all(lists.map((list) => store.addMember(list, ticket.id, absoluteExpiresAt, MOST_LISTED)))
      // Listed first, asked then: an ending that does not find it on the list has left its note by now.
      await steps.lateLogins.refuse({ issuer, subject, providerSession, startedAt: loginStartedAt })
      await saved(request)
      await endOldest()
    } catch (error) {
      await discard({ id: ticket.id, lists, keptUntil })
      throw error
    }
    report('session_began', { session: sessionName(ticket.id), subject, ...(isRemembered && { remembered: true }) })
    return session
  }
}
