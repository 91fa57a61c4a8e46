import type { Lifetimes } from './lifetimes.ts'
import type { LiveSession } from './records.ts'

/** Until when a session goes on, as pages are told it: ISO 8601, with our clock, so that none has to trust its own. */
export interface ShownTimes {
  readonly idleExpiresAt: string
  readonly absoluteExpiresAt: string
  readonly now: string
}

/** `idleExpiresAt` and `at` are epoch milliseconds. */
export function shownTimes(
  { record, grant }: LiveSession,
  idleExpiresAt: number,
  lifetimes: Pick<Lifetimes, 'endsAt'>,
  at: number,
): ShownTimes {
  return {
    idleExpiresAt: iso(idleExpiresAt),
    absoluteExpiresAt: iso(lifetimes.endsAt(record, grant)),
    now: iso(at),
  }
}

/** A moment in epoch milliseconds, in ISO 8601. */
export function iso(at: number): string {
  return new Date(at).toISOString()
}
