import type { Lifetimes } from '../session/lifetimes.ts'
import type { LiveSession } from '../session/records.ts'
import type { LiveConnection, LiveEnding } from './live-connection.ts'

/** Of the idle time. Whoever opens a connection was noted within the quarter before, and nothing is asked for sooner. */
const FIRST_LOOK = 0.75

/** When a session that was just seen has to be asked about first. */
export function firstLook(
  { record, grant }: LiveSession,
  lifetimes: Pick<Lifetimes, 'idleTimeout' | 'endsAt'>,
  at: number,
): number {
  return Math.min(at + lifetimes.idleTimeout(grant) * FIRST_LOOK, lifetimes.endsAt(record, grant))
}

/** The end that needs nobody's word; undefined while it is ahead. */
export function absoluteEnding({ record, successor }: LiveSession, at: number): LiveEnding | undefined {
  if (at < record.absoluteExpiresAt) return undefined
  return { kind: 'session_ended', reason: successor === undefined ? 'expired' : 'replaced' }
}

/** The connections whose pages are told news of a session: none of one on its way out, since the page's own goes on. */
export function pagesOf({ successor }: LiveSession, connections: ReadonlySet<LiveConnection>): Iterable<LiveConnection> {
  return successor === undefined ? connections : []
}
