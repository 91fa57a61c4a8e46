/** Counts of times, in buckets whose width is at most 1/64 of what they hold; recording allocates nothing. */
export interface Histogram {
  /** Counts a time in microseconds; what is less than 0 counts as 0. */
  readonly record: (microseconds: number) => void
  readonly count: () => number
  /** The least time that this share (0 to 1) of all counted ones does not exceed, in microseconds; throws where none was counted. */
  readonly quantile: (share: number) => number
}

const STEPS = 64
const STEP_BITS = 6
/** A quarter of an hour; what takes longer counts as that. */
const MOST_MICROSECONDS = 2 ** 30 - 1
const BUCKETS = bucketOf(MOST_MICROSECONDS) + 1

export function createHistogram(): Histogram {
  const counts = new Uint32Array(BUCKETS)
  let total = 0
  return {
    record(microseconds) {
      const bucket = bucketOf(Math.min(MOST_MICROSECONDS, Math.max(0, Math.round(microseconds))))
      counts[bucket] = (counts[bucket] ?? 0) + 1
      total += 1
    },
    count: () => total,
    quantile(share) {
      if (total === 0) throw new Error('Nothing was counted.')
      let left = Math.max(1, Math.ceil(share * total))
      const found = counts.findIndex((count) => (left -= count) <= 0)
      return upperEndOf(found)
    },
  }
}

/** Each microsecond has a bucket of its own up to 2 * STEPS; from there on each power of two has STEPS buckets. */
function bucketOf(microseconds: number): number {
  if (microseconds < 2 * STEPS) return microseconds
  const power = 31 - Math.clz32(microseconds) - STEP_BITS
  return (power + 1) * STEPS + ((microseconds >> power) - STEPS)
}

function upperEndOf(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket
  const power = Math.floor(bucket / STEPS) - 1
  return ((bucket % STEPS) + STEPS + 1) * 2 ** power - 1
}
