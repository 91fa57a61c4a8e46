import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { createHistogram } from './histogram.ts'
import { type Came, type Connection, keepConnection } from './keep-connection.ts'
import type { Beat } from './metronome.ts'

/** Requests at a fixed rate, whatever becomes of those before. */
export interface Schedule {
  readonly host: string
  readonly port: number
  /** Whole requests as they are sent, in turns. */
  readonly requests: readonly string[]
  readonly perSecond: number
  readonly connections: number
  /** Sent in the same way, and not counted. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

/** What was counted; times in microseconds from the moment at which a request was to be sent, so that waiting to be sent counts. */
export interface OnSchedule {
  readonly requests: number
  readonly refused: number
  readonly broken: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly most: number
  /** How late requests were sent: what the generator itself adds to each of the above, or what waited for a free connection. */
  readonly lateP50: number
  readonly lateP99: number
  /** The most that waited for a free connection at once. */
  readonly mostWaiting: number
}

const HEAD_START_MILLISECONDS = 200
const PATIENCE_MILLISECONDS = 10_000

/** Resolves when every request has its answer; rejects where answers stay away for longer than ten seconds after the last request. */
export async function sendOnSchedule(schedule: Schedule): Promise<OnSchedule> {
  const { requests, perSecond, connections, warmUpSeconds, seconds } = schedule
  const bytes = requests.map((request) => Buffer.from(request, 'latin1'))
  const all = Math.round(perSecond * (warmUpSeconds + seconds))
  const firstCounted = Math.round(perSecond * warmUpSeconds)
  const startAt = performance.timeOrigin + performance.now() + HEAD_START_MILLISECONDS
  const intervalMilliseconds = 1_000 / perSecond
  const [latency, lateness] = [createHistogram(), createHistogram()]
  const came: Record<Came, number> = { good: 0, refused: 0, broken: 0 }
  const finished = Promise.withResolvers<void>()

  // A ring: who answered first is asked first, so that all connections stay in use.
  const idle: Connection[] = []
  const requestOf = new Map<Connection, number>()
  let due = 0
  let sent = 0
  let done = 0
  let mostWaiting = 0

  const sinceDue = (n: number): number =>
    (performance.timeOrigin + performance.now() - startAt - n * intervalMilliseconds) * 1_000

  function sendDue(): void {
    while (sent < due) {
      const connection = idle.shift()
      if (connection === undefined) break
      requestOf.set(connection, sent)
      if (sent >= firstCounted) lateness.record(sinceDue(sent))
      connection.send(bytes[sent % bytes.length] ?? Buffer.alloc(0))
      sent += 1
    }
    mostWaiting = Math.max(mostWaiting, due - sent)
  }

  function answered(what: Came, connection: Connection): void {
    const n = requestOf.get(connection) ?? 0
    if (n >= firstCounted) {
      latency.record(sinceDue(n))
      came[what] += 1
    }
    done += 1
    idle.push(connection)
    if (sent < due) sendDue()
    if (done === all) finished.resolve()
  }

  const kept = Array.from({ length: connections }, () =>
    keepConnection({ host: schedule.host, port: schedule.port, came: answered }),
  )
  idle.push(...kept)
  const beat: Beat = { startAt, intervalMilliseconds, beats: all }
  const metronome = new Worker(new URL('metronome.ts', import.meta.url), { workerData: beat })
  metronome.on('error', finished.reject)
  metronome.on('message', (now: number) => {
    due = now
    sendDue()
  })
  const patience = setTimeout(
    () => finished.reject(new Error(`${all - done} of ${all} requests were not answered.`)),
    HEAD_START_MILLISECONDS + (warmUpSeconds + seconds) * 1_000 + PATIENCE_MILLISECONDS,
  )
  try {
    await finished.promise
  } finally {
    clearTimeout(patience)
    await metronome.terminate()
    for (const connection of kept) connection.close()
  }
  return {
    requests: latency.count(),
    refused: came.refused,
    broken: came.broken,
    p50: latency.quantile(0.5),
    p90: latency.quantile(0.9),
    p99: latency.quantile(0.99),
    most: latency.quantile(1),
    lateP50: lateness.quantile(0.5),
    lateP99: lateness.quantile(0.99),
    mostWaiting,
  }
}
