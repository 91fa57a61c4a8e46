import type { SessionId } from '../session/records.ts'
import type { Store } from '../store/port.ts'

/** How often is looked all the same, should a notice get lost: the lease of a process that died is not always told of. */
const LOOK_EVERY_MILLISECONDS = 500
const LOOK_WITHOUT_NEWS_MILLISECONDS = 100

/**
 * Resolves when it may be worth asking for a session's lease again, or for its tokens: when the store tells of a change to either, and
 * after half a second all the same. Rejects with `store_unavailable`.
 */
export type AwaitTurn = (id: SessionId) => Promise<void>

interface Steps {
  readonly store: Pick<Store, 'read' | 'watch' | 'link'>
  readonly leaseKey: (id: SessionId) => string
  readonly grantKey: (id: SessionId) => string
}

export function createAwaitTurn({ store, leaseKey, grantKey }: Steps): AwaitTurn {
  const waiting = new Map<string, Set<() => void>>()
  store.watch((key) => {
    const woken = key === undefined ? [...waiting.values()] : [waiting.get(key) ?? []]
    for (const each of woken) for (const wake of each) wake()
  })

  return async function awaitTurn(id) {
    const keys = [leaseKey(id), grantKey(id)]
    const { promise, resolve } = Promise.withResolvers<void>()
    for (const key of keys) waiting.set(key, (waiting.get(key) ?? new Set()).add(resolve))
    const timer = setTimeout(resolve, store.link.tells ? LOOK_EVERY_MILLISECONDS : LOOK_WITHOUT_NEWS_MILLISECONDS)
    try {
      // Read, so that its changes are told; and after the bell is hung, so that none falls between the two.
      const [lease] = await store.read(keys)
      if (lease !== undefined) await promise
    } finally {
      clearTimeout(timer)
      for (const key of keys) unhang(key, resolve)
    }
  }

  function unhang(key: string, wake: () => void): void {
    const bells = waiting.get(key)
    bells?.delete(wake)
    if (bells?.size === 0) waiting.delete(key)
  }
}
