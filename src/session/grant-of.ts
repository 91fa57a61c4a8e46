import type { LifetimeRule } from '../config/config.ts'
import type { TokenSet } from '../oidc/port.ts'
import { ruledLifetimes } from './lifetime-rules.ts'
import type { AccessToken, GrantRecord } from './records.ts'

/** The grant that a login's tokens make; `at` is when they came, in epoch milliseconds. */
export type GrantOf = (tokens: TokenSet, at: number) => Omit<GrantRecord, 'version'>

/**
 * Keeps of the claims only those that may be shown, and what the rules make of all of them; the rest is nobody's business
 * (RFC 10017 §6.1.2.4).
 */
export function createGrantOf(shownClaims: readonly string[], rules: readonly LifetimeRule[] = []): GrantOf {
  return function grantOf({ accessToken, refreshToken, idToken, scope, identity, ...tokens }, at) {
    const endOf = (seconds: number | undefined) => (seconds === undefined ? undefined : at + seconds * 1_000)
    return {
      accessToken: accessToken as AccessToken,
      accessTokenExpiresAt: endOf(tokens.expiresInSeconds),
      issuedAt: at,
      refreshToken,
      refreshTokenExpiresAt: refreshToken === undefined ? undefined : endOf(tokens.refreshTokenExpiresInSeconds),
      idToken,
      scope,
      claims: shown(identity.claims, shownClaims),
      acr: identity.acr,
      authTime: identity.authTime,
      idleTimeoutMilliseconds: ruledLifetimes(rules, identity.claims).idleTimeoutMilliseconds,
    }
  }
}

/** The claims that stand on the list, in its order. */
export function shown(claims: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]))
}
