import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { type FailureCode, FAILURES, GatewayError } from '../../../src/errors.ts'
import { WEATHER } from '../../../src/report/weather.ts'
import { createErrorAnswerer } from '../../../src/pages/answer-error.ts'
import type { EventName } from '../../../src/report/events.ts'
import { fakeRequest } from '../../support/fake-request.ts'

const NAVIGATION = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
const SCRIPT = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }

/** An answerer, and what it makes of an error. */
function setUp() {
  const told: { readonly name: EventName; readonly fields: object }[] = []
  const { answerError, failureOf } = createErrorAnswerer({
    origin: 'https://app.example.com',
    prefix: '/bff',
    setResponseHeaders: (_, response) => void response.setHeader('Content-Security-Policy', 'ours'),
    requestIdOf: () => 'request-1',
    report: (name, fields) => void told.push({ name, fields }),
  })

  function answer(
    thrown: unknown,
    request: IncomingMessage = fakeRequest(SCRIPT),
    prepare: (response: ServerResponse) => void = () => undefined,
  ) {
    const response = new ServerResponse(request)
    const pieces: string[] = []
    const socket = new Socket()
    socket.write = (piece: unknown) => pieces.push(String(piece)) > 0
    response.assignSocket(socket)
    prepare(response)
    answerError(request, response, thrown)
    const [, body = ''] = pieces.join('').split('\r\n\r\n', 2)
    return { status: response.statusCode, headers: response.getHeaders(), body, response, failure: failureOf(response) }
  }
  return { answer, told }
}

describe('an error', () => {
  test('about the version of a WebSocket says which one is spoken here (RFC 6455 §4.4)', () => {
    const { answer } = setUp()
    const { status, headers } = answer(new GatewayError('websocket_version'))
    expect(status).toBe(426)
    expect(headers).toMatchObject({ upgrade: 'websocket', connection: 'upgrade, close', 'sec-websocket-version': '13' })
  })

  test('takes back what was prepared for a good answer, but for cookies that are being deleted', () => {
    const { answer } = setUp()
    const { headers } = answer(new GatewayError('store_unavailable'), fakeRequest(SCRIPT), (response) => {
      response.setHeader('Location', 'https://idp.example')
      response.setHeader('ETag', '"x"')
      response.setHeader('Content-Encoding', 'gzip')
      response.setHeader('Cache-Control', 'public')
      response.setHeader('Set-Cookie', 'coatcheck-login-x=; Max-Age=0')
    })
    expect(Object.keys(headers).toSorted()).toEqual([
      'coatcheck-code',
      'content-length',
      'content-security-policy',
      'content-type',
      'retry-after',
      'set-cookie',
      'x-request-id',
    ])
    expect(headers['content-security-policy']).toBe('ours')
  })

  test('of ours alone is an unexpected one, told with its names and never shown', () => {
    const { answer, told } = setUp()
    const { status, body, failure } = answer(new TypeError('a secret in a message'))
    expect([status, failure?.code]).toEqual([500, 'internal'])
    expect(JSON.parse(body)).toMatchObject({ code: 'internal', detail: FAILURES.internal.says, requestId: 'request-1' })
    expect(told).toEqual([
      { name: 'unexpected_error', fields: expect.objectContaining({ requestId: 'request-1', name: 'TypeError' }) },
    ])
    expect(body + JSON.stringify(told)).not.toContain('a secret')
    answer(new GatewayError('not_found'))
    expect(told).toHaveLength(1)
  })

  test('shows nothing of its cause or its note', () => {
    const { answer } = setUp()
    const error = new GatewayError('provider_unavailable', { note: 'a-note', cause: new Error('a-cause') })
    for (const headers of [SCRIPT, NAVIGATION]) expect(answer(error, fakeRequest(headers)).body).not.toMatch(/a-note|a-cause/)
  })

  test('after the beginning of an answer cuts the connection, so that nobody takes a part for the whole', () => {
    const { answer } = setUp()
    const { response, body } = answer(new GatewayError('internal'), fakeRequest(SCRIPT), (each) => {
      each.writeHead(200)
      each.write('the beginning')
    })
    expect(response.destroyed).toBe(true)
    expect(body).not.toContain('internal')
  })

  test('after a whole answer changes nothing', () => {
    const { answer } = setUp()
    const { response } = answer(new GatewayError('internal'), fakeRequest(SCRIPT), (each) => void each.end('whole'))
    expect([response.destroyed, response.statusCode]).toEqual([false, 200])
  })

  test('closes the connection where a body was left unread, with a length or in chunks, and only there', () => {
    const { answer } = setUp()
    const connectionFor = (headers: Readonly<Record<string, string>>, complete = false) => {
      const request = fakeRequest({ ...SCRIPT, ...headers }, { method: 'POST' })
      request.complete = complete
      return answer(new GatewayError('request_forged'), request).headers['connection']
    }
    expect(connectionFor({ 'Content-Length': '5' })).toBe('close')
    expect(connectionFor({ 'Transfer-Encoding': 'chunked' })).toBe('close')
    expect(connectionFor({ 'Content-Length': '5' }, true)).toBeUndefined()
    expect(connectionFor({ 'Content-Length': '0' })).toBeUndefined()
    expect(connectionFor({})).toBeUndefined()
  })

  test('by HEAD has the length of its body and no body', () => {
    const { answer } = setUp()
    for (const headers of [SCRIPT, NAVIGATION]) {
      const { body, headers: said } = answer(new GatewayError('not_found'), fakeRequest(headers, { method: 'HEAD' }))
      expect(body).toBe('')
      expect(Number(said['content-length'])).toBeGreaterThan(100)
    }
  })

  test.each(Object.entries(FAILURES).filter(([, { status }]) => status === 503))(
    'that will pass says when to come back: %s',
    (code) => {
      const { answer } = setUp()
      const failure = code as FailureCode
      expect(answer(new GatewayError(failure)).headers['retry-after']).toBe('5')
      expect(answer(new GatewayError(failure, { retryAfterSeconds: 17 })).headers['retry-after']).toBe('17')
    },
  )

  test.each(WEATHER)('that will pass says why in a word of a closed list: %s', (weather) => {
    const { answer } = setUp()
    const reasonOf = (code: FailureCode) =>
      (JSON.parse(answer(new GatewayError(code, { weather })).body) as Readonly<Record<string, unknown>>)['reason']
    for (const code of ['token_unavailable', 'store_unavailable', 'provider_unavailable'] as const)
      expect(reasonOf(code)).toBe(weather)
    // Any other answer would say of itself what is true of the provider only.
    for (const code of ['login_refused', 'provider_answer_invalid', 'internal'] as const) expect(reasonOf(code)).toBeUndefined()
    expect(JSON.parse(answer(new GatewayError('token_unavailable')).body)).not.toHaveProperty('reason')
  })

  test('says its limits and methods in headers', () => {
    const { answer } = setUp()
    expect(answer(new GatewayError('too_many_requests', { retryAfterSeconds: 42 })).headers['retry-after']).toBe('42')
    expect(answer(new GatewayError('method_not_allowed', { allow: ['GET', 'HEAD'] })).headers['allow']).toBe('GET, HEAD')
    expect(answer(new GatewayError('not_found')).headers['retry-after']).toBeUndefined()
  })
})

describe('a missing session', () => {
  test('is told to a script with its reason and the way to sign in, and with our own header', () => {
    const { answer } = setUp()
    const { status, headers, body } = answer(new GatewayError('session_missing', { reason: 'idle' }))
    expect([status, headers['coatcheck-reason']]).toEqual([401, 'idle'])
    expect(JSON.parse(body)).toMatchObject({ reason: 'idle', loginUrl: '/bff/login' })
    const other = answer(new GatewayError('request_forged'))
    expect(other.headers['coatcheck-reason']).toBeUndefined()
    expect(JSON.parse(other.body)).not.toHaveProperty('loginUrl')
  })

  test.each([
    ['/api/report.pdf?year=2026', '/bff/login?returnTo=%2Fapi%2Freport.pdf%3Fyear%3D2026'],
    ['//evil.example/', '/bff/login?returnTo=%2F'],
    ['/%0d%0aSet-Cookie:x', '/bff/login?returnTo=%2F'],
    ['/bff/session/extend', '/bff/login?returnTo=%2F'],
  ])('takes a navigation to sign in and back, and nowhere else: %s', (url, location) => {
    const { answer } = setUp()
    const { status, headers, body } = answer(new GatewayError('session_missing'), fakeRequest(NAVIGATION, { url }))
    expect([status, headers['location'], body]).toEqual([303, location, ''])
  })

  test('shows a page, and starts nothing, where another site led here', () => {
    const { answer } = setUp()
    const request = fakeRequest({ ...NAVIGATION, 'Sec-Fetch-Site': 'cross-site' }, { url: '/api/x' })
    const { status, headers, body } = answer(new GatewayError('session_missing'), request)
    expect([status, headers['location']]).toEqual([401, undefined])
    expect(body).toContain('href="/bff/login"')
  })
})

describe('a sign-in that is needed', () => {
  const error = new GatewayError('step_up_required', { level: { acr: ['a&b', 'c'], maxAgeSeconds: 60 } })
  const asked = 'acrValues=a%26b%20c&maxAge=60'

  test('is told to a script as a problem that is no sign-out', () => {
    const { status, headers, body } = setUp().answer(error)
    expect([status, headers['coatcheck-reason']]).toEqual([403, undefined])
    expect(JSON.parse(body)).toMatchObject({ code: 'step_up_required', loginUrl: `/bff/login?${asked}` })
  })

  test('leads a person there, and back to where they were', () => {
    const { status, headers } = setUp().answer(error, fakeRequest(NAVIGATION, { url: '/api/x?y=1' }))
    expect([status, headers['location']]).toEqual([303, `/bff/login?${asked}&returnTo=%2Fapi%2Fx%3Fy%3D1`])
  })

  test('is offered to a person whom another site has sent, and not begun for them', () => {
    const { status, body } = setUp().answer(error, fakeRequest({ ...NAVIGATION, 'Sec-Fetch-Site': 'cross-site' }))
    expect([status, body]).toEqual([403, expect.stringContaining(`href="/bff/login?${asked.replaceAll('&', '&amp;')}"`)])
  })
})

describe('a page for an error', () => {
  test('of a login leads to a new one, with the place the person wanted', () => {
    const { answer } = setUp()
    const page = (code: FailureCode, returnTo?: string) =>
      answer(new GatewayError(code, returnTo === undefined ? {} : { returnTo }), fakeRequest(NAVIGATION)).body
    expect(page('login_denied', '/a?b=1&c="')).toContain('href="/bff/login?returnTo=%2Fa%3Fb%3D1%26c%3D%22"')
    expect(page('login_denied')).toContain('href="/bff/login"')
    expect(page('store_unavailable', '/a')).toContain('href="/bff/login?returnTo=%2Fa"')
    expect(page('store_unavailable')).not.toContain('/bff/login')
    expect(page('login_not_started')).toContain('/bff/assets/continue.js')
  })

  test.each(Object.keys(FAILURES).filter((code) => code !== 'session_missing' && code !== 'step_up_required'))(
    'has its own headline, sentence, way on and request id: %s',
    (code) => {
      const { answer } = setUp()
      const { status, headers, body } = answer(new GatewayError(code as FailureCode), fakeRequest(NAVIGATION))
      expect(status).toBe(FAILURES[code as FailureCode].status)
      expect(headers['content-type']).toBe('text/html; charset=utf-8')
      expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body))
      expect(body).toMatch(/<h1>[A-Z][^<]+<\/h1>/)
      if (code !== 'login_not_started') expect(body).toContain('request-1')
      // The policy lets nothing run that stands in the page itself.
      expect(body).not.toMatch(/<style|style=|<script(?![^>]*src=)| on\w+=/)
    },
  )
})
