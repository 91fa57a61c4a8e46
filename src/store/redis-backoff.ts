const FIRST_MILLISECONDS = 50
const LONGEST_MILLISECONDS = 500
const JITTER_MILLISECONDS = 100

/**
 * How long to wait before each next attempt, in milliseconds: nothing at first, then doubling up to half a second, plus
 * jitter, so that many gateways do not come back in step.
 */
export function createBackoff(): { readonly next: () => number; readonly reset: () => void } {
  let failures = 0
  return {
    next() {
      failures += 1
      if (failures === 1) return 0
      return Math.min(FIRST_MILLISECONDS * 2 ** (failures - 2), LONGEST_MILLISECONDS) + Math.random() * JITTER_MILLISECONDS
    },
    reset() {
      failures = 0
    },
  }
}
