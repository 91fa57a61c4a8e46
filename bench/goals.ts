import { NAMES } from './contenders.ts'
import type { Row } from './summarise.ts'

/** What Coatcheck promises of itself, and whether this run held it. */
export interface Goal {
  readonly says: string
  readonly measured: string
  readonly held: boolean
}

/** Below this share of idle time the core of the load was the limit, and throughput says nothing of the contender. */
export const LEAST_IDLE = 0.1
const LEAST_RATIO = 3
const LEAST_SHARE_OF_NGINX = 0.35
const LEAST_SHARE_WHERE_NGINX_CARRIES = 0.65
const MOST_START_MILLISECONDS = 1000

/** Judges the carrying lane: beside what a user would pick, beside what the machine can do, and a store that is left alone. */
export function judgeCarrying(rows: readonly Row[]): readonly Goal[] {
  const ours = find(rows, NAMES.coatcheck)
  const { redisPerRequest } = ours
  return [
    ...[NAMES.express, NAMES.openid].map((name) => judgeRatio(ours, find(rows, name))),
    judgeShareOfNginx(ours, find(rows, NAMES.nginx), LEAST_SHARE_OF_NGINX),
    {
      // Seconds and heartbeats may cost a command, requests may not: one in a hundred would already be one that does.
      says: 'asks Redis nothing per carried request',
      measured: `${redisPerRequest.toFixed(4)} commands a request`,
      held: redisPerRequest < 0.01,
    },
  ]
}

/** Judges the same behind nginx: what is left of bare nginx where nginx carries and Coatcheck decides. */
export function judgeBehindNginx(rows: readonly Row[]): readonly Goal[] {
  return [judgeShareOfNginx(find(rows, NAMES.carrying), find(rows, NAMES.nginx), LEAST_SHARE_WHERE_NGINX_CARRIES)]
}

/** What is compared: by rate, and by cost where the load was the limit. */
interface Compared {
  readonly rate: number
  /** Processor time for one. */
  readonly cpu: number
  readonly loadIdle: number
}

/** How many times as fast one is as the other; by processor time where the load was the limit of either. */
export function compare(ours: Compared, theirs: Compared): { readonly ratio: number; readonly how: string } {
  const isByCpu = ours.loadIdle < LEAST_IDLE || theirs.loadIdle < LEAST_IDLE
  return isByCpu ? { ratio: theirs.cpu / ours.cpu, how: ', by CPU' } : { ratio: ours.rate / theirs.rate, how: '' }
}

/** The same for rows of the carrying lane. */
export function compareRows(ours: Row, theirs: Row): { readonly ratio: number; readonly how: string } {
  return compare(comparedOf(ours), comparedOf(theirs))
}

function comparedOf({ requestsPerSecond, cpuMicrosecondsPerRequest, loadIdle }: Row): Compared {
  return { rate: requestsPerSecond, cpu: cpuMicrosecondsPerRequest, loadIdle }
}

function judgeRatio(ours: Row, theirs: Row): Goal {
  const { ratio, how } = compareRows(ours, theirs)
  return {
    says: `carries at least ${LEAST_RATIO} times what ${theirs.name} does`,
    measured: `${ratio.toFixed(2)} times${how}`,
    held: ratio >= LEAST_RATIO,
  }
}

function judgeShareOfNginx(ours: Row, nginx: Row, least: number): Goal {
  const share = nginx.cpuMicrosecondsPerRequest / ours.cpuMicrosecondsPerRequest
  return {
    says: `carries at least ${least} of what bare nginx does, by CPU per request (${ours.name})`,
    measured: share.toFixed(3),
    held: share >= least,
  }
}

/** Judges a cold start until ready. */
export function judgeColdStart(name: string, milliseconds: number): Goal {
  return {
    says: `is ready within a second (${name})`,
    measured: `${Math.round(milliseconds)} ms`,
    held: milliseconds < MOST_START_MILLISECONDS,
  }
}

function find(rows: readonly Row[], name: string): Row {
  const found = rows.find((row) => row.name === name)
  if (found === undefined) throw new Error(`${name} was not measured.`)
  return found
}
