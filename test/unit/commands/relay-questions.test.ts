import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type Colleague, createRelay } from '../../../src/commands/relay-questions.ts'
import { createWorkerColleagues } from '../../../src/commands/worker-colleagues.ts'
import type { OwnAnswers } from '../../../src/operations/colleagues.ts'
import { Counter, Registry } from 'prom-client'
import type { FromWorker, ToWorker } from '../../../src/commands/worker-messages.ts'

const READY = { store: 'ready', provider: 'ready', draining: false } as const
const silent = { readiness: () => READY, metrics: async () => [] }

/** One that has counted so far. */
function counting(value: number): OwnAnswers {
  const registry = new Registry()
  new Counter({ name: 'c', help: 'h', registers: [registry] }).inc(value)
  return { ...silent, metrics: () => registry.getMetricsAsJSON() }
}

/** A relay and workers whose messages reach each other at once. */
function begin() {
  const relay = createRelay()
  const worker = (id: number, { answers = true } = {}) => {
    const taking: ((message: unknown) => void)[] = []
    const colleague: Colleague = {
      id,
      send: (message: ToWorker) => void (answers || message.kind === 'told' ? taking.forEach((take) => take(message)) : 0),
    }
    const colleagues = createWorkerColleagues({
      send: (message: FromWorker) => relay.take(colleague, message),
      onMessage: (take) => void taking.push(take),
    })
    relay.add(colleague)
    return { colleague, colleagues }
  }
  return { relay, worker }
}

describe('a question that one worker asks', () => {
  beforeEach(() => void jest.useFakeTimers())
  afterEach(() => void jest.useRealTimers())

  test('is answered by all, itself included', async () => {
    const { worker } = begin()
    const [one, two] = [worker(1), worker(2)]
    one.colleagues.answerBy(silent)
    two.colleagues.answerBy({ ...silent, readiness: () => ({ ...READY, draining: true }) })
    expect(await one.colleagues.readiness()).toEqual([READY, { ...READY, draining: true }])
    expect(await two.colleagues.readiness()).toHaveLength(2)
  })

  test('waits for one that does not answer for a while only, and says that it did not', async () => {
    const { worker } = begin()
    const [one, two] = [worker(1), worker(2, { answers: false })]
    for (const { colleagues } of [one, two]) colleagues.answerBy(silent)
    const answered = one.colleagues.readiness()
    await jest.advanceTimersByTimeAsync(3000)
    expect(await answered).toEqual([READY, undefined])
  })

  test('does not wait for one that is gone', async () => {
    const { relay, worker } = begin()
    const [one, two] = [worker(1), worker(2, { answers: false })]
    for (const { colleagues } of [one, two]) colleagues.answerBy(silent)
    const answered = one.colleagues.readiness()
    relay.remove(2)
    expect(await answered).toEqual([READY])
  })

  test('is told what one that is gone had counted when it was last asked', async () => {
    const { relay, worker } = begin()
    const [one, two] = [worker(1), worker(2)]
    one.colleagues.answerBy(counting(3))
    two.colleagues.answerBy(counting(4))
    const sum = async () =>
      (await one.colleagues.metrics()).flat().reduce((total, { values }) => total + (values[0]?.value ?? 0), 0)
    expect(await sum()).toBe(7)
    relay.remove(2)
    expect(await sum()).toBe(7)
  })

  test('fails where nobody relays it', async () => {
    const colleagues = createWorkerColleagues({ send: () => undefined, onMessage: () => undefined })
    const answered = expect(colleagues.metrics()).rejects.toThrow('the primary does not answer')
    await jest.advanceTimersByTimeAsync(5000)
    await answered
  })

  test('is not answered by messages of others', async () => {
    const { worker } = begin()
    const one = worker(1)
    one.colleagues.answerBy(silent)
    for (const message of [null, 'drain', { type: 'prom-client:getMetricsReq' }, { kind: 'serving' }])
      one.colleague.send(message as unknown as ToWorker)
    expect(await one.colleagues.readiness()).toEqual([READY])
  })
})
