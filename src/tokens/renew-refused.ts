import type { AccessToken, LiveSession, SessionId } from '../session/records.ts'
import type { AccessTokens } from './access-token.ts'

/** Enough for sessions whose upstreams and provider disagree; beyond it the oldest may be renewed for nothing once more. */
const MOST_REMEMBERED = 10_000

/**
 * The session with a newer token than the one that an upstream has called invalid (RFC 6750 §3.1), waited for as for an expired one.
 * Undefined where that is of no use: there is no refresh token, or the refused token came of such a renewal itself, here or in
 * another gateway. So an upstream that likes no token at all causes one refresh, and not one per request.
 */
export type RenewRefused = (session: LiveSession, refused: AccessToken) => Promise<LiveSession> | undefined

export function createRenewRefused({ renewed }: Pick<AccessTokens, 'renewed'>): RenewRefused {
  const broughtBy = new Map<SessionId, AccessToken>()

  return function renewRefused(session, refused) {
    const { id } = session.ticket
    if (session.grant.refreshToken === undefined || broughtBy.get(id) === refused || isSecond(session, refused)) return undefined
    return renew(session, refused)
  }

  async function renew(session: LiveSession, refused: AccessToken): Promise<LiveSession> {
    const newest = await renewed(session)
    // The request may have waited for the token that was refused, and know only the session of before.
    const next = newest.grant.accessToken === refused && !isSecond(newest, refused) ? await renewed(newest) : newest
    const { id } = next.ticket
    broughtBy.delete(id)
    broughtBy.set(id, next.grant.accessToken)
    const [oldest] = broughtBy.keys()
    if (broughtBy.size > MOST_REMEMBERED && oldest !== undefined) broughtBy.delete(oldest)
    return next
  }
}

/** Whether the refused token came of another one's refusal, as its grant says: of one that ended soon anyway, only `broughtBy` knows. */
function isSecond({ grant }: LiveSession, refused: AccessToken): boolean {
  return grant.cameOfRefusal === true && grant.accessToken === refused
}
