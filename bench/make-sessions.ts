import { createHmac } from 'node:crypto'
import { createClient } from 'redis'
import { Secret } from '../src/config/secret.ts'
import { deriveCookieKeys } from '../src/security/cookie-keys.ts'
import { cookieNames } from '../src/security/cookie-names.ts'
import { makeSessionSecret, parseSessionSecret, sessionIdOf } from '../src/security/session-secret.ts'
import { createSessionKeys } from '../src/session/keys.ts'
import type { AccessToken, SessionId } from '../src/session/records.ts'
import { createRecordSeals } from '../src/session/seal-records.ts'
import { writeSeen } from '../src/session/seen.ts'
import { createNamespace } from '../src/store/namespace.ts'
import { createSealer } from '../src/store/sealing.ts'
import type { CoatcheckProgram } from './coatcheck-program.ts'
import type { Issued } from './sign-in.ts'

export const CLIENT_ID = 'coatcheck'
const HOUR_MILLISECONDS = 3_600_000
const LIFETIME_MILLISECONDS = 12 * HOUR_MILLISECONDS
/** Sessions whose records are sent at once. */
const BATCH = 500

interface Making {
  readonly program: Pick<CoatcheckProgram, 'origin' | 'secret'>
  readonly store: string
  /** What each of them was issued. */
  readonly issued: Issued
  readonly many: number
}

/** The records of one session, and how they are called. */
type Records = readonly (readonly [key: string, value: string])[]

/**
 * Writes the records of many sessions as a gateway with these keys would, without a sign-in each, and answers the cookies that open them.
 * For measurements in which thousands of people are signed in.
 */
export async function makeSessions({ program, store, issued, many }: Making): Promise<readonly string[]> {
  const make = createMake(program, issued)
  const client = createClient({ url: store, disableClientInfo: true })
  await client.connect()
  try {
    const cookies: string[] = []
    while (cookies.length < many) {
      const batch = Array.from({ length: Math.min(BATCH, many - cookies.length) }, make)
      const records = batch.flatMap((each) => each.records)
      await Promise.all(
        records.map(([key, value]) => client.set(key, value, { expiration: { type: 'PX', value: LIFETIME_MILLISECONDS } })),
      )
      for (const { cookie } of batch) cookies.push(cookie)
    }
    return cookies
  } finally {
    await client.close()
  }
}

/** The id of the session that such a cookie opens. */
export function sessionIdIn(cookie: string): SessionId {
  const secret = parseSessionSecret(/=s%3A([\w-]+)\./.exec(cookie)?.[1] ?? '')
  if (secret === undefined) throw new Error('This is no session cookie.')
  return sessionIdOf(secret)
}

function createMake({ origin, secret }: Pick<CoatcheckProgram, 'origin' | 'secret'>, issued: Issued) {
  const secrets = [new Secret(secret)] as const
  const namespace = createNamespace({ baseUrl: origin, clientId: CLIENT_ID })
  const keys = createSessionKeys(namespace)
  const seals = createRecordSeals(createSealer({ secrets, namespace }), keys)
  const [cookieKey = ''] = deriveCookieKeys(secrets, namespace)
  const { session: cookieName } = cookieNames(false)
  const at = Date.now()
  const record = {
    issuer: 'http://127.0.0.1',
    clientId: CLIENT_ID,
    subject: 'alice',
    providerSession: 'session-at-the-provider',
    createdAt: at,
    absoluteExpiresAt: at + LIFETIME_MILLISECONDS,
  }
  const grant = {
    version: 1,
    accessToken: issued.accessToken as AccessToken,
    accessTokenExpiresAt: at + HOUR_MILLISECONDS,
    issuedAt: at,
    refreshToken: issued.refreshToken,
    idToken: issued.idToken,
    scope: 'openid profile',
    claims: issued.user,
    acr: undefined,
    authTime: Math.floor(at / 1_000),
  }
  const about = {
    ...record,
    handle: 'a-public-handle-of-22ch',
    loginStartedAt: at,
    network: undefined,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  }
  const json = JSON.stringify({ cookie: { originalMaxAge: null, httpOnly: true, sameSite: 'strict', path: '/' }, record })
  const seen = writeSeen({ seenAt: at, keptUntil: at + LIFETIME_MILLISECONDS })

  return function make(): { readonly cookie: string; readonly records: Records } {
    const own = makeSessionSecret()
    const id = sessionIdOf(own)
    const ticket = { secret: own, id }
    const signature = createHmac('sha256', cookieKey).update(own).digest('base64').replace(/=+$/, '')
    return {
      // As express-session signs and writes it.
      cookie: `${cookieName}=${encodeURIComponent(`s:${own}.${signature}`)}`,
      records: [
        [keys.session(id), seals.sealSession(ticket, json)],
        [keys.grant(id), seals.sealGrant(ticket, grant)],
        [keys.seen(id), seen],
        [keys.about(id), seals.sealAbout(id, about)],
      ],
    }
  }
}
