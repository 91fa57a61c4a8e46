import type { StoreState } from './store-state.ts'
import { unavailable } from './unavailable.ts'

/** What is held under a key: a text, or a set of members by deadline. Times are epoch milliseconds. */
export type Holding =
  | { readonly kind: 'text'; readonly value: string; readonly expiresAt: number }
  | { readonly kind: 'members'; readonly members: ReadonlyMap<string, number>; readonly expiresAt: number }

/** Holdings with a lifetime, bounded: when full it refuses new keys and evicts nothing. */
export interface MemoryTable {
  /** What a key holds, unless its time has passed. */
  readonly find: (key: string) => Holding | undefined
  /** Throws `store_unavailable`, having changed nothing, unless all of the keys that are new have room. */
  readonly requireRoom: (keys: readonly string[]) => void
  readonly put: (key: string, holding: Holding) => void
  /** Removes a key; says whether it was there. */
  readonly drop: (key: string) => boolean
  /** Looks at no more than `most` keys, going on where the last call ended, and removes those whose time has passed. */
  readonly sweep: (most: number) => void
}

const SWEPT_FOR_ROOM = 1_000

export function createMemoryTable({
  mostRecords,
  now,
  onChange,
  state,
}: {
  readonly mostRecords: number
  readonly now: () => number
  readonly onChange: (key: string) => void
  readonly state: Pick<StoreState, 'refused' | 'answered'>
}): MemoryTable {
  const holdings = new Map<string, Holding>()
  let sweeping = holdings.entries()

  function find(key: string): Holding | undefined {
    const holding = holdings.get(key)
    if (!holding || holding.expiresAt > now()) return holding
    drop(key)
    return undefined
  }

  function drop(key: string): boolean {
    const held = holdings.delete(key)
    if (held) onChange(key)
    return held
  }

  function sweep(most: number): void {
    const at = now()
    for (let looked = 0; looked < most; looked++) {
      const next = sweeping.next()
      if (next.done) {
        sweeping = holdings.entries()
        return
      }
      const [key, holding] = next.value
      if (holding.expiresAt <= at) drop(key)
    }
  }

  return {
    find,
    drop,
    sweep,
    requireRoom(keys) {
      const fresh = new Set(keys.filter((key) => !find(key))).size
      if (fresh === 0) return
      if (holdings.size + fresh > mostRecords) sweep(SWEPT_FOR_ROOM)
      if (holdings.size + fresh <= mostRecords) return state.answered('write', true)
      state.refused('write', 'FULL')
      throw unavailable('the memory store is full')
    },
    put(key, holding) {
      holdings.set(key, holding)
      onChange(key)
    },
  }
}
