import type { GrantRecord } from '../session/records.ts'

/** `fresh`: send it; `expiring`: send it, and renew beside; `expired`: nothing to send. */
export type Freshness = 'fresh' | 'expiring' | 'expired'

/** Renewal begins this long before the end, but never before half of the token's life is over. */
const MOST_LEEWAY_MILLISECONDS = 60_000

/** Where an access token stands at `at`. One whose end the provider did not tell is fresh until an upstream says otherwise (RFC 6749 §5.1). */
export function freshnessOf({ accessTokenExpiresAt, issuedAt }: GrantRecord, at: number): Freshness {
  if (accessTokenExpiresAt === undefined) return 'fresh'
  const leeway = Math.min(MOST_LEEWAY_MILLISECONDS, (accessTokenExpiresAt - issuedAt) / 2)
  if (at < accessTokenExpiresAt - leeway) return 'fresh'
  return at < accessTokenExpiresAt ? 'expiring' : 'expired'
}
