import type { GrantRecord } from '../session/records.ts'

/** `fresh`: send it; `expiring`: send it, and renew beside; `expired`: nothing to send. */
export type Freshness = 'fresh' | 'expiring' | 'expired'

/** Where an access token stands at a moment, in epoch milliseconds. */
export type FreshnessOf = (
  grant: Pick<GrantRecord, 'accessTokenExpiresAt' | 'refreshTokenExpiresAt' | 'issuedAt'>,
  at: number,
) => Freshness

/**
 * Renewal begins `leewayMilliseconds` before the end, but never before half of the token's life is over. A token whose end the
 * provider did not tell is good until an upstream says otherwise (RFC 6749 §5.1).
 *
 * The session ends with its refresh token, where that end is known. Of one that the access token outlives, renewal also begins once
 * half of its life is over, or somebody who is there all the time would be signed out.
 */
export function createFreshnessOf(leewayMilliseconds: number): FreshnessOf {
  return function freshnessOf({ accessTokenExpiresAt = Infinity, refreshTokenExpiresAt = Infinity, issuedAt }, at) {
    if (at >= accessTokenExpiresAt) return 'expired'
    const leeway = Math.min(leewayMilliseconds, (accessTokenExpiresAt - issuedAt) / 2)
    if (at >= accessTokenExpiresAt - leeway) return 'expiring'
    if (refreshTokenExpiresAt > accessTokenExpiresAt) return 'fresh'
    return at < (issuedAt + refreshTokenExpiresAt) / 2 ? 'fresh' : 'expiring'
  }
}
