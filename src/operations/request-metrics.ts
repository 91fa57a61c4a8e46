import { Counter, Histogram, type Registry } from 'prom-client'
import type { ReportRequest, RequestLine } from '../report/request-line.ts'
import { createLabelBound } from './label-bound.ts'
import { secondsOf } from './seconds.ts'

const MOST_ROUTES = 500
const BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The counters of one route and one status, resolved once: finding them is all that a carried request pays. */
interface Tally {
  readonly count: () => void
  readonly time: (seconds: number) => void
  readonly abort: () => void
}

/** Counts finished requests by lane, route and status, and how long they took by lane and route. */
export function createRequestMetrics(registry: Registry): ReportRequest {
  const registers = [registry]
  const carried = createTallies(
    new Counter({
      name: 'coatcheck_carried_requests_total',
      help: 'Carried requests, by route and status.',
      labelNames: ['route', 'status'],
      registers,
    }),
    new Histogram({
      name: 'coatcheck_carried_request_seconds',
      help: 'From the arrival of a carried request to the end of its answer, by route.',
      labelNames: ['route'],
      buckets: BUCKETS_SECONDS,
      registers,
    }),
    new Counter({
      name: 'coatcheck_carried_requests_aborted_total',
      help: 'Carried requests whose client went away before the answer was complete, by route.',
      labelNames: ['route'],
      registers,
    }),
  )
  const counter = createTallies(
    new Counter({
      name: 'coatcheck_counter_requests_total',
      help: 'Requests to our own endpoints, by endpoint and status.',
      labelNames: ['route', 'status'],
      registers,
    }),
    new Histogram({
      name: 'coatcheck_counter_request_seconds',
      help: 'How long requests to our own endpoints took, by endpoint.',
      labelNames: ['route'],
      buckets: BUCKETS_SECONDS,
      registers,
    }),
    new Counter({
      name: 'coatcheck_counter_requests_aborted_total',
      help: 'Requests to our own endpoints whose client went away early, by endpoint.',
      labelNames: ['route'],
      registers,
    }),
  )

  const decided = createTallies(
    new Counter({
      name: 'coatcheck_decided_requests_total',
      help: 'Questions of forward-auth proxies, by route and status.',
      labelNames: ['route', 'status'],
      registers,
    }),
    new Histogram({
      name: 'coatcheck_decided_request_seconds',
      help: 'How long questions of forward-auth proxies took, by route.',
      labelNames: ['route'],
      buckets: BUCKETS_SECONDS,
      registers,
    }),
    new Counter({
      name: 'coatcheck_decided_requests_aborted_total',
      help: 'Questions of forward-auth proxies that went away before their answer, by route.',
      labelNames: ['route'],
      registers,
    }),
  )
  const tallies = { carrying: carried, counter, deciding: decided }

  return function requestFinished(line) {
    const tally = tallies[line.lane](line)
    tally.count()
    tally.time(secondsOf(line.milliseconds))
    if (line.aborted) tally.abort()
  }
}

type RouteCounter = Counter<'route' | 'status'>

function createTallies(counts: RouteCounter, times: Histogram<'route'>, aborts: Counter<'route'>) {
  const boundRoute = createLabelBound(MOST_ROUTES)
  const byRoute = new Map<string, Map<number, Tally>>()

  return function tallyOf({ route, status }: RequestLine): Tally {
    const known = byRoute.get(route)?.get(status)
    if (known !== undefined) return known

    const label = boundRoute(route)
    const tallies = byRoute.get(label) ?? new Map<number, Tally>()
    byRoute.set(label, tallies)
    // What an upstream calls a status may be any three digits.
    const code = status >= 100 && status <= 599 ? status : 0
    const made = tallies.get(code) ?? makeTally(label, code === 0 ? 'other' : String(code))
    tallies.set(code, made)
    return made
  }

  function makeTally(route: string, status: string): Tally {
    const count = counts.labels(route, status)
    const time = times.labels(route)
    const abort = aborts.labels(route)
    return { count: () => count.inc(), time: (seconds) => time.observe(seconds), abort: () => abort.inc() }
  }
}
