import type { SessionConfig } from '../config/config.ts'
import { ruledLifetimes } from './lifetime-rules.ts'
import type { GrantRecord, LiveSession, SessionRecord } from './records.ts'

/** All of a session's time arithmetic, in epoch milliseconds; `idle` is the session's own idle timeout, in milliseconds. */
export interface Lifetimes {
  /** The session's own idle timeout: what the rules made of its claims, and never more than is configured now. */
  readonly idleTimeout: (grant: Pick<GrantRecord, 'idleTimeoutMilliseconds'>) => number
  /** When a session that begins now ends at the latest; `claims` are all that the provider issued. */
  readonly absoluteDeadline: (createdAt: number, claims: Readonly<Record<string, unknown>>) => number
  /** Until when the records are kept: two idle periods from now, never beyond the absolute deadline. */
  readonly keptUntil: (at: number, absoluteExpiresAt: number, idle: number) => number
  /** Whether less than one idle period of keeping is left, while the session may well live on. */
  readonly mustKeepLonger: (at: number, keptUntil: number, absoluteExpiresAt: number, idle: number) => boolean
  /**
   * When a session ends at the latest: at its absolute deadline, and no later than its refresh token is known to. Without a refresh
   * token it ends with its access token, unless the configuration lets it stay.
   */
  readonly endsAt: (record: SessionRecord, grant: GrantRecord) => number
  readonly isIdle: (at: number, seenAt: number, idle: number) => boolean
  readonly idleDeadline: (seenAt: number, session: Pick<LiveSession, 'record' | 'grant'>) => number
  /** Whether activity was last written long enough ago to be written again: every minute, or quarter of the idle time. */
  readonly mustRecordActivity: (at: number, seenAt: number, idle: number) => boolean
}

const MINUTE_MILLISECONDS = 60_000

export function createLifetimes({
  idleTimeoutMilliseconds,
  absoluteTimeoutMilliseconds,
  rules,
  withoutRefreshToken,
}: SessionConfig): Lifetimes {
  const idleTimeout: Lifetimes['idleTimeout'] = ({ idleTimeoutMilliseconds: own = Infinity }) =>
    Math.min(own, idleTimeoutMilliseconds)

  const endsAt: Lifetimes['endsAt'] = (
    { absoluteExpiresAt },
    { refreshToken, refreshTokenExpiresAt = Infinity, accessTokenExpiresAt = Infinity },
  ) => {
    if (refreshToken !== undefined) return Math.min(absoluteExpiresAt, refreshTokenExpiresAt)
    return withoutRefreshToken === 'end' ? Math.min(absoluteExpiresAt, accessTokenExpiresAt) : absoluteExpiresAt
  }

  return {
    idleTimeout,
    absoluteDeadline(createdAt, claims) {
      const { absoluteTimeoutMilliseconds: own = Infinity } = ruledLifetimes(rules, claims)
      return createdAt + Math.min(own, absoluteTimeoutMilliseconds)
    },
    keptUntil: (at, absoluteExpiresAt, idle) => Math.min(at + 2 * idle, absoluteExpiresAt),
    mustKeepLonger: (at, keptUntil, absoluteExpiresAt, idle) => keptUntil - at < idle && keptUntil < absoluteExpiresAt,
    endsAt,
    isIdle: (at, seenAt, idle) => at - seenAt >= idle,
    idleDeadline: (seenAt, { record, grant }) => Math.min(seenAt + idleTimeout(grant), endsAt(record, grant)),
    mustRecordActivity: (at, seenAt, idle) => at - seenAt >= Math.min(MINUTE_MILLISECONDS, idle / 4),
  }
}
