import type { SessionConfig } from '../config/config.ts'
import type { GrantRecord, SessionRecord } from './records.ts'

/** All of a session's time arithmetic, in epoch milliseconds. */
export interface Lifetimes {
  readonly absoluteDeadline: (createdAt: number) => number
  /** Until when the records are kept: two idle periods from now, never beyond the absolute deadline. */
  readonly keptUntil: (at: number, absoluteExpiresAt: number) => number
  /** Whether less than one idle period of keeping is left, while the session may well live on. */
  readonly mustKeepLonger: (at: number, keptUntil: number, absoluteExpiresAt: number) => boolean
  /**
   * When a session ends at the latest: at its absolute deadline, and no later than its refresh token is known to. Without a refresh
   * token it ends with its access token, unless the configuration lets it stay.
   */
  readonly endsAt: (record: SessionRecord, grant: GrantRecord) => number
  readonly isIdle: (at: number, seenAt: number) => boolean
  readonly idleDeadline: (seenAt: number, endsAt: number) => number
  /** Whether activity was last written long enough ago to be written again: every minute, or quarter of the idle time. */
  readonly mustRecordActivity: (at: number, seenAt: number) => boolean
}

const MINUTE_MILLISECONDS = 60_000

export function createLifetimes({
  idleTimeoutMilliseconds: idle,
  absoluteTimeoutMilliseconds: absolute,
  withoutRefreshToken,
}: SessionConfig): Lifetimes {
  const recordEvery = Math.min(MINUTE_MILLISECONDS, idle / 4)
  return {
    absoluteDeadline: (createdAt) => createdAt + absolute,
    keptUntil: (at, absoluteExpiresAt) => Math.min(at + 2 * idle, absoluteExpiresAt),
    mustKeepLonger: (at, keptUntil, absoluteExpiresAt) => keptUntil - at < idle && keptUntil < absoluteExpiresAt,
    endsAt({ absoluteExpiresAt }, { refreshToken, refreshTokenExpiresAt = Infinity, accessTokenExpiresAt = Infinity }) {
      if (refreshToken !== undefined) return Math.min(absoluteExpiresAt, refreshTokenExpiresAt)
      return withoutRefreshToken === 'end' ? Math.min(absoluteExpiresAt, accessTokenExpiresAt) : absoluteExpiresAt
    },
    isIdle: (at, seenAt) => at - seenAt >= idle,
    idleDeadline: (seenAt, endsAt) => Math.min(seenAt + idle, endsAt),
    mustRecordActivity: (at, seenAt) => at - seenAt >= recordEvery,
  }
}
