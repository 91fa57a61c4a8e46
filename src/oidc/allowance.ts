interface Limits {
  /** How many may be taken at once. */
  readonly burst: number
  /** How long it takes until one more may be taken. */
  readonly refillMilliseconds: number
  readonly now: () => number
}

/** A bound on how often something is done: `take()` says whether it may be done once more, now. */
export function createAllowance({ burst, refillMilliseconds, now }: Limits): { take: () => boolean } {
  let left = burst
  let countedAt = now()

  return {
    take() {
      const elapsed = Math.max(0, now() - countedAt)
      left = Math.min(burst, left + elapsed / refillMilliseconds)
      countedAt = now()
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
