import type { Colleagues, OwnAnswers, Readiness } from '../operations/colleagues.ts'
import type { MetricsSnapshot } from '../operations/merge-snapshots.ts'
import { type FromWorker, isMessage, type Matter, type ToWorker } from './worker-messages.ts'

const MOST_WAIT_MILLISECONDS = 5000

/** The way from a worker to the primary. */
export interface Channel {
  readonly send: (message: FromWorker) => void
  readonly onMessage: (take: (message: unknown) => void) => void
}

/** The other workers, asked through the primary. */
export function createWorkerColleagues({ send, onMessage }: Channel): Colleagues {
  const waiting = new Map<number, (values: readonly unknown[]) => void>()
  let questions = 0

  function ask(matter: Matter): Promise<readonly unknown[]> {
    questions += 1
    const question = questions
    const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>()
    const patience = setTimeout(() => reject(new Error('the primary does not answer')), MOST_WAIT_MILLISECONDS)
    waiting.set(question, resolve)
    send({ kind: 'asks', matter, question })
    return promise.finally(() => {
      clearTimeout(patience)
      waiting.delete(question)
    })
  }

  return {
    answerBy: (own) =>
      onMessage((message) => {
        if (!isMessage<ToWorker>(message, ['answer', 'told'])) return
        if (message.kind === 'told') waiting.get(message.question)?.(message.values)
        if (message.kind === 'answer') void answer(own, message.matter, message.round, send)
      }),
    // The values come from the same program on the other side.
    readiness: async () => (await ask('readiness')).map((value) => (value ?? undefined) as Readiness | undefined),
    metrics: async () => (await ask('metrics')) as readonly MetricsSnapshot[],
  }
}

async function answer(own: OwnAnswers, matter: Matter, round: number, send: Channel['send']): Promise<void> {
  const value = matter === 'readiness' ? own.readiness() : await own.metrics()
  send({ kind: 'answers', round, value })
}

/** This process's own way to the primary. */
export function channelToPrimary(): Channel {
  return {
    // Where the primary is gone, this process is about to end too.
    send: (message) => void (process.connected && process.send?.(message, undefined, undefined, nothing)),
    onMessage: (take) => void process.on('message', take),
  }
}

function nothing(): void {}
