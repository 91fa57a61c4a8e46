import { GatewayError } from '../errors.ts'
import type { Store } from '../store/port.ts'

const WINDOW_MILLISECONDS = 60_000

/** A count per minute and key, kept in the store, so that all instances count together. */
export interface Limit {
  /** Counts one; throws `too_many_requests` when there were more than the limit allows. An unknown key is never limited. */
  readonly spend: (key: string | undefined) => Promise<Spent>
  /** Takes one back: what came to a good end does not count. */
  readonly refund: (spent: Spent) => Promise<void>
}

/** The counter that was counted up; undefined where there was nobody to count. */
export type Spent = { readonly counter: string } | undefined

export function createLimit({
  store,
  name,
  most,
  now,
  onReached,
}: {
  readonly store: Pick<Store, 'count'>
  /** The counters' common name in the store. */
  readonly name: string
  readonly most: number
  readonly now: () => number
  readonly onReached: () => void
}): Limit {
  return {
    async spend(key) {
      if (key === undefined) return undefined
      // The window is part of the name, so that a refund that comes late touches no later window.
      const counter = `${name}:${Math.floor(now() / WINDOW_MILLISECONDS)}:${key}`
      const spent = await store.count(counter, 1, WINDOW_MILLISECONDS * 2)
      if (spent <= most) return { counter }
      onReached()
      throw new GatewayError('too_many_requests', { retryAfterSeconds: secondsLeft(now()) })
    },
    async refund(spent) {
      if (spent) await store.count(spent.counter, -1, WINDOW_MILLISECONDS * 2)
    },
  }
}

function secondsLeft(at: number): number {
  return Math.ceil((WINDOW_MILLISECONDS - (at % WINDOW_MILLISECONDS)) / 1_000)
}
