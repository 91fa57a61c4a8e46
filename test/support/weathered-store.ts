import { GatewayError } from '../../src/errors.ts'
import { createListeners } from '../../src/store/listeners.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/port.ts'

type Operation = 'read' | 'swap' | 'lease' | 'release' | 'removeLeaving'

/** A memory store whose way is lost and found, and whose operations fail, as a test says. */
export interface WeatheredStore {
  readonly store: Store
  /** What may be said of the way to the store. */
  readonly link: { live: boolean; certainAt: number; foundAgainAt: number; tells: boolean }
  /** The operations that were asked for, oldest first. */
  readonly asked: readonly Operation[]
  /** From now on the operation fails so many times; `done`: it has happened all the same, and only its answer is lost. */
  readonly fail: (operation: Operation, times: number, done?: 'done') => void
  /** The store is there again: any record may have changed meanwhile. */
  readonly findAgain: () => void
}

export function createWeatheredStore(now: () => number): WeatheredStore {
  const memory = createMemoryStore({ mostRecords: 1_000, now })
  const { add, tell } = createListeners()
  const link = { live: true, certainAt: now(), foundAgainAt: Number.NEGATIVE_INFINITY, tells: true }
  const failing = new Map<Operation, { times: number; done: boolean }>()
  const asked: Operation[] = []

  async function weathered<Answer>(operation: Operation, run: () => Promise<Answer>): Promise<Answer> {
    asked.push(operation)
    const failure = failing.get(operation)
    if (failure === undefined || failure.times === 0) return run()
    failure.times -= 1
    if (failure.done) await run()
    throw new GatewayError('store_unavailable', { note: `${operation}: away` })
  }

  return {
    link,
    asked,
    fail: (operation, times, done) => void failing.set(operation, { times, done: done === 'done' }),
    findAgain() {
      link.live = true
      tell(undefined)
      link.foundAgainAt = now()
    },
    store: {
      ...memory,
      link,
      watch(listener) {
        memory.watch(listener)
        add(listener)
      },
      read: (...given) => weathered('read', () => memory.read(...given)),
      swap: (...given) => weathered('swap', () => memory.swap(...given)),
      lease: (...given) => weathered('lease', () => memory.lease(...given)),
      release: (...given) => weathered('release', () => memory.release(...given)),
      removeLeaving: (...given) => weathered('removeLeaving', () => memory.removeLeaving(...given)),
    },
  }
}
