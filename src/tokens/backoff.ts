const FIRST_MILLISECONDS = 100
const LONGEST_MILLISECONDS = 1_000
/** Enough for every session that can fail within a few seconds; the oldest leaves first, and is merely tried a little sooner. */
const MOST_REMEMBERED = 100_000

/** How long each session's refresh is left alone after it failed: 100 ms, doubling up to a second, shortened at random so that nobody keeps step. */
export interface Backoff {
  readonly failed: (id: string) => void
  readonly succeeded: (id: string) => void
  /** Milliseconds that are left; 0 where it may be tried. */
  readonly restOf: (id: string) => number
}

export function createBackoff({
  now,
  random = Math.random,
}: {
  readonly now: () => number
  readonly random?: () => number
}): Backoff {
  const resting = new Map<string, { readonly failures: number; readonly until: number }>()

  return {
    failed(id) {
      const failures = (resting.get(id)?.failures ?? 0) + 1
      const longest = Math.min(LONGEST_MILLISECONDS, FIRST_MILLISECONDS * 2 ** Math.min(failures - 1, 10))
      resting.delete(id)
      resting.set(id, { failures, until: now() + longest * (1 - random() / 2) })
      if (resting.size <= MOST_REMEMBERED) return
      const [oldest = id] = resting.keys()
      resting.delete(oldest)
    },
    succeeded: (id) => void resting.delete(id),
    restOf: (id) => Math.max(0, (resting.get(id)?.until ?? 0) - now()),
  }
}
