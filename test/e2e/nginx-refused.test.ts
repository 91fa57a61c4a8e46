import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { speakTls, valuesOf } from './ask.ts'
import { echoOf, HOST, type NginxAlone, startNginxAlone } from './nginx-alone.ts'

let world: NginxAlone
let hurried: NginxAlone
let decision: number
let asked = 0
beforeAll(async () => {
  world = await startNginxAlone({ file: 'carries' })
  hurried = await startNginxAlone({ file: 'carries', isHurried: true })
  world.decides.on('/authorize', (request, response) => {
    asked += 1
    request.resume().on('end', () => response.writeHead(decision).end())
  })
})
beforeAll(() =>
  hurried.decides.on('/authorize', ({ headers }, response) => {
    if (headers.cookie !== 'undecided=1') response.writeHead(204).end()
  }),
)
afterAll(() => Promise.all([world?.stop(), hurried?.stop()]))
beforeEach(() => {
  decision = 204
})

const reached = (): { readonly gateway: number; readonly api: number } => ({
  gateway: world.gateway.targets.length,
  api: world.api.targets.length,
})

describe('a call that the gateway refuses', () => {
  test.each([400, 401, 403, 404, 405, 413, 429, 500, 502, 503, 504])(
    'with %d is answered by it, whole, and never reaches the API',
    async (status) => {
      decision = status
      const before = reached()
      const headers = { Cookie: 'a=b', 'X-CSRF': '1', 'Sec-Fetch-Mode': 'navigate', 'Transfer-Encoding': 'chunked' }
      const answer = await world.get('/api/a//b?c', { method: 'POST', headers, body: 'x'.repeat(2_000_000) })
      const echo = echoOf(answer)
      expect([answer.status, echo.method, echo.target, echo.body.length]).toEqual([200, 'POST', '/api/a//b?c', 2_000_000])
      expect(valuesOf(echo.headers, 'Cookie')).toEqual(['a=b'])
      expect(valuesOf(echo.headers, 'Sec-Fetch-Mode')).toEqual(['navigate'])
      expect(valuesOf(answer.rawHeaders, 'Strict-Transport-Security')).toEqual(['max-age=31536000; includeSubDomains'])
      expect(answer.headers['content-type']).toBe('application/json')
      // Of what the gateway says of its answers nginx says nothing a second time.
      expect(valuesOf(answer.rawHeaders, 'Content-Security-Policy')).toEqual([])
      expect(reached()).toEqual({ gateway: before.gateway + 1, api: before.api })
    },
  )

  test.each([401, 403, 404, 500, 502, 503, 504])('is answered by its own %d, untouched', async (status) => {
    decision = 403
    world.gateway.on(
      '/api/refused//fails',
      (_, response) => void response.writeHead(status, { 'Content-Type': 'text/html' }).end('own'),
    )
    const { body, headers, ...answer } = await world.get('/api/refused//fails')
    expect([answer.status, body, headers['content-type']]).toEqual([status, 'own', 'text/html'])
  })
})

describe('a call that stays open, or would outlive its page,', () => {
  test.each([
    ['Upgrade', 'h2c'],
    ['Service-Worker', 'script'],
    ['Accept', 'text/event-stream'],
    ['Accept', 'Text/Event-Stream'],
    ['Accept', 'application/json, text/event-stream;q=0.5'],
  ])('is the gateway’s alone: %s: %s', async (name, value) => {
    const before = reached()
    const beforeAsked = asked
    world.gateway.on('/api/open', (_, response) => void response.end('the gateway'))
    const { body } = await world.get('/api/open', { headers: { [name]: value } })
    expect(body).toBe('the gateway')
    expect([asked, reached()]).toEqual([beforeAsked, { gateway: before.gateway + 1, api: before.api }])
  })
})

describe('an API', () => {
  test.each([400, 401, 403, 404, 413, 418, 500, 502, 503, 504])(
    'answers its own %d, and the gateway is not asked again',
    async (status) => {
      const before = reached()
      world.api.on('/fails', (_, response) => void response.writeHead(status, { 'Content-Type': 'text/html' }).end('own'))
      const { body, headers, ...answer } = await world.get('/api/fails')
      expect([answer.status, body, headers['content-type']]).toEqual([status, 'own', 'text/html'])
      expect(reached()).toEqual({ gateway: before.gateway, api: before.api + 1 })
    },
  )

  test.each([
    ['breaks off', 502, 'upstream_unreachable'],
    ['says nothing', 504, 'upstream_timed_out'],
  ])('that %s is told to a script in the gateway’s form, and to the gateway not at all', async (does, status, code) => {
    hurried.api.on('/fails', (request) => void (does === 'breaks off' && request.socket.destroy()))
    const answer = await hurried.get('/api/fails', { headers: { 'Sec-Fetch-Mode': 'navigate' } })
    expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json'])
    expect(JSON.parse(answer.body)).toMatchObject({ status, code, requestId: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect(valuesOf(answer.rawHeaders, 'Content-Security-Policy').length).toBe(1)
    expect([hurried.api.targets.includes('/fails'), hurried.gateway.targets.includes('/api/fails')]).toEqual([true, false])
  })

  test.each([
    ['a body that is too large', 413, 'body_too_large', '/api/x', { 'Content-Length': '999999999' }],
    ['a target that is too long', 414, 'target_too_long', `/api/${'a'.repeat(9_000)}`, {}],
    ['headers that are too large', 431, 'headers_too_large', '/api/x', { Cookie: `a=${'b'.repeat(9_000)}` }],
  ])('is spared %s', async (_, status, code, target, headers) => {
    const before = reached()
    const answer = await world.get(target, { method: 'POST', headers })
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } })
    expect(JSON.parse(answer.body)).toMatchObject({ status, code })
    expect(reached()).toEqual(before)
  })
})

test('a refused body that is too large, of which no header told, is answered in the gateway’s form', async () => {
  decision = 403
  const length = 100 * 1024 * 1024 + 1
  const socket = speakTls(world.nginx.httpsPort, HOST, world.certificate).setEncoding('latin1')
  const lines = ['POST /api/large//x HTTP/1.1', `Host: ${new URL(world.nginx.origin).host}`, 'Transfer-Encoding: chunked']
  socket.on('error', () => undefined).write(`${lines.join('\r\n')}\r\n\r\n${length.toString(16)}\r\nits first letters`)
  let said = ''
  for await (const piece of socket) {
    said += piece
    if (said.includes('body_too_large')) break
  }
  expect(said).toMatch(/^HTTP\/1\.1 413 [^]*\r\nContent-Type: application\/problem\+json\r\n/)
})

test('a gateway that does not decide in time is not waited for: the call is brought to it whole, and not to the API', async () => {
  const answer = await hurried.get('/api/undecided', { headers: { Cookie: 'undecided=1' } })
  expect(echoOf(answer).target).toBe('/api/undecided')
  expect([hurried.gateway.targets.includes('/api/undecided'), hurried.api.targets.includes('/undecided')]).toEqual([true, false])
})
