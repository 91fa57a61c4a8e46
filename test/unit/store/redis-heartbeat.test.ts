import { afterEach, expect, test } from '@jest/globals'
import { ErrorReply } from 'redis'
import { startHeartbeat } from '../../../src/store/redis-heartbeat.ts'
import { createStops } from '../../support/stops.ts'
import { until } from '../../support/until.ts'

const stops = createStops()
afterEach(stops.stopAll)

function beat(ping: () => Promise<unknown>) {
  const seen = { at: 1_000, answered: new Array<number>(), late: 0, pings: 0 }
  const stop = startHeartbeat({
    ping() {
      seen.pings += 1
      return ping()
    },
    now: () => seen.at,
    onAnswered: (sentAt) => void seen.answered.push(sentAt),
    onLate: () => void (seen.late += 1),
  })
  stops.add(stop)
  return seen
}

test('an answer makes certain what was true when the question was sent', async () => {
  const answer = Promise.withResolvers<unknown>()
  const seen = beat(() => answer.promise)
  seen.at = 1_300
  answer.resolve('PONG')
  await until('it was answered', () => seen.answered.length > 0)
  expect(seen.answered[0]).toBe(1_000)
})

test('it goes on for as long as it is answered, and a refusal is an answer', async () => {
  const seen = beat(() => Promise.reject(new ErrorReply('NOPERM not for you')))
  await until('it was answered twice', () => seen.answered.length >= 2)
  expect(seen.late).toBe(0)
})

test('no answer is late, and so is a question that could not be sent', async () => {
  const silent = beat(() => Promise.withResolvers().promise)
  const broken = beat(() => Promise.reject(new Error('the queue is full')))
  await until('both are late', () => silent.late > 0 && broken.late > 0)
  expect([silent.answered, broken.answered]).toEqual([[], []])
})

test('nothing is late after it was stopped', async () => {
  const stopped = beat(() => Promise.withResolvers().promise)
  await stops.stopAll()
  const going = beat(() => Promise.withResolvers().promise)
  await until('the other one is late', () => going.late > 0)
  expect(stopped).toMatchObject({ late: 0, pings: 1 })
})
