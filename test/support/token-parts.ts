import type { Config, ProviderConfig } from '../../src/config/config.ts'
import type { RefreshAnswer } from '../../src/oidc/port.ts'
import type { AccessToken, GrantRecord, LiveSession } from '../../src/session/records.ts'
import { createSessions } from '../../src/session/create-sessions.ts'
import { writeSeen } from '../../src/session/seen.ts'
import { createTokens } from '../../src/tokens/create-tokens.ts'
import { configFor } from './provider-in-test.ts'
import { makeSession, makeTicket, PLAIN_SESSIONS, sessionParts } from './session-parts.ts'
import { createWeatheredStore } from './weathered-store.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

const unasked = () => Promise.reject(new Error('Nobody was to ask this.'))

type Refreshed = Extract<RefreshAnswer, { kind: 'refreshed' }>

/** What a provider says to a refresh that goes well; the tokens are numbered. */
export function refreshed(number = 2, more: Partial<Refreshed['tokens']> = {}): Refreshed {
  return {
    kind: 'refreshed',
    tokens: {
      accessToken: `access-${number}`,
      expiresInSeconds: 300,
      refreshToken: `refresh-${number}`,
      refreshTokenExpiresInSeconds: undefined,
      scope: undefined,
      idToken: undefined,
      identity: undefined,
      ...more,
    },
  }
}

/** What is asked of the provider, and what it says; the n-th answer to the n-th call, the last one for all after it. */
export type Answers = readonly (RefreshAnswer | (() => Promise<RefreshAnswer>))[]

interface Setting {
  readonly provider?: Partial<ProviderConfig>
  readonly session?: Partial<Config['session']>
}

/**
 * Sessions and tokens as the gateway puts them together, over a store with weather, and a provider that says what the test wants.
 * `instance` makes one more gateway over the same store.
 */
export function tokenParts(answers: Answers, setting: Setting = {}) {
  const parts = sessionParts()
  const { keys, seals, report } = parts
  const clock = runningClock()
  const now = () => clock.at
  const weathered = createWeatheredStore(now)
  const { store } = weathered
  const calls: string[] = []
  const revoked: string[] = []

  async function refresh({ refreshToken }: { readonly refreshToken: string }): Promise<RefreshAnswer> {
    calls.push(refreshToken)
    const answer = answers[Math.min(calls.length, answers.length) - 1]
    if (answer === undefined) throw new Error('Nobody was to ask the provider.')
    return typeof answer === 'function' ? answer() : answer
  }

  const issuer = 'https://idp.example'
  const config: Pick<Config, 'session' | 'secrets' | 'provider' | 'store' | 'baseUrl' | 'login'> = {
    baseUrl: { origin: 'https://app.example.com', host: 'app.example.com', secure: true, prefix: '/bff' },
    secrets: [parts.secrets[0]],
    provider: configFor(
      { issuer, clientId: 'app', clientSecret: 'secret' },
      { claims: ['sub', 'name'], refreshWaitMilliseconds: 300, ...setting.provider },
    ),
    session: {
      idleTimeoutMilliseconds: HOUR,
      absoluteTimeoutMilliseconds: 12 * HOUR,
      ...PLAIN_SESSIONS,
      mostCached: 10,
      withoutRefreshToken: 'end',
      ...setting.session,
    },
    store: { kind: 'memory', mostRecords: 1_000 },
    login: { timeoutMilliseconds: 600_000, mostOpen: 20, mostPerMinutePerAddress: 120, mostPerMinutePerBrowser: 60 },
  }

  function instance() {
    const sessions = createSessions({
      config,
      store,
      namespace: parts.namespace,
      cookieName: 'any',
      cookieKeys: ['any'],
      readTicket: () => ({ kind: 'none' }),
      peers: { accountableAddress: () => undefined },
      onEnded: () => undefined,
      onUnknown: () => undefined,
      report,
      now,
    })
    const tokens = createTokens({
      config,
      provider: {
        state: 'ready',
        authorizationUrl: unasked,
        redeemCode: unasked,
        revoke: unasked,
        endSessionUrl: unasked,
        verifyLogoutToken: unasked,
        start: unasked,
        stop: () => undefined,
        refresh,
      },
      sessions,
      revokeTokens: ({ grant }) => void revoked.push(grant.accessToken),
      store,
      report,
      now,
      steady: () => clock.steady,
    })
    const find = async ({ ticket }: LiveSession) => {
      const verdict = await sessions.find(ticket)
      if (verdict.kind === 'ended') throw new Error(`The session has ended: ${verdict.reason}`)
      return verdict.session
    }
    return { sessions, tokens, find }
  }

  /** A session that stands in the store; its access token has ended, where the test says nothing else. */
  async function begin(grant: Partial<GrantRecord> = {}): Promise<LiveSession> {
    const times = { issuedAt: clock.at - 5 * MINUTE, accessTokenExpiresAt: clock.at - 1 }
    const made = makeSession({ ...times, ...grant }, makeTicket())
    const record = { ...made.record, createdAt: clock.at, absoluteExpiresAt: clock.at + 12 * HOUR }
    const { ticket } = made
    const write = (key: string, value: string) => store.write(key, value, 24 * HOUR)
    await write(keys.session(ticket.id), seals.sealSession(ticket, JSON.stringify({ record })))
    await write(keys.grant(ticket.id), seals.sealGrant(ticket, made.grant))
    await write(keys.seen(ticket.id), writeSeen({ seenAt: clock.at, keptUntil: clock.at + 24 * HOUR }))
    return { ...made, record }
  }

  /** What the store holds of a session's grant. */
  async function stored({ ticket }: LiveSession): Promise<GrantRecord | undefined> {
    const [text] = await store.read([keys.grant(ticket.id)])
    return text === undefined ? undefined : seals.openGrant(ticket, text)
  }

  const told = (name: string) => parts.reported.filter((each) => each.name === name).map(({ fields }) => fields)
  return { ...parts, clock, now, ...weathered, ...instance(), instance, begin, stored, calls, revoked, told }
}

/** A clock that runs, and can be put forward: who waits out a pause must see it pass. Where it is put back, no time passes. */
function runningClock(): { at: number; readonly steady: number } {
  let ahead = 0
  let passed = 0
  return {
    get at() {
      return Date.now() + ahead
    },
    set at(at) {
      passed += Math.max(0, at - Date.now() - ahead)
      ahead = at - Date.now()
    },
    get steady() {
      return performance.now() + passed
    },
  }
}

/** The same session with another grant, as somebody else might have written it. */
export function withGrant(session: LiveSession, version: number, more: Partial<GrantRecord> = {}): LiveSession {
  const accessToken = `access-${version}-elsewhere` as AccessToken
  return { ...session, grant: { ...session.grant, version, accessToken, ...more } }
}
