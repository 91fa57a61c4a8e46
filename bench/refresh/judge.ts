import type { Outage } from '../../test/support/outage.ts'
import type { Storm } from '../../test/support/refresh-storm.ts'
import type { Goal } from '../goals.ts'
import { toMilliseconds, whole } from '../results.ts'

const MOST_FIRST_GOOD_MILLISECONDS = 2_000
const MOST_RATIO = 1.5
const MOST_MORE_MICROSECONDS = 2_000

/** Nobody is signed out by a storm. */
export function judgeStorm({ lost, signedOut, reuses, refreshes }: Storm): readonly Goal[] {
  const of = `in ${whole.format(refreshes)} refreshes`
  return [
    { says: 'loses no session in a storm of refreshes', measured: `${lost + signedOut} ${of}`, held: lost + signedOut === 0 },
    { says: 'sends no refresh token twice', measured: `${reuses} ${of}`, held: reuses === 0 },
  ]
}

/** Whether a refresh that runs beside holds nobody up; p99 in microseconds. */
export function judgeLeeway(without: number, during: number): Goal {
  return {
    says: `carries during refreshes with a p99 of at most ${MOST_RATIO} times, or 2 ms more than, that without`,
    measured: `${(during / without).toFixed(2)} times, ${toMilliseconds(during - without)} more`,
    held: during <= without * MOST_RATIO || during <= without + MOST_MORE_MICROSECONDS,
  }
}

/** What a user may expect of a store that comes back. */
export function judgeOutage(
  name: string,
  { withinGrace, afterGrace, cookiesSet, firstGoodMilliseconds, lost }: Outage,
): readonly Goal[] {
  const isAllGood = Object.keys(withinGrace).every((status) => status === '200')
  const isWeather = Object.keys(afterGrace).every((status) => status === '200' || status === '503')
  return [
    {
      says: `signs nobody out and touches no cookie (${name})`,
      measured: `${lost} lost, ${cookiesSet} cookies`,
      held: lost === 0 && cookiesSet === 0,
    },
    {
      says: `answers 200 within the grace, and nothing but 200 and 503 after it (${name})`,
      measured: `${byStatus(withinGrace)}; ${byStatus(afterGrace)}`,
      held: isAllGood && isWeather,
    },
    {
      says: `goes on within two seconds (${name})`,
      measured: `${firstGoodMilliseconds} ms`,
      held: firstGoodMilliseconds <= MOST_FIRST_GOOD_MILLISECONDS,
    },
  ]
}

/** How many calls were answered with which status. */
export function byStatus(counts: Readonly<Record<number, number>>): string {
  const each = Object.entries(counts).map(([status, count]) => `${count} × ${status}`)
  return each.length === 0 ? 'none' : each.join(', ')
}
