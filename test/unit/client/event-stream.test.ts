import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { readEvents } from '../../../client/event-stream.ts'
import { fakeBrowser, type FakeBrowser, fakeStream } from './fake-browser.ts'

let browser: FakeBrowser
let seen: unknown[]
let leaving: AbortController

beforeEach(() => {
  browser = fakeBrowser()
  seen = []
  leaving = new AbortController()
  jest.useFakeTimers()
})
afterEach(() => void jest.useRealTimers())

const read = () =>
  readEvents({
    url: '/bff/events',
    signal: leaving.signal,
    silentMilliseconds: 45_000,
    onOpen: () => seen.push('open'),
    onHeard: () => seen.push('heard'),
    onEvent: (name, data) => seen.push([name, data]),
  })

describe("the gateway's stream", () => {
  test('is read as it comes, until it ends', async () => {
    const stream = fakeStream()
    browser.answer = ({ signal }) => stream.response(signal)
    const reading = read()
    await jest.advanceTimersByTimeAsync(20_000)
    stream.say('retry: 1234\n: here\n\n')
    await jest.advanceTimersByTimeAsync(0)
    stream.say('event: ended\ndata: {"reason":"idle"}\n\n')
    stream.end()
    expect(await reading).toEqual({ lasted: 20_000, retryMilliseconds: 1_234 })
    expect(seen).toEqual(['open', 'heard', 'heard', ['ended', { reason: 'idle' }]])
  })

  test('lives as long as something comes, and is cut once nothing does', async () => {
    const stream = fakeStream()
    browser.answer = ({ signal }) => stream.response(signal)
    const reading = read()
    for (let beats = 0; beats < 4; beats += 1) {
      await jest.advanceTimersByTimeAsync(30_000)
      stream.say(': beat\n\n')
    }
    await jest.advanceTimersByTimeAsync(44_000)
    expect(browser.asked[0]?.signal?.aborted).toBe(false)
    await jest.advanceTimersByTimeAsync(2_000)
    expect((await reading).lasted).toBeGreaterThan(160_000)
  })

  test('that never begins is given up as well', async () => {
    browser.answer = ({ signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('cut'))))
    const reading = read()
    await jest.advanceTimersByTimeAsync(46_000)
    expect(await reading).toEqual({ lasted: 0, retryMilliseconds: undefined })
  })

  test('that is held back by something on the way, so that it opens and says nothing, was of no use', async () => {
    const stream = fakeStream()
    browser.answer = ({ signal }) => stream.response(signal)
    const reading = read()
    await jest.advanceTimersByTimeAsync(46_000)
    expect(await reading).toEqual({ lasted: 0, retryMilliseconds: undefined })
    expect(seen).toEqual(['open'])
  })

  test('ends when nobody wants it any more, be it before it began', async () => {
    const stream = fakeStream()
    browser.answer = ({ signal }) => stream.response(signal)
    const reading = read()
    await jest.advanceTimersByTimeAsync(5)
    leaving.abort()
    expect((await reading).lasted).toBe(5)
    expect((await read()).lasted).toBe(0)
  })

  test.each([
    ['refused', 429, 'application/problem+json', { 'Retry-After': '30' }, 30_000],
    ['unavailable', 503, 'application/problem+json', {}, undefined],
    ["somebody else's page", 200, 'text/html', {}, undefined],
  ])('that is %s was not open, and its rest is not read', async (_, status, type, headers, retryMilliseconds) => {
    browser.answer = () => new Response('data: 1\n\n', { status, headers: { 'Content-Type': type, ...headers } })
    expect(await read()).toEqual({ lasted: 0, retryMilliseconds })
    expect(seen).toEqual([])
    expect(browser.asked[0]?.signal?.aborted).toBe(true)
  })
})
