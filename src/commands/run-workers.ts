import { setTimeout as wait } from 'node:timers/promises'
import type { Report } from '../report/events.ts'
import { beginWorker, type RunningWorker } from './begin-worker.ts'
import { createRelay } from './relay-questions.ts'

const LEAST_DELAY_MILLISECONDS = 100
const MOST_DELAY_MILLISECONDS = 10_000
/** One that lived for longer was well; its end says nothing about the next one. */
const LONG_LIFE_MILLISECONDS = 30_000

interface Steps {
  /** How many are to serve. */
  readonly count: number
  readonly report: Report
  /** Resolves when all of it is to end. */
  readonly stopped: Promise<void>
}

/**
 * The primary of several processes that share one listener: it begins workers, replaces those that end, and drains all of them. It answers
 * no request and opens no session; connections go from it to the workers in turns.
 *
 * The first worker begins alone: what keeps it from listening is said once, and nothing else begins. Answers the exit code: 0 where
 * every worker drained, 1 where one did not, or where it could not start.
 */
export async function runWorkers({ count, report, stopped }: Steps): Promise<number> {
  const relay = createRelay()
  const running = new Set<RunningWorker>()
  let isEnding = false
  let exitCode = 0

  function begin(): RunningWorker {
    const worker = beginWorker(relay)
    running.add(worker)
    void tellWhenServing(worker)
    return worker
  }

  async function tellWhenServing({ id, serving }: RunningWorker): Promise<void> {
    if (await serving) report('worker_began', { worker: id })
  }

  /** Keeps one place filled: whoever ends before it was told to is replaced, later and later where that keeps happening. */
  async function keepFilled(begun: RunningWorker): Promise<void> {
    let worker = begun
    let delay = LEAST_DELAY_MILLISECONDS
    for (;;) {
      const since = performance.now()
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const end = await worker.gone
      running.delete(worker)
      if (isEnding && end !== 0) exitCode = 1
      if (isEnding) return

      report('worker_ended', { worker: worker.id, note: typeof end === 'string' ? end : `exit code ${end}` })
      if (performance.now() - since > LONG_LIFE_MILLISECONDS) delay = LEAST_DELAY_MILLISECONDS
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await Promise.race([wait(delay), stopped])
      if (isEnding) return
      delay = Math.min(delay * 2, MOST_DELAY_MILLISECONDS)
      worker = begin()
    }
  }

  function endAll(): void {
    isEnding = true
    for (const worker of running) worker.drain()
  }

  void stopped.then(endAll)
  const first = begin()
  if (!(await first.serving) && !isEnding) return 1
  const places = [keepFilled(first)]
  if (!isEnding) for (let more = 1; more < count; more += 1) places.push(keepFilled(begin()))
  await Promise.all(places)
  return exitCode
}
