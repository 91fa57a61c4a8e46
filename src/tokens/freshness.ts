import type { GrantRecord } from '../session/records.ts'

/** `fresh`: send it; `expiring`: send it, and renew beside; `expired`: nothing to send. */
export type Freshness = 'fresh' | 'expiring' | 'expired'

/** Where an access token stands at a moment, in epoch milliseconds. */
export type FreshnessOf = (grant: Pick<GrantRecord, 'accessTokenExpiresAt' | 'issuedAt'>, at: number) => Freshness

/**
 * Renewal begins `leewayMilliseconds` before the end, but never before half of the token's life is over. A token whose end the
 * provider did not tell is fresh until an upstream says otherwise (RFC 6749 §5.1).
 */
export function createFreshnessOf(leewayMilliseconds: number): FreshnessOf {
  return function freshnessOf({ accessTokenExpiresAt, issuedAt }, at) {
    if (accessTokenExpiresAt === undefined) return 'fresh'
    const leeway = Math.min(leewayMilliseconds, (accessTokenExpiresAt - issuedAt) / 2)
    if (at < accessTokenExpiresAt - leeway) return 'fresh'
    return at < accessTokenExpiresAt ? 'expiring' : 'expired'
  }
}
