import { setTimeout as pause } from 'node:timers/promises'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { SessionId } from './records.ts'

const TRY_EVERY_MILLISECONDS = 1_000

/** A session that began and did not come to stand: nobody has its cookie. */
interface Discarded {
  readonly id: SessionId
  /** The lists that it is on. */
  readonly lists: readonly string[]
  /** Epoch milliseconds; by then it has lapsed by itself. */
  readonly keptUntil: number
}

/**
 * Removes everything of it, at once, or where the store does not take that, as soon as it does: it opens nothing, but it would be shown
 * among the person's sessions, and count as one of them. Never rejects.
 */
export type DiscardSession = (discarded: Discarded) => Promise<void>

interface Steps {
  readonly store: Pick<Store, 'remove' | 'removeMember'>
  readonly keys: SessionKeys
  readonly inBackground: (work: Promise<void>) => void
  readonly now: () => number
}

export function createDiscardSession({ store, keys, inBackground, now }: Steps): DiscardSession {
  return async function discardSession(discarded) {
    if (!(await isRemoved(discarded))) inBackground(removedLater(discarded))
  }

  async function removedLater(discarded: Discarded): Promise<void> {
    do await pause(TRY_EVERY_MILLISECONDS)
    while (now() < discarded.keptUntil && !(await isRemoved(discarded)))
  }

  async function isRemoved({ id, lists }: Discarded): Promise<boolean> {
    try {
      await store.remove([keys.session(id), keys.grant(id), keys.seen(id), keys.about(id), keys.before(id)])
      await Promise.all(lists.map((list) => store.removeMember(list, id)))
      return true
    } catch {
      // A store that fails is counted where it fails.
      return false
    }
  }
}
