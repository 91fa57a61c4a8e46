import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { StreamEnd } from '../../../client/event-stream.ts'
import { createKnowledge } from '../../../client/knowledge.ts'
import type { Session } from '../../../client/session.ts'
import { createWatch } from '../../../client/watch.ts'
import { fakeBrowser, type FakeBrowser } from './fake-browser.ts'

const IN: Session = {
  state: 'signed-in',
  user: { sub: 'alice' },
  createdAt: 1,
  idleExpiresAt: 4e12,
  absoluteExpiresAt: 4e12,
  expiring: false,
}
const OUT: Session = { state: 'signed-out', reason: 'idle' }
const POLL = 30_000

let browser: FakeBrowser

beforeEach(() => {
  browser = fakeBrowser()
  jest.useFakeTimers()
})
afterEach(() => void jest.useRealTimers())

/** A watch over streams that the test ends. */
function setUp(first: Session | undefined, end?: StreamEnd) {
  const knowledge = createKnowledge({ onDoubt: () => undefined })
  const learn = (session: Session) => knowledge.consider({ session, askedAt: Date.now(), answeredAt: Date.now() })
  if (first) learn(first)
  const ends: ((end: StreamEnd) => void)[] = []
  const ask = jest.fn(async () => true)
  const listen = jest.fn((signal: AbortSignal) => {
    const opened = new Promise<StreamEnd>((resolve) => {
      ends.push(resolve)
      signal.addEventListener('abort', () => resolve({ lasted: 1, retryMilliseconds: undefined }))
    })
    return end ? Promise.resolve(end) : opened
  })
  const watch = createWatch({ listen, ask, knowledge, pollMilliseconds: POLL })
  watch.begin()
  return { watch, learn, ask, listen, endStream: (ended: StreamEnd) => ends.at(-1)?.(ended) }
}

const REFUSED = { lasted: 0, retryMilliseconds: undefined }
const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds)

describe('the tab that watches', () => {
  test('listens while somebody is signed in, asks when the stream has ended, and comes back soon', async () => {
    const { ask, listen, endStream } = setUp(IN)
    await pass(3_600_000)
    expect([listen.mock.calls.length, ask.mock.calls.length]).toEqual([1, 0])
    endStream({ lasted: 3_600_000, retryMilliseconds: 1_000 })
    await pass(0)
    expect(ask).toHaveBeenCalledTimes(1)
    await pass(1_300)
    expect(listen).toHaveBeenCalledTimes(2)
  })

  test('asks instead where streams fail, and tries one again now and then', async () => {
    const { ask, listen } = setUp(IN, REFUSED)
    await pass(10 * POLL)
    expect(listen).toHaveBeenCalledTimes(3)
    expect(ask.mock.calls.length).toBeGreaterThan(8)
    expect(ask.mock.calls.length).toBeLessThan(18)
    await pass(20 * POLL)
    expect(listen).toHaveBeenCalledTimes(4)
  })

  test('does not hammer a gateway whose streams are cut as soon as they begin', async () => {
    const { ask, listen } = setUp(IN, { lasted: 50, retryMilliseconds: 0 })
    await pass(10 * POLL)
    expect(listen).toHaveBeenCalledTimes(3)
    expect(ask.mock.calls.length).toBeLessThan(18)
  })

  test('comes back when a gateway with too many streams wants it to', async () => {
    const { listen } = setUp(IN, { lasted: 0, retryMilliseconds: 30_000 })
    await pass(20_000)
    expect(listen).toHaveBeenCalledTimes(1)
    await pass(20_000)
    expect(listen).toHaveBeenCalledTimes(2)
  })

  test('asks seldom while nobody looks, and at once when somebody does', async () => {
    browser.setHidden(true)
    const { watch, ask } = setUp(IN, REFUSED)
    await pass(10_000)
    const before = ask.mock.calls.length
    await pass(8 * POLL)
    expect(ask.mock.calls.length - before).toBeLessThanOrEqual(3)
    browser.setHidden(false)
    watch.anew(false)
    await pass(2 * POLL)
    expect(ask.mock.calls.length - before).toBeGreaterThanOrEqual(4)
  })

  test('does nothing while nobody is signed in, and begins when somebody is', async () => {
    const { ask, listen, learn } = setUp(OUT)
    await pass(86_400_000)
    expect([listen.mock.calls.length, ask.mock.calls.length]).toEqual([0, 0])
    learn(IN)
    await pass(0)
    expect(listen).toHaveBeenCalledTimes(1)
  })

  test('looks a few times for the session that has replaced this one: its cookie may be under way', async () => {
    const { ask } = setUp({ state: 'signed-out', reason: 'replaced' })
    await pass(1_900)
    expect(ask).toHaveBeenCalledTimes(0)
    await pass(200)
    expect(ask).toHaveBeenCalledTimes(1)
    await pass(86_400_000)
    expect(ask).toHaveBeenCalledTimes(3)
  })

  test('asks again, less and less often, while nothing is known', async () => {
    const { ask, listen } = setUp(undefined)
    await pass(1_900)
    expect(ask).toHaveBeenCalledTimes(0)
    await pass(60_000)
    expect(ask.mock.calls.length).toBeGreaterThanOrEqual(4)
    expect(ask.mock.calls.length).toBeLessThanOrEqual(7)
    expect(listen).not.toHaveBeenCalled()
  })

  test('asks beside its stream while the end is near, since whoever was warned acts', async () => {
    const { ask, learn } = setUp({ ...IN, expiring: true })
    await pass(3 * POLL + 1)
    expect(ask).toHaveBeenCalledTimes(3)
    learn({ ...IN, idleExpiresAt: 5e12, absoluteExpiresAt: 5e12 })
    await pass(10 * POLL)
    expect(ask).toHaveBeenCalledTimes(3)
  })

  test('keeps a stream that lives, and drops one when the network is another', async () => {
    const { watch, listen } = setUp(IN)
    watch.anew(false)
    await pass(0)
    expect(listen).toHaveBeenCalledTimes(1)
    watch.anew(true)
    await pass(0)
    expect(listen).toHaveBeenCalledTimes(2)
  })

  test('leaves the stream of a session that is no longer the one of this browser', async () => {
    const { learn, listen } = setUp(IN)
    learn({ ...IN, user: { sub: 'alice', name: 'Alice' }, idleExpiresAt: 4.1e12 })
    await pass(0)
    expect(listen).toHaveBeenCalledTimes(1)
    learn({ ...IN, createdAt: 2 })
    await pass(0)
    expect(listen).toHaveBeenCalledTimes(2)
    expect(listen.mock.calls[0]?.[0].aborted).toBe(true)
    learn(OUT)
    learn({ ...IN, createdAt: 3 })
    await pass(0)
    expect(listen).toHaveBeenCalledTimes(3)
    expect(listen.mock.calls.map(([signal]) => signal.aborted)).toEqual([true, true, false])
  })

  test('stops for good, and asks nothing afterwards', async () => {
    const { watch, ask, listen } = setUp(IN)
    watch.end()
    watch.anew(true)
    await pass(10 * POLL)
    expect([listen.mock.calls.length, ask.mock.calls.length, watch.isRunning]).toEqual([1, 0, false])
  })
})
