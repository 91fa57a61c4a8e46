import { randomBytes } from 'node:crypto'
import { Secret } from '../../src/config/secret.ts'
import type { TokenSet } from '../../src/oidc/port.ts'
import type { EventName, Events } from '../../src/report/events.ts'
import { makeSessionSecret, sessionIdOf } from '../../src/security/session-secret.ts'
import { createSessionKeys } from '../../src/session/keys.ts'
import { createLifetimes } from '../../src/session/lifetimes.ts'
import type { AccessToken, GrantRecord, LiveSession, Ticket } from '../../src/session/records.ts'
import { createRecordSeals } from '../../src/session/seal-records.ts'
import { createSealer } from '../../src/store/sealing.ts'

const NAMESPACE = 'coatcheck:test'
const IDLE = 3_600_000

/** Sessions without rules, without a limit, and not remembered. */
export const PLAIN_SESSIONS = {
  rules: [],
  mostPerPerson: undefined,
  endOthersMaxAgeMilliseconds: undefined,
  rememberMe: 'off',
} as const

/** What tests of sessions are made with: a clock that is moved by hand, keys, seals, and everything that was reported. */
export function sessionParts() {
  const clock = { at: 1_790_000_000_000 }
  const reported: { readonly name: EventName; readonly fields: Events[EventName] }[] = []
  const keys = createSessionKeys(NAMESPACE)
  const secrets = [new Secret(randomBytes(32).toString('base64url'))] as const
  return {
    clock,
    now: () => clock.at,
    reported,
    report: <Name extends EventName>(name: Name, fields: Events[Name]) => void reported.push({ name, fields }),
    keys,
    secrets,
    namespace: NAMESPACE,
    seals: createRecordSeals(createSealer({ secrets: [secrets[0]], namespace: NAMESPACE }), keys),
    lifetimes: createLifetimes({
      idleTimeoutMilliseconds: IDLE,
      absoluteTimeoutMilliseconds: 12 * IDLE,
      ...PLAIN_SESSIONS,
      mostCached: 10,
      withoutRefreshToken: 'end',
    }),
    idleTimeoutMilliseconds: IDLE,
  }
}

export function makeTicket(): Ticket {
  const secret = makeSessionSecret()
  return { secret, id: sessionIdOf(secret) }
}

export function makeGrant(overrides: Partial<GrantRecord> = {}): GrantRecord {
  return {
    version: 1,
    accessToken: 'access-1' as AccessToken,
    accessTokenExpiresAt: undefined,
    issuedAt: 0,
    refreshToken: 'refresh-1',
    idToken: 'id-1',
    scope: 'openid',
    claims: { sub: 'ada' },
    acr: undefined,
    authTime: undefined,
    ...overrides,
  }
}

export function makeSession(grant: Partial<GrantRecord> = {}, ticket: Ticket = makeTicket()): LiveSession {
  return {
    ticket,
    record: {
      issuer: 'https://idp.example',
      clientId: 'app',
      subject: 'ada',
      providerSession: 'sid-1',
      createdAt: 0,
      absoluteExpiresAt: Number.MAX_SAFE_INTEGER,
    },
    grant: makeGrant(grant),
  }
}

export function makeTokens(overrides: Partial<TokenSet> = {}): TokenSet {
  return {
    accessToken: 'access-1',
    expiresInSeconds: 300,
    refreshToken: 'refresh-1',
    refreshTokenExpiresInSeconds: undefined,
    idToken: 'id-1',
    scope: 'openid',
    identity: {
      issuer: 'https://idp.example',
      subject: 'ada',
      providerSession: 'sid-1',
      acr: undefined,
      authTime: 7,
      claims: { sub: 'ada', name: 'Ada', ssn: 'secret' },
    },
    ...overrides,
  }
}
