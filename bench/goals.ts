import type { Row } from './summarise.ts'

/** What Coatcheck promises of itself, and whether this run held it. */
export interface Goal {
  readonly says: string
  readonly measured: string
  readonly held: boolean
}

const LEAST_RATIO = 2.5
const MOST_START_MILLISECONDS = 1000

/** Judges the carrying lane: throughput beside what a user would pick, and a store that is left alone. */
export function judgeCarrying(row: Row): readonly Goal[] {
  return [
    {
      says: `carries at least ${LEAST_RATIO} times what the usual stack does`,
      measured: `${row.ratio.toFixed(2)} times`,
      held: row.ratio >= LEAST_RATIO,
    },
    {
      // Seconds and heartbeats may cost a command, requests may not: one in a hundred would already be one that does.
      says: 'asks Redis nothing per carried request',
      measured: `${row.redisPerRequest.toFixed(4)} commands a request`,
      held: row.redisPerRequest < 0.01,
    },
  ]
}

/** Judges a cold start until ready. */
export function judgeColdStart(name: string, milliseconds: number): Goal {
  return {
    says: `is ready within a second (${name})`,
    measured: `${Math.round(milliseconds)} ms`,
    held: milliseconds < MOST_START_MILLISECONDS,
  }
}
