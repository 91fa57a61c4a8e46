import type { JWTPayload, ProtectedHeaderParameters } from 'jose'

/** The end of the year 9999: beyond it a date is no date. */
const LAST_SECOND = 253_402_300_799
/** Older ones are not honest retransmissions any more; a token's `jti` is remembered for as long as it could be used. */
export const OLDEST_LOGOUT_TOKEN_SECONDS = 3600
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** What a logout token is held against; header and claims are as they were read, and trusted by nobody yet. */
export interface LogoutTokenContext {
  readonly header: ProtectedHeaderParameters
  readonly claims: JWTPayload
  readonly issuer: string
  readonly clientId: string
  readonly algorithms: readonly string[]
  /** Whether a token that does not call itself `logout+jwt` is refused. */
  readonly typeRequired: boolean
  readonly clockToleranceSeconds: number
  /** Epoch seconds. */
  readonly at: number
}

type Rule = (context: LogoutTokenContext) => boolean

/** The rules of OpenID Connect Back-Channel Logout 1.0 §2.4 and §2.6 by the name that goes to the log; the signature is checked elsewhere. */
const RULES: Readonly<Record<string, Rule>> = {
  // §2.6, 3: as for ID tokens; `none` and MACs are on no list.
  alg: ({ header, algorithms }) => algorithms.includes(header.alg ?? ''),
  // RFC 7515 §4.1.11: nothing that a header could demand is understood here. Any other member is passed over (§4).
  crit: ({ header }) => !Object.hasOwn(header, 'crit'),
  // §4: no other kind of token of the provider's, though the same keys sign it.
  typ: ({ header, typeRequired }) => isTypeOfLogoutToken(header.typ, typeRequired),
  iss: ({ claims, issuer }) => claims.iss === issuer,
  // As for ID tokens: audiences besides us are not trusted.
  aud: ({ claims, clientId }) => {
    const audiences = [claims.aud].flat()
    return audiences.length === 1 && audiences[0] === clientId
  },
  iat: ({ claims: { iat }, at, clockToleranceSeconds: tolerance }) =>
    isSecond(iat) && iat <= at + tolerance && iat >= at - OLDEST_LOGOUT_TOKEN_SECONDS - tolerance,
  exp: ({ claims: { exp }, at, clockToleranceSeconds: tolerance }) => isSecond(exp) && exp > at - tolerance,
  nbf: ({ claims: { nbf }, at, clockToleranceSeconds: tolerance }) =>
    nbf === undefined || (isSecond(nbf) && nbf <= at + tolerance),
  jti: ({ claims }) => isName(claims.jti),
  // Core §2: at most 255 ASCII characters.
  sub: ({ claims }) => claims.sub === undefined || (typeof claims.sub === 'string' && /^[\x20-\x7e]{1,255}$/.test(claims.sub)),
  sid: ({ claims }) => claims['sid'] === undefined || isName(claims['sid']),
  'sub or sid': ({ claims }) => claims.sub !== undefined || claims['sid'] !== undefined,
  events: ({ claims }) => isObject(claims['events']) && isObject(ownMember(claims['events'], LOGOUT_EVENT)),
  // §2.6, 7: whatever its value.
  nonce: ({ claims }) => !Object.hasOwn(claims, 'nonce'),
}

/** The first rule that a logout token breaks; undefined where it keeps them all. */
export function findBrokenRule(context: LogoutTokenContext): string | undefined {
  return Object.entries(RULES).find(([, holds]) => !holds(context))?.[0]
}

/** `JWT` says nothing, and many providers say it: `events`, and no `nonce`, keep such a token apart from an ID token. */
function isTypeOfLogoutToken(type: unknown, required: boolean): boolean {
  if (type === undefined) return !required
  if (typeof type !== 'string') return false
  const name = type.toLowerCase().replace(/^application\//, '')
  return name === 'logout+jwt' || (name === 'jwt' && !required)
}

function isSecond(claim: unknown): claim is number {
  return typeof claim === 'number' && claim >= 0 && claim <= LAST_SECOND
}

function isName(claim: unknown): boolean {
  return typeof claim === 'string' && claim !== ''
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function ownMember(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined
}
