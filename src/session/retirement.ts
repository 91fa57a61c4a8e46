import type { StoredRecord } from '../store/port.ts'
import type { Predecessor } from './predecessor.ts'
import type { SessionId } from './records.ts'

/** How long a session goes on after another has taken its place: requests that were sent with the old cookie are on their way. */
export const GRACE_MILLISECONDS = 10_000

/**
 * What stands in place of the reason of an ending where a session goes by and by: until when it lives, and who has taken its place.
 * For as long as it stands the session is neither refreshed nor extended nor listed, and after that moment it has ended as `replaced`.
 */
export interface Retirement {
  /** Epoch milliseconds. */
  readonly until: number
  readonly successor: SessionId
}

const SHAPE = /^replaced:(\d{1,16}):([A-Za-z0-9_-]{43})$/

export function writeRetirement({ until, successor }: Retirement): string {
  return `replaced:${Math.floor(until)}:${successor}`
}

/** Undefined for everything else that may stand there. */
export function parseRetirement(text: string | undefined): Retirement | undefined {
  const [, until, successor] = SHAPE.exec(text ?? '') ?? []
  return until === undefined || successor === undefined ? undefined : { until: Number(until), successor: successor as SessionId }
}

/** What the new session says of the one before it: written with it, before either goes its way, and there for longer than both are. */
export function noteOfBefore(key: string, predecessor: Predecessor | undefined): readonly StoredRecord[] {
  return predecessor ? [{ key, value: predecessor.ticket.id, lifetimeMilliseconds: 2 * GRACE_MILLISECONDS }] : []
}
