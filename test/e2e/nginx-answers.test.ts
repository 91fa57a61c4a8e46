import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Answer, valuesOf } from './ask.ts'
import { type NginxAlone, startNginxAlone } from './nginx-alone.ts'

let world: NginxAlone
let down: NginxAlone
beforeAll(async () => {
  world = await startNginxAlone({ file: 'front' })
  down = await startNginxAlone({ file: 'front', isGatewayDown: true })
})
afterAll(() => Promise.all([world?.stop(), down?.stop()]))

const HTTPS_ONLY = { 'Strict-Transport-Security': 'max-age=31536000; includeSubDomains' }
const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/** Of everything that is no document of the app's own. */
const OF_A_REFUSAL = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': NOTHING,
  'Cache-Control': 'no-store',
}
const OVER_HTTPS = {
  ...HTTPS_ONLY,
  ...OF_A_REFUSAL,
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
const OF_THE_PAGE = {
  ...HTTPS_ONLY,
  'Content-Security-Policy': [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'",
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
const CACHED = { ...OF_THE_PAGE, 'Cache-Control': 'no-cache' }
const TOLD = [...Object.keys({ ...OVER_HTTPS, ...OF_THE_PAGE }), 'Retry-After', 'X-Frame-Options']

/** What an answer tells a browser to be strict about; a header that comes twice is told twice. */
const told = ({ rawHeaders }: Answer): object =>
  Object.fromEntries(
    TOLD.flatMap((name) => {
      const values = valuesOf(rawHeaders, name)
      return values.length === 0 ? [] : [[name, values.join(' | ')]]
    }),
  )

const NAVIGATION = { 'Sec-Fetch-Mode': 'navigate' }

// SEC-02, SEC-05
describe('a browser is told to be as strict as can be, and told once, by', () => {
  test.each<[string, () => Promise<Answer>, object]>([
    ['the page', () => world.get('/'), CACHED],
    ['a deep link', () => world.get('/orders/7'), CACHED],
    [
      'a file that is named by its content',
      () => world.get('/assets/app-1a2b.js'),
      { ...OF_THE_PAGE, 'Cache-Control': 'public, max-age=31536000, immutable' },
    ],
    ['a file that is not there', () => world.get('/assets/missing.js'), CACHED],
    ['a hidden file', () => world.get('/.env'), CACHED],
    ['a method that files do not know', () => world.get('/', { method: 'POST' }), CACHED],
    ['an address that is for nginx alone', () => world.get('/coatcheck/413'), OVER_HTTPS],
    [
      'a body that is too large',
      () => world.get('/bff/x', { method: 'POST', headers: { 'Content-Length': '999999999' } }),
      OVER_HTTPS,
    ],
    ['a target that is too long', () => world.get(`/api/${'a'.repeat(9_000)}`), OVER_HTTPS],
    ['headers that are too large', () => world.get('/api/x', { headers: { Cookie: `a=${'b'.repeat(9_000)}` } }), OVER_HTTPS],
    ['a gateway that is down', () => down.get('/api/x'), { ...OVER_HTTPS, 'Retry-After': '5' }],
    [
      'a gateway that is down, shown as a page',
      () => down.get('/bff/login', { headers: NAVIGATION }),
      {
        ...OVER_HTTPS,
        'Content-Security-Policy': NOTHING.replace(';', "; style-src 'sha256-4oTZrN0NP1GONQcuTYSgFNIw4vuNBnsIxPaTfBsqrE4=';"),
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Retry-After': '5',
      },
    ],
    ['plain http', () => world.overHttp('/'), OF_A_REFUSAL],
    ['the API over plain http', () => world.overHttp('/api/x'), OF_A_REFUSAL],
    ['another host', () => world.get('/', { headers: { Host: 'other.test' } }), OF_A_REFUSAL],
    ['another host over plain http', () => world.overHttp('/', { headers: { Host: 'other.test' } }), OF_A_REFUSAL],
    ['a path of the gateway, which says the rest itself', () => world.get('/bff/session'), HTTPS_ONLY],
    ['a carried path, of which the gateway says the rest', () => world.get('/api/x'), HTTPS_ONLY],
  ])('%s', async (_, question, expected) => {
    expect(told(await question())).toEqual(expected)
  })
})

describe('a gateway that cannot be asked', () => {
  test.each([
    ['a script', {}, 'application/problem+json', '"code":"gateway_unavailable"'],
    ['a person', NAVIGATION, 'text/html; charset=utf-8', 'Back in a moment'],
  ])('is 503 to %s, in a form for whoever asks', async (_, headers, type, words) => {
    for (const target of ['/bff/login', '/api/x']) {
      const answer = await down.get(target, { headers })
      expect([answer.status, answer.headers['content-type']]).toEqual([503, type])
      expect(answer.body).toContain(words)
    }
  })
})

describe('plain http', () => {
  test.each(['/', '/orders?x=1', '//evil.test/x', '/apix', '/bffx/y'])(
    'is sent on to our own origin, whatever host it was asked for: %s',
    async (target) => {
      const answer = await world.overHttp(target)
      expect([answer.status, answer.headers.location]).toEqual([308, `${world.nginx.origin}${target}`])
    },
  )

  test.each(['/api', '/api/', '/api/x', '/bff/login', '/bff', '/%61pi/x', '//api/x'])(
    'brings nothing to the gateway, and to nobody a redirect that would repeat it in silence: %s',
    async (target) => {
      const before = world.gateway.targets.length
      for (const method of ['GET', 'POST']) {
        const { status } = await world.overHttp(target, { method })
        if (target.startsWith('//') && method === 'GET') expect(status).toBe(308)
        else expect(status).toBe(403)
      }
      expect(world.gateway.targets.length).toBe(before)
    },
  )

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('sends no %s on', async (method) => {
    expect((await world.overHttp('/orders', { method })).status).toBe(403)
  })
})
