import type { SessionConfig } from '../config/config.ts'

/** All of a session's time arithmetic, in epoch milliseconds. */
export interface Lifetimes {
  readonly absoluteDeadline: (createdAt: number) => number
  /** Until when the records are kept: two idle periods from now, never beyond the absolute deadline. */
  readonly keptUntil: (at: number, absoluteExpiresAt: number) => number
  /** Whether less than one idle period of keeping is left, while the session may well live on. */
  readonly mustKeepLonger: (at: number, keptUntil: number, absoluteExpiresAt: number) => boolean
  readonly isOver: (at: number, absoluteExpiresAt: number) => boolean
  readonly isIdle: (at: number, seenAt: number) => boolean
  readonly idleDeadline: (seenAt: number, absoluteExpiresAt: number) => number
  /** Whether activity was last written long enough ago to be written again: every minute, or quarter of the idle time. */
  readonly mustRecordActivity: (at: number, seenAt: number) => boolean
}

const MINUTE_MILLISECONDS = 60_000

export function createLifetimes({
  idleTimeoutMilliseconds: idle,
  absoluteTimeoutMilliseconds: absolute,
}: SessionConfig): Lifetimes {
  const recordEvery = Math.min(MINUTE_MILLISECONDS, idle / 4)
  return {
    absoluteDeadline: (createdAt) => createdAt + absolute,
    keptUntil: (at, absoluteExpiresAt) => Math.min(at + 2 * idle, absoluteExpiresAt),
    mustKeepLonger: (at, keptUntil, absoluteExpiresAt) => keptUntil - at < idle && keptUntil < absoluteExpiresAt,
    isOver: (at, absoluteExpiresAt) => at >= absoluteExpiresAt,
    isIdle: (at, seenAt) => at - seenAt >= idle,
    idleDeadline: (seenAt, absoluteExpiresAt) => Math.min(seenAt + idle, absoluteExpiresAt),
    mustRecordActivity: (at, seenAt) => at - seenAt >= recordEvery,
  }
}
