import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'

// Says on time that it is time. A thread of its own may sleep until a fraction of a millisecond; timers know whole ones only, and
// waiting in a loop would take the core from what is measured beside.

/** Times are epoch milliseconds with fractions, which mean the same in every thread. */
export interface Beat {
  readonly startAt: number
  readonly intervalMilliseconds: number
  readonly beats: number
}

const { startAt, intervalMilliseconds, beats }: Beat = workerData
const never = new Int32Array(new SharedArrayBuffer(4))

for (let beat = 0; beat < beats;) {
  const wait = startAt + beat * intervalMilliseconds - nowMilliseconds()
  if (wait > 0) Atomics.wait(never, 0, 0, wait)
  // Whoever woke late owes several at once.
  beat = Math.min(beats, Math.floor((nowMilliseconds() - startAt) / intervalMilliseconds) + 1)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin.
  parentPort?.postMessage(beat)
}

function nowMilliseconds(): number {
  return performance.timeOrigin + performance.now()
}
