import type { LiveSession } from './records.ts'
import type { Retirement } from './retirement.ts'

/**
 * A session on its way out, as everybody sees it: it ends when its grace does, and it has no refresh token, so that nothing can be
 * made of it but what it holds already.
 */
export function retiringSession({ ticket, record, grant }: LiveSession, { until, successor }: Retirement): LiveSession {
  return Object.freeze({
    ticket,
    record: Object.freeze({ ...record, absoluteExpiresAt: Math.min(record.absoluteExpiresAt, until) }),
    grant: Object.freeze({ ...grant, refreshToken: undefined, refreshTokenExpiresAt: undefined }),
    successor,
  })
}
