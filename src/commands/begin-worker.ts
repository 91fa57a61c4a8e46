import cluster from 'node:cluster'
import { handOnUntaken } from './hand-on-untaken.ts'
import type { Relay } from './relay-questions.ts'
import { type FromWorker, isMessage, type ToWorker } from './worker-messages.ts'

/** A process of its own that serves together with others. */
export interface RunningWorker {
  readonly id: number
  /** Resolves with true once it listens, with false where it ends before. */
  readonly serving: Promise<boolean>
  /** Resolves with its exit code or the name of the signal once it is gone. */
  readonly gone: Promise<number | string>
  readonly drain: () => void
}

/** Begins one: the same program with the same environment. Its questions go to `relay`. */
export function beginWorker(relay: Relay): RunningWorker {
  const worker = cluster.fork()
  handOnUntaken(worker)
  const { id } = worker
  const serving = Promise.withResolvers<boolean>()
  const gone = Promise.withResolvers<number | string>()
  const send = (message: ToWorker): void => {
    if (worker.isConnected()) worker.send(message, nothing)
  }

  worker.on('message', (message: unknown) => {
    if (!isMessage<FromWorker>(message, ['serving', 'asks', 'answers'])) return
    if (message.kind !== 'serving') return relay.take({ id, send }, message)
    relay.add({ id, send })
    serving.resolve(true)
  })
  // Without it, what goes wrong on the way to a worker that is just dying would end the primary.
  worker.on('error', nothing)
  worker.on('exit', (code, signal) => {
    relay.remove(id)
    serving.resolve(false)
    gone.resolve(signal ?? code)
  })
  return { id, serving: serving.promise, gone: gone.promise, drain: () => send({ kind: 'drain' }) }
}

function nothing(): void {}
