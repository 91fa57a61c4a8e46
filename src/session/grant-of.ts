import type { TokenSet } from '../oidc/port.ts'
import type { AccessToken, GrantRecord } from './records.ts'

/** The grant that a login's tokens make; `at` is when they came, in epoch milliseconds. */
export type GrantOf = (tokens: TokenSet, at: number) => Omit<GrantRecord, 'version'>

/** Keeps of the claims only those that may be shown; the rest is nobody's business (RFC 10017 §6.1.2.4). */
export function createGrantOf(shownClaims: readonly string[]): GrantOf {
  return function grantOf({ accessToken, expiresInSeconds, refreshToken, idToken, scope, identity }, at) {
    return {
      accessToken: accessToken as AccessToken,
      accessTokenExpiresAt: expiresInSeconds === undefined ? undefined : at + expiresInSeconds * 1_000,
      issuedAt: at,
      refreshToken,
      idToken,
      scope,
      claims: shown(identity.claims, shownClaims),
      acr: identity.acr,
      authTime: identity.authTime,
    }
  }
}

/** The claims that stand on the list, in its order. */
export function shown(claims: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]))
}
