import { mergeCounts, type MetricsSnapshot } from '../operations/merge-snapshots.ts'
import type { FromWorker, Matter, ToWorker } from './worker-messages.ts'

/** Shorter than the asking worker's own patience. */
const MOST_WAIT_MILLISECONDS = 3000

/** A worker as the relay sees it. */
export interface Colleague {
  readonly id: number
  readonly send: (message: ToWorker) => void
}

/** Asks all workers what one of them wants to know, and tells it. */
export interface Relay {
  /** From now on this one is asked too. */
  readonly add: (worker: Colleague) => void
  /** It is gone: nobody waits for it any more, and what it had counted when it was last asked goes on being counted. */
  readonly remove: (id: number) => void
  readonly take: (from: Colleague, message: FromWorker) => void
}

/** One question that goes round. */
interface Round {
  readonly matter: Matter
  readonly answers: Map<number, unknown>
  readonly missing: Set<number>
  readonly finish: () => void
}

/** The primary understands none of the answers; it keeps the last metrics of each worker, so that no sum falls when one dies. */
export function createRelay(): Relay {
  const workers = new Map<number, Colleague>()
  const rounds = new Map<number, Round>()
  const lastMetrics = new Map<number, MetricsSnapshot>()
  let ofTheGone: Promise<MetricsSnapshot> = Promise.resolve([])
  let count = 0

  function ask(from: Colleague, matter: Matter, question: number): void {
    count += 1
    const number = count
    const patience = setTimeout(finish, MOST_WAIT_MILLISECONDS)
    const round: Round = { matter, answers: new Map(), missing: new Set(workers.keys()), finish }
    rounds.set(number, round)
    for (const worker of workers.values()) worker.send({ kind: 'answer', matter, round: number })

    function finish(): void {
      clearTimeout(patience)
      if (!rounds.delete(number)) return
      if (matter === 'readiness') from.send({ kind: 'told', question, values: readinessOfEach(round) })
      else void ofTheGone.then((gone) => from.send({ kind: 'told', question, values: [...lastMetrics.values(), gone] }))
    }
  }

  function readinessOfEach({ answers, missing }: Round): readonly unknown[] {
    return [...answers.values(), ...[...missing].map(() => null)]
  }

  function settle(round: Round, id: number): void {
    round.missing.delete(id)
    if (round.missing.size === 0) round.finish()
  }

  return {
    add: (worker) => void workers.set(worker.id, worker),

    remove(id) {
      workers.delete(id)
      const last = lastMetrics.get(id)
      if (last !== undefined) ofTheGone = ofTheGone.then((gone) => mergeCounts([gone, last]))
      lastMetrics.delete(id)
      for (const round of rounds.values()) settle(round, id)
    },

    take(from, message) {
      if (message.kind === 'asks') ask(from, message.matter, message.question)
      if (message.kind !== 'answers') return
      const round = rounds.get(message.round)
      if (round === undefined) return
      round.answers.set(from.id, message.value)
      // The same program made it.
      if (round.matter === 'metrics') lastMetrics.set(from.id, message.value as MetricsSnapshot)
      settle(round, from.id)
    },
  }
}
