import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { valuesOf } from './ask.ts'
import { echoOf, type NginxAlone, startNginxAlone } from './nginx-alone.ts'

/** What acts on a page's whole origin, is taken for the gateway's own word, or tells how an API is made. */
const KEPT_BACK =
  `Set-Cookie Set-Cookie2 Set-Login Clear-Site-Data Service-Worker-Allowed Strict-Transport-Security Expect-CT Alt-Svc Refresh Report-To
  Reporting-Endpoints NEL SourceMap X-SourceMap Speculation-Rules Supports-Loading-Mode Origin-Agent-Cluster Permissions-Policy Feature-Policy
  Document-Policy Integrity-Policy Accept-CH Critical-CH Timing-Allow-Origin Use-As-Dictionary Observe-Browsing-Topics Activate-Storage-Access
  X-Permitted-Cross-Domain-Policies X-XSS-Protection X-DNS-Prefetch-Control Access-Control-Allow-Origin Access-Control-Allow-Credentials
  Access-Control-Allow-Methods Access-Control-Allow-Headers Access-Control-Expose-Headers Access-Control-Max-Age
  Access-Control-Allow-Private-Network Cross-Origin-Opener-Policy Cross-Origin-Embedder-Policy Cross-Origin-Resource-Policy
  Cross-Origin-Opener-Policy-Report-Only Cross-Origin-Embedder-Policy-Report-Only Content-Security-Policy Content-Security-Policy-Report-Only
  X-Frame-Options X-Content-Type-Options Referrer-Policy Cache-Control Expires Pragma Age Vary X-Request-Id Surrogate-Control Edge-Control
  CDN-Cache-Control Authorization Cookie DPoP DPoP-Nonce Authentication-Info Authentication-Control Optional-WWW-Authenticate Proxy-Authenticate
  Proxy-Authentication-Info Public-Key-Pins Public-Key-Pins-Report-Only Attribution-Reporting-Register-Source
  Attribution-Reporting-Register-Trigger Sec-Session-Registration Sec-Session-Challenge Secure-Session-Registration Secure-Session-Challenge
  X-SendFile X-Lighttpd-Send-File X-Reproxy-URL X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset
  X-LiteSpeed-Cache-Control X-LiteSpeed-Location X-AspNet-Version X-AspNetMvc-Version X-Powered-By Server Coatcheck-Reason Coatcheck-Code
  Location Content-Location Link Trailer Upgrade Keep-Alive`.split(/\s+/)

/** What an API needs to answer, and may have of its client. */
const BROUGHT =
  `Accept Accept-Encoding Accept-Language Content-Type Content-Encoding Content-Language If-Match If-None-Match If-Modified-Since
  If-Unmodified-Since If-Range Range Idempotency-Key Prefer User-Agent Origin`.split(/\s+/)

let world: NginxAlone
beforeAll(async () => {
  world = await startNginxAlone({ file: 'carries' })
  world.decides.on('/authorize', ({ headers }, response) => {
    response.writeHead(204, headers.cookie === 'nobody=1' ? {} : { Authorization: 'Bearer of-the-gateway' }).end()
  })
})
afterAll(() => world?.stop())

/** What reaches a client of an API that answers with these headers. */
async function answered(headers: Readonly<Record<string, string>>, status = 200): Promise<readonly string[]> {
  world.api.on('/answer', (_, response) => void response.writeHead(status, headers).end('its own'))
  const { rawHeaders, body } = await world.get('/api/answer')
  expect(body).toBe('its own')
  return rawHeaders
}

test('The headers of an API may be as many as the gateway would take.', async () => {
  const many = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`X-Many-${index}`, 'b'.repeat(2000)]))
  expect(valuesOf(await answered(many), 'X-Many-15')).toEqual(['b'.repeat(2000)])
})

describe('of a client an API gets', () => {
  test('what it needs to answer, what nginx knows, and not a header more', async () => {
    const own = Object.fromEntries(BROUGHT.map((name) => [name, `of the client: ${name}`]))
    const forged =
      `Authorization Cookie X-CSRF Sec-Fetch-Site Referer Via X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Request-Id
      traceparent X-Tenant X-User DPoP Forwarded`.split(/\s+/)
    const headers = { ...own, ...Object.fromEntries(forged.map((name) => [name, 'forged'])) }
    const lines = echoOf(await world.get('/api/x', { headers })).headers
    const named = Object.fromEntries(
      lines.flatMap((name, at) => (at % 2 === 0 ? [[name, valuesOf(lines, name).join(' | ')]] : [])),
    )
    expect(named).toEqual({
      ...own,
      Authorization: 'Bearer of-the-gateway',
      Host: world.api.address,
      Via: '1.1 coatcheck',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': new URL(world.nginx.origin).host,
      'X-Request-Id': expect.stringMatching(/^[0-9a-f]{32}$/),
    })
  })

  test('no token where the gateway gave none', async () => {
    const answer = await world.get('/api/x', { headers: { Cookie: 'nobody=1', Authorization: 'Bearer forged' } })
    expect(valuesOf(echoOf(answer).headers, 'Authorization')).toEqual([])
  })

  test.each<[string, boolean]>([
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
    ['00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01', false],
    ['01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x', false],
    ['x00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c8031-b7ad6b7169203331-01', false],
  ])('a trace only in the one form that it has: %s, %s', async (traceparent, isBrought) => {
    const { headers } = echoOf(await world.get('/api/x', { headers: { traceparent } }))
    expect(valuesOf(headers, 'traceparent')).toEqual(isBrought ? [traceparent] : [])
  })
})

describe('of an API’s answer a browser gets', () => {
  test.each(KEPT_BACK)('no %s', async (name) => {
    expect((await answered({ [name]: 'theirs' })).filter((each) => each.includes('theirs'))).toEqual([])
  })

  test.each([200, 404, 500])('what keeps it from being a document, or kept, whatever it is: %d', async (status) => {
    const rawHeaders = await answered({ 'Content-Type': 'text/html' }, status)
    for (const [name, value] of [
      ['Content-Type', 'text/html'],
      ['Content-Security-Policy', "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'"],
      ['X-Content-Type-Options', 'nosniff'],
      ['Cross-Origin-Resource-Policy', 'same-origin'],
      ['Referrer-Policy', 'no-referrer'],
      ['Cache-Control', 'private, no-store'],
      ['Vary', 'Cookie'],
      ['X-Request-Id', expect.stringMatching(/^[0-9a-f]{32}$/)],
      ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
    ] as const) {
      expect([name, valuesOf(rawHeaders, name)]).toEqual([name, [value]])
    }
  })

  test.each<[string, string, boolean]>([
    ...['Bearer', 'Bearer realm="x", error="insufficient_scope"', 'DPoP algs="ES256"', 'Basically x'].map(
      (value) => ['WWW-Authenticate', value, true] as [string, string, boolean],
    ),
    ...`Basic Digest Negotiate NTLM Kerberos Mutual HOBA SCRAM-SHA-256 basic BASIC`
      .split(' ')
      .flatMap((scheme) => [scheme, `${scheme} realm="x"`, `Bearer, ${scheme} realm="x"`, `Bearer realm="x",${scheme}`])
      .map((value) => ['WWW-Authenticate', value, false] as [string, string, boolean]),
    ['Link', '</a?page=2>; rel="next"', true],
    ['Link', '</a>; rel=next, </b>; rel="prev", </c>; rel=first', true],
    ['Link', '</x.css>; rel=preload; as=style', false],
    ['Link', '</a>; rel="next", </x.css>; rel=preload', false],
    ['Link', '</x.css>; rel=preload, </a>; rel="next"', false],
    ['Link', '</a>; rel="next preload"', false],
    ['Link', '</a>; rel=next; as=script', false],
    ['Link', '<https://evil.test/>; rel=preconnect', false],
  ])('%s: %s only where no browser acts on it by itself (%s)', async (name, value, isPassed) => {
    expect(valuesOf(await answered({ [name]: value }), name)).toEqual(isPassed ? [value] : [])
  })

  test.each<[string, string | undefined]>([
    ['/', '/api/'],
    ['OURS/orders', '/api/orders'],
    ['API/orders', '/api/orders'],
    ['/a.b/c?x=/../y#/../z', '/api/a.b/c?x=/../y#/../z'],
    ...`/.well-known //evil.test /a//b /a/.. /a/../b /a/./b /%2e%2e/b /a%2Fb /a%2fb /a%5cb /a%5Cb /a\\b /%2E%2E/b OURS.evil.test/ OURS@evil.test/
      API.evil.test/ http://evil.test/ evil relative/path ?x=1 #x https:/x`
      .split(/\s+/)
      .map((location) => [location, undefined] as [string, undefined]),
    ['/a b', undefined],
    ['/ä', undefined],
  ])('a Location that stays inside the route: %s, as %s', async (location, expected) => {
    const written = location.replace('OURS', world.nginx.origin).replace('API', `http://${world.api.address}`)
    const rawHeaders = await answered({ Location: Buffer.from(written).toString('latin1') }, 302)
    expect(valuesOf(rawHeaders, 'Location')).toEqual(expected === undefined ? [] : [expected])
  })
})
