import type { Sessions } from './sessions.ts'
import { createEndListed, type EndListed } from './end-listed.ts'
import { createEndWithoutCookie, type EndWithoutCookie } from './end-without-cookie.ts'
import type { LiveSession } from './records.ts'

/** The ways to end sessions for those who do not hold their cookies: other sessions of a person, the provider, an administrator. */
export interface WithoutCookie {
  readonly endWithoutCookie: EndWithoutCookie
  readonly endListed: EndListed
}

/** Makes them; `revokeTokens` is for tokens that this process holds open. */
export function createWithoutCookie(sessions: Sessions, revokeTokens: (session: LiveSession) => void): WithoutCookie {
  const endWithoutCookie = createEndWithoutCookie({ endSession: sessions.end, held: sessions.held, revokeTokens })
  return { endWithoutCookie, endListed: createEndListed({ ...sessions, endWithoutCookie }) }
}
