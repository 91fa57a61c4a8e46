import type { EndReason } from '../errors.ts'
import type { SessionId } from './records.ts'

/**
 * Endings of late, carried out or heard of here. A request that was let in before one of them may open its connection only after it, and
 * a store that comes back from a crash, or whose replica takes over, may have lost it. An id is never given to another session.
 */
export interface RecentEndings {
  readonly remember: (id: SessionId, reason: EndReason) => void
  readonly reasonOf: (id: SessionId) => EndReason | undefined
  /** All of them, in the order in which they were heard of. */
  readonly ids: () => Iterable<SessionId>
  /** Forgets what nobody can be late for any more. */
  readonly prune: () => void
}

const REMEMBERED_MILLISECONDS = 15 * 60_000
const MOST_REMEMBERED = 50_000

export function createRecentEndings(now: () => number): RecentEndings {
  // In the order in which they ended.
  const endings = new Map<SessionId, { readonly reason: EndReason; readonly at: number }>()

  return {
    remember(id, reason) {
      if (endings.has(id)) return
      endings.set(id, { reason, at: now() })
      const [oldest] = endings.keys()
      if (endings.size > MOST_REMEMBERED && oldest !== undefined) endings.delete(oldest)
    },
    ids: () => endings.keys(),
    reasonOf: (id) => endings.get(id)?.reason,
    prune() {
      const before = now() - REMEMBERED_MILLISECONDS
      for (const [id, { at }] of endings) {
        if (at > before) return
        endings.delete(id)
      }
    },
  }
}
