import type { EndReason } from '../errors.ts'
import type { SessionId } from '../session/records.ts'

/** Endings of late: a request that was let in before one of them may open its connection only after it. */
export interface RecentEndings {
  readonly remember: (id: SessionId, reason: EndReason) => void
  readonly reasonOf: (id: SessionId) => EndReason | undefined
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
