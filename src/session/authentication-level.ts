import type { GrantRecord } from './records.ts'

/** How somebody has to have signed in, where not every sign-in will do (RFC 9470 §3). */
export interface AuthenticationLevel {
  /** The classes of sign-in (`acr`) of which any one will do; empty: whichever. */
  readonly acr: readonly string[]
  /** How long ago, in seconds, the person may have signed in at the provider; undefined: whenever. */
  readonly maxAgeSeconds: number | undefined
}

/** Whether a session's sign-in was such a one. A claim that the provider did not send meets no demand. */
export type MeetsLevel = (grant: Pick<GrantRecord, 'acr' | 'authTime'>, level: AuthenticationLevel) => boolean

/** The provider's clock says when somebody signed in, so that ours allows for the difference, as it does in a callback. */
export function createMeetsLevel({
  clockToleranceSeconds,
  now,
}: {
  readonly clockToleranceSeconds: number
  readonly now: () => number
}): MeetsLevel {
  return function meetsLevel({ acr, authTime }, { acr: accepted, maxAgeSeconds }) {
    if (accepted.length > 0 && (acr === undefined || !accepted.includes(acr))) return false
    if (maxAgeSeconds === undefined) return true
    return authTime !== undefined && now() / 1_000 - authTime <= maxAgeSeconds + clockToleranceSeconds
  }
}
