import type { EndReason } from '../errors.ts'
import type { EndableSession, EndSession } from './end-session.ts'
import type { LiveSession, SessionId } from './records.ts'

/**
 * Ends a session by somebody who does not hold its cookie. Tokens that this process holds open are revoked at the provider; all others
 * are deleted unopened, and lapse there.
 */
export type EndWithoutCookie = (session: EndableSession, reason: EndReason) => Promise<void>

export function createEndWithoutCookie({
  endSession,
  held,
  revokeTokens,
}: {
  readonly endSession: EndSession
  /** A session that is open in this process. */
  readonly held: (id: SessionId) => LiveSession | undefined
  readonly revokeTokens: (session: LiveSession) => void
}): EndWithoutCookie {
  return async function endWithoutCookie(session, reason) {
    const open = held(session.ticket.id)
    await endSession(session, reason)
    if (open) revokeTokens(open)
  }
}
