import type { Lifetimes } from '../session/lifetimes.ts'
import type { GrantRecord } from '../session/records.ts'

export interface WarningSteps {
  readonly lifetimes: Pick<Lifetimes, 'idleTimeout'>
  /** How long before its end the pages of a session are warned; 0: never. */
  readonly expiringAheadMilliseconds: number
}

/** How long before its end the pages of this session are warned: never more than half of its own idle time. */
export function warningAhead({ lifetimes, expiringAheadMilliseconds }: WarningSteps, grant: GrantRecord): number {
  return Math.min(expiringAheadMilliseconds, lifetimes.idleTimeout(grant) / 2)
}
