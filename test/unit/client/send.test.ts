import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createSend } from '../../../client/send.ts'
import { fakeBrowser, type FakeBrowser, ORIGIN } from './fake-browser.ts'

let browser: FakeBrowser
const refusals: string[] = []
const send = createSend((reason) => void refusals.push(reason))

beforeEach(() => {
  browser = fakeBrowser()
  refusals.length = 0
  jest.useFakeTimers()
})
afterEach(() => void jest.useRealTimers())

const unavailable = (headers: Record<string, string>) => new Response('busy', { status: 503, headers })
const ours = { 'Retry-After': '2', 'Coatcheck-Code': 'store_unavailable' }

/** Refuses the first request, answers those after it, and says how many there were. */
async function triesAfter(refusal: () => Response, input: RequestInfo | URL, init?: RequestInit) {
  browser.answer = () => (browser.asked.length === 1 ? refusal() : new Response('good'))
  const answered = send(input, init)
  await jest.advanceTimersByTimeAsync(60_000)
  return { tries: browser.asked.length, status: (await answered).status }
}

describe('a call', () => {
  test.each(['/api/orders', `${ORIGIN}/api/orders`, 'orders', new URL('/api/x', ORIGIN), new Request(`${ORIGIN}/api/x`)])(
    'to our own origin proves where it comes from: %s',
    async (input) => {
      browser.answer = () => new Response('good')
      await send(input, { headers: { Accept: 'text/plain' } })
      expect(browser.asked[0]?.headers.get('X-CSRF')).toBe('1')
      expect(browser.asked[0]?.headers.get('Accept')).toBe('text/plain')
    },
  )

  test.each(['https://api.example.com/x', '//app.example.com:8443/', 'http://app.example.com/', 'blob:https://other.example/1'])(
    'elsewhere goes as it is, its refusals too: %s',
    async (url) => {
      browser.answer = () => new Response('', { status: 401, headers: { 'Coatcheck-Reason': 'idle' } })
      await send(url, { headers: { Accept: 'text/plain' } })
      expect([...(browser.asked[0]?.headers ?? [])]).toEqual([['accept', 'text/plain']])
      expect(refusals).toEqual([])
    },
  )

  test('keeps the headers, the method and the body of a Request', async () => {
    browser.answer = () => new Response('good')
    await send(new Request(`${ORIGIN}/api/x`, { method: 'PUT', body: '1', headers: { 'X-Own': 'yes' } }))
    expect(browser.asked[0]).toMatchObject({ method: 'PUT', url: '/api/x' })
    expect(browser.asked[0]?.headers.get('X-Own')).toBe('yes')
  })

  test("that the gateway refuses for want of a session is told, and its answer is the caller's", async () => {
    browser.answer = () => new Response('{"reason":"idle"}', { status: 401, headers: { 'Coatcheck-Reason': 'idle' } })
    expect(await (await send('/api/x')).json()).toEqual({ reason: 'idle' })
    expect(refusals).toEqual(['idle'])
  })

  test.each([
    [401, {}],
    [403, { 'Coatcheck-Reason': 'idle' }],
  ])("that an API refuses is the caller's alone (%d)", async (status, headers) => {
    browser.answer = () => new Response('', { status, headers })
    expect((await send('/api/x')).status).toBe(status)
    expect(refusals).toEqual([])
  })
})

describe('a 503', () => {
  test.each([
    ['GET', ours],
    ['GET', { 'Retry-After': '10' }],
    ['HEAD', { 'Retry-After': '0' }],
    ['get', { 'Retry-After': 'Mon, 02 Mar 2026 08:00:05 GMT', Date: 'Mon, 02 Mar 2026 08:00:00 GMT' }],
    ['POST', ours],
    ['DELETE', { ...ours, 'Coatcheck-Code': 'token_unavailable' }],
  ])('to %s is followed by one more try where that is harmless: %j', async (method, headers) => {
    expect(await triesAfter(() => unavailable(headers), '/api/x', { method })).toEqual({ tries: 2, status: 200 })
  })

  test.each([
    ['GET', {}, 'says nothing of when'],
    ['GET', { 'Retry-After': '11' }, 'asks for longer than anybody waits'],
    ['GET', { 'Retry-After': 'Mon, 02 Mar 2026 09:00:00 GMT', Date: 'Mon, 02 Mar 2026 08:00:00 GMT' }, 'asks for an hour'],
    ['GET', { 'Retry-After': 'soon' }, 'says it in no form that there is'],
    ...['120.5', '-1', '5, 10'].map((wait) => {
      const headers = { 'Retry-After': wait, Date: 'Mon, 02 Mar 2026 08:00:00 GMT' }
      return ['GET', headers, 'says what is neither a number of seconds nor a date'] as const
    }),
    ['POST', { 'Retry-After': '1' }, 'may be the API’s own, which may have done it'],
    ['PUT', { ...ours, 'Coatcheck-Code': 'draining' }, 'may have cut off what was under way'],
  ])('to %s with %j is handed back at once: it %s', async (...[method, headers]) => {
    expect(await triesAfter(() => unavailable(headers), '/api/x', { method })).toEqual({ tries: 1, status: 503 })
  })

  test('waits as long as it is asked to', async () => {
    browser.answer = () => (browser.asked.length === 1 ? unavailable(ours) : new Response('good'))
    const answered = send('/api/x')
    await jest.advanceTimersByTimeAsync(1_999)
    expect(browser.asked).toHaveLength(1)
    await jest.advanceTimersByTimeAsync(600)
    expect((await answered).status).toBe(200)
  })

  test('is followed by one more try though the rest of it was cut off', async () => {
    const cut = new ReadableStream({ start: (controller) => controller.error(new TypeError('network error')) })
    const refusal = () => new Response(cut, { status: 503, headers: ours })
    expect(await triesAfter(refusal, '/api/x')).toEqual({ tries: 2, status: 200 })
  })

  test('after the second try is the answer', async () => {
    browser.answer = () => unavailable(ours)
    const answered = send('/api/x')
    await jest.advanceTimersByTimeAsync(60_000)
    expect((await answered).status).toBe(503)
    expect(browser.asked).toHaveLength(2)
  })

  test('is final for a body that is gone: a stream, or that of a Request', async () => {
    const stream = new ReadableStream({ start: (controller) => controller.close() })
    const init = { method: 'POST', body: stream, duplex: 'half' }
    expect((await triesAfter(() => unavailable(ours), '/api/x', init)).tries).toBe(1)
    browser.asked.length = 0
    const request = new Request(`${ORIGIN}/api/x`, { method: 'POST', body: 'text' })
    expect((await triesAfter(() => unavailable(ours), request)).tries).toBe(1)
    browser.asked.length = 0
    expect((await triesAfter(() => unavailable(ours), '/api/x', { method: 'POST', body: 'text' })).tries).toBe(2)
  })

  test('is not waited out by a caller who has gone', async () => {
    browser.answer = () => unavailable({ ...ours, 'Retry-After': '9' })
    const leaving = new AbortController()
    const answered = send('/api/x', { signal: leaving.signal })
    await jest.advanceTimersByTimeAsync(10)
    leaving.abort()
    await expect(answered).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
  })
})
