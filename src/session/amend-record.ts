import { GatewayError } from '../errors.ts'
import type { Store } from '../store/port.ts'

/** Whoever loses more often than this to others at the same instant gives up. */
const MOST_TRIES = 50

/**
 * Changes a record that many may change at the same instant, or writes it where there is none: `change` is given what stands, and answers
 * what is to stand (`<version>:<content>`), or undefined to leave it. What stands in the end has the whole lifetime before it.
 *
 * Rejects with `store_unavailable`, also where others were faster again and again.
 */
export async function amendRecord(
  store: Pick<Store, 'read' | 'write' | 'swap' | 'keep'>,
  { key, lifetimeMilliseconds }: { readonly key: string; readonly lifetimeMilliseconds: number },
  change: (held: string | undefined) => string | undefined,
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const [held] = await store.read([key])
    const next = change(held)
    const isDone =
      next === undefined ||
      (held === undefined
        ? await store.write(key, next, lifetimeMilliseconds, 'absent')
        : (await store.swap(key, versionOf(held), next)) === 'written')
    if (isDone) return store.keep([key], lifetimeMilliseconds)
  }
  throw new GatewayError('store_unavailable', { note: 'too many changes to one record at the same instant' })
}

/** The version that a record begins with. */
export function versionOf(held: string): number {
  return Number(held.slice(0, held.indexOf(':')))
}
