import type { IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { until } from '../support/until.ts'
import { type Question, valuesOf } from './ask.ts'
import { echoOf, HOST, type NginxAlone, startNginxAlone } from './nginx-alone.ts'

let world: NginxAlone
/** The header lines of every question about a call. */
const asked: (readonly string[])[] = []
/** What is answered to them. */
let decision: { readonly status: number; readonly headers: IncomingHttpHeaders }
beforeAll(async () => {
  world = await startNginxAlone({ file: 'carries' })
  world.decides.on('/authorize', (request, response) => {
    asked.push(request.rawHeaders)
    request.resume().on('end', () => response.writeHead(decision.status, decision.headers).end())
  })
})
afterAll(() => world?.stop())
beforeEach(() => {
  decision = { status: 204, headers: { authorization: 'Bearer of-the-gateway' } }
})

/** A cookie that nobody has sent before, so that no decision on it is kept. */
const newCookie = (): string => `__Host-Http-coatcheck=${Math.random()}`
const host = (): string => new URL(world.nginx.origin).host

/** How often the gateway is asked about these calls, sent one after the other. */
async function questionsAbout(...calls: (readonly [target: string, question: Question])[]): Promise<number> {
  const before = asked.length
  for (const [target, question] of calls) await world.get(target, question)
  return asked.length - before
}

describe('what the gateway is asked', () => {
  test('is the whole of what it decides on, and not a word more', async () => {
    const headers = {
      Cookie: newCookie(),
      'X-CSRF': '1',
      'Sec-Fetch-Site': 'same-origin',
      Origin: world.nginx.origin,
      'Content-Length': '5',
      Authorization: 'forged',
      'X-Forwarded-Uri': 'forged',
      'X-Forwarded-Method': 'forged',
      'X-Forwarded-For': 'forged',
      'Sec-Fetch-Mode': 'navigate',
      'Accept-Language': 'de',
    }
    await world.get('/api/a?b=c', { method: 'PUT', headers, body: 'hello' })
    const lines = asked.at(-1) ?? []
    const named = Object.fromEntries(
      lines.flatMap((name, at) => (at % 2 === 0 ? [[name, valuesOf(lines, name).join(' | ')]] : [])),
    )
    expect(named).toEqual({
      Host: 'coatcheck',
      'X-Request-Id': expect.stringMatching(/^[0-9a-f]{32}$/),
      'X-Forwarded-Method': 'PUT',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': host(),
      'X-Forwarded-Uri': '/api/a?b=c',
      'X-CSRF': '1',
      'Sec-Fetch-Site': 'same-origin',
      Origin: world.nginx.origin,
      Cookie: headers.Cookie,
    })
  })

  test('is asked by nobody else: its address is for nginx alone', async () => {
    const before = asked.length
    expect((await world.get('/coatcheck/authorize/api', { headers: { 'X-Forwarded-Uri': '/api/x' } })).status).toBe(404)
    expect(asked.length).toBe(before)
  })

  test('is asked without the body, however long that is and however it comes', async () => {
    const body = 'x'.repeat(3_000_000)
    for (const length of [{ 'Content-Length': String(body.length) }, { 'Transfer-Encoding': 'chunked' }]) {
      const answer = await world.get('/api/x', { method: 'POST', headers: { Cookie: newCookie(), ...length }, body })
      expect([answer.status, echoOf(answer).body.length]).toEqual([200, body.length])
      expect(asked.at(-1)?.map((name) => name.toLowerCase())).not.toContain('transfer-encoding')
    }
  })
})

const all = (Cookie: string): Record<string, string> => ({
  Cookie,
  'X-CSRF': '1',
  'Sec-Fetch-Site': 'same-origin',
  Origin: world.nginx.origin,
})

describe('an answer that is kept for a moment', () => {
  test('is one for all plain paths of the route', async () => {
    await until('two calls make one question', async () => {
      const headers = all(newCookie())
      return (await questionsAbout(['/api/a', { headers }], ['/api/b/c?d=e', { headers }])) === 1
    })
  })

  test.each<[string, string, Question]>([
    ['a method', '/api/x', { method: 'HEAD' }],
    ['a host', '/api/x', { headers: { Host: HOST } }],
    ['proof', '/api/x', { headers: { 'X-CSRF': '2' } }],
    ['a place it comes from', '/api/x', { headers: { 'Sec-Fetch-Site': 'none' } }],
    ['an origin', '/api/x', { headers: { Origin: 'https://evil.test' } }],
    ['a cookie', '/api/x', { headers: { Cookie: 'a=b' } }],
    ['a path that could be read in two ways', '/api/a//b', {}],
    ['a path with a dot at its beginning', '/api/.a', {}],
    ['a path with something encoded', '/api/%61', {}],
    ['a path with a parameter', '/api/a;b', {}],
    ['a path with a backslash', '/api/a\\b', {}],
    ['a query with a mark of its own', '/api/a?b=[c]', {}],
  ])('says nothing about another call that differs by %s alone', async (_, target, { headers = {}, ...question }) => {
    const own = all(newCookie())
    const calls: [string, Question][] = [
      ['/api/x', { headers: own }],
      [target, { ...question, headers: { ...own, ...headers } }],
    ]
    expect(await questionsAbout(...calls)).toBe(2)
  })

  test('is for one path alone where that could be read in two ways', async () => {
    const headers = all(newCookie())
    expect(await questionsAbout(['/api/a//b', { headers }], ['/api/a//c', { headers }], ['/api/%61', { headers }])).toBe(3)
  })

  test('says nothing about one whose cookie ends as another header would begin', async () => {
    const Cookie = newCookie()
    const calls = [
      { 'X-CSRF': '1', Cookie },
      { 'X-CSRF': '', 'Sec-Fetch-Site': '1', Cookie },
      { 'X-CSRF': '', Origin: '1', Cookie },
      { Cookie: `1${Cookie}` },
    ]
    expect(await questionsAbout(...calls.map((headers) => ['/api/x', { headers }] as const))).toBe(4)
  })

  test.each([200, 401, 403, 404, 500, 503])('was a yes, and never a %d', async (status) => {
    decision = { status, headers: { 'x-accel-expires': '60' } }
    const headers = all(newCookie())
    expect(await questionsAbout(['/api/x', { headers }], ['/api/x', { headers }])).toBe(2)
  })

  test('is kept by nobody where the gateway forbids it', async () => {
    decision = { ...decision, headers: { ...decision.headers, 'cache-control': 'no-store' } }
    const headers = all(newCookie())
    expect(await questionsAbout(['/api/x', { headers }], ['/api/x', { headers }])).toBe(2)
  })
})
