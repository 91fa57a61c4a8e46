import type { RecordCache } from '../store/record-cache.ts'
import type { Store } from '../store/port.ts'
import type { EndingReason } from './ending-reason.ts'
import type { EndSession } from './end-session.ts'
import type { SessionKeys } from './keys.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { OpenedSession } from './open-session.ts'
import type { Ticket, Verdict } from './records.ts'
import { NEVER_SEEN, parseSeen } from './seen.ts'

interface Steps {
  readonly cache: RecordCache<OpenedSession, Ticket>
  readonly endingReason: EndingReason
  readonly endSession: EndSession
  readonly store: Pick<Store, 'read'>
  readonly keys: SessionKeys
  readonly lifetimes: Lifetimes
  readonly now: () => number
}

/**
 * The one judge of sessions, for both lanes: live, or ended and why. No promise where the cache knows.
 * Rejects with `store_unavailable` or `record_unreadable` where it cannot be known: that is never "signed out".
 */
export type FindSession = (ticket: Ticket) => Verdict | Promise<Verdict>

export function createFindSession({ cache, endingReason, endSession, store, keys, lifetimes, now }: Steps): FindSession {
  return function findSession(ticket) {
    const opened = cache.peek(ticket.id)
    return opened && isLive(opened) ? opened.verdict : judge(ticket)
  }

  function isLive({ endsAt, idleMilliseconds, seen }: OpenedSession): boolean {
    const at = now()
    return at < endsAt && !lifetimes.isIdle(at, seen.seenAt, idleMilliseconds)
  }

  async function judge(ticket: Ticket): Promise<Verdict> {
    const known = await cache.read(ticket.id, ticket)
    // What a grant says of the end may have been renewed elsewhere an instant ago: it counts on the store's word only.
    if (known && known.endsAt <= now()) cache.forget(ticket.id)
    const opened = await cache.read(ticket.id, ticket)
    if (!opened) return { kind: 'ended', reason: await endingReason(ticket.id) }
    if (isLive(opened)) return opened.verdict

    const { session } = opened
    if (opened.endsAt <= now()) {
      // Its records go by themselves, and the note that stands in their place says why.
      return session.successor === undefined ? endSession(session, 'expired') : { kind: 'ended', reason: 'replaced' }
    }
    // Another instance may have seen this person since: idle is declared only on the store's word.
    const [seen] = await store.read([keys.seen(ticket.id)])
    opened.seen = parseSeen(seen) ?? NEVER_SEEN
    return isLive(opened) ? opened.verdict : endSession(session, 'idle')
  }
}
