import { median } from './median.ts'

/** What one turn of load on one contender measured. */
export interface Turn {
  readonly requests: number
  readonly seconds: number
  readonly p50Milliseconds: number
  readonly p99Milliseconds: number
  /** Time on the processor of all its processes, user and system. */
  readonly cpuMicroseconds: number
  /** Resident at the end of the turn, all its processes. */
  readonly residentBytes: number
  /** Commands that its Redis was sent, by name; undefined where it has none. */
  readonly redisCommands: Readonly<Record<string, number>> | undefined
  /** Share of the turn in which the core of the load had nothing to do, 0 to 1: near 0, the load was the limit. */
  readonly loadIdle: number
  /** Share of both cores' time that programs took which have no part in this, 0 to 1. */
  readonly foreign: number
  /** Why this turn does not count, one sentence each; none: it counts. */
  readonly faults: readonly string[]
}

/** A contender's turns, in medians. */
export interface Row {
  readonly name: string
  readonly requestsPerSecond: number
  /** Least and most of the turns, requests a second. */
  readonly spread: readonly [number, number]
  /** Requests a second beside the base's. */
  readonly ratio: number
  /** Requests for the same processor time beside the base's. */
  readonly ratioByCpu: number
  readonly p50Milliseconds: number
  readonly p99Milliseconds: number
  readonly cpuMicrosecondsPerRequest: number
  readonly residentMegabytes: number
  readonly redisPerRequest: number
  /** Commands of all turns together, by name, most frequent first; undefined where it has no Redis. */
  readonly redisCommands: readonly (readonly [name: string, count: number])[] | undefined
  readonly loadIdle: number
  readonly foreign: number
  readonly faults: readonly string[]
}

/**
 * Sums up what was measured, in the order given.
 *
 * @param base The contender that the others are compared with; throws where it was not measured.
 */
export function summarise(turns: ReadonlyMap<string, readonly Turn[]>, base: string): readonly Row[] {
  const compared = turns.get(base) ?? []
  return [...turns].map(([name, each]) => rowOf(name, each, compared))
}

function rowOf(name: string, turns: readonly Turn[], base: readonly Turn[]): Row {
  const of = (measure: (turn: Turn) => number): number => median(turns.map(measure))
  const commands = countCommands(turns)
  const requests = turns.reduce((sum, turn) => sum + turn.requests, 0)
  const perSecond = turns.map(rateOf)
  return {
    name,
    requestsPerSecond: throughput(turns),
    spread: [Math.min(...perSecond), Math.max(...perSecond)],
    ratio: throughput(turns) / throughput(base),
    ratioByCpu: cost(base) / cost(turns),
    p50Milliseconds: of((turn) => turn.p50Milliseconds),
    p99Milliseconds: of((turn) => turn.p99Milliseconds),
    cpuMicrosecondsPerRequest: cost(turns),
    residentMegabytes: of((turn) => turn.residentBytes) / 2 ** 20,
    redisPerRequest: (commands ?? []).reduce((sum, [, count]) => sum + count, 0) / requests,
    redisCommands: commands,
    loadIdle: of((turn) => turn.loadIdle),
    foreign: of((turn) => turn.foreign),
    faults: [...new Set(turns.flatMap((turn) => turn.faults))],
  }
}

function throughput(turns: readonly Turn[]): number {
  return median(turns.map(rateOf))
}

function cost(turns: readonly Turn[]): number {
  return median(turns.map(({ cpuMicroseconds, requests }) => cpuMicroseconds / requests))
}

function rateOf({ requests, seconds }: Turn): number {
  return requests / seconds
}

function countCommands(turns: readonly Turn[]): Row['redisCommands'] {
  if (turns.every((turn) => turn.redisCommands === undefined)) return undefined
  const sums = new Map<string, number>()
  for (const turn of turns) {
    for (const [name, count] of Object.entries(turn.redisCommands ?? {})) sums.set(name, (sums.get(name) ?? 0) + count)
  }
  return [...sums].sort(([, one], [, other]) => other - one)
}
