import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { SessionId } from './records.ts'
import { parseRetirement } from './retirement.ts'

/**
 * The session that stands where this one did: the last of those that have taken its place, one after the other, or itself. Somebody who
 * steps up in two tabs has two sign-ins under way that remember the same session. Rejects with `store_unavailable`.
 */
export type StandingSession = (id: SessionId) => Promise<SessionId>

export function createStandingSession(store: Pick<Store, 'read'>, keys: Pick<SessionKeys, 'ended'>): StandingSession {
  return async function standingSession(id) {
    let standing = id
    for (;;) {
      const [left] = await store.read([keys.ended(standing)])
      const retirement = parseRetirement(left)
      if (!retirement) return standing
      standing = retirement.successor
    }
  }
}
