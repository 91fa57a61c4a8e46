import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CarryingLane, startCarryingLane } from '../../support/carrying-lane.ts'
import { openRaw, rawRequest } from '../../support/raw-client.ts'
import { send } from '../../support/upstream-answers.ts'

let lane: CarryingLane

beforeAll(async () => {
  lane = await startCarryingLane()
})
afterAll(() => lane.close())

function ask(path: string, method = 'GET', version = '1.1'): Promise<string> {
  return rawRequest(
    lane.port,
    `${method} /api${path} HTTP/${version}\r\nHost: a\r\nCookie: session=1\r\nConnection: close\r\n\r\n`,
  )
}

/** What the browser gets of an answer with these headers. */
async function seen(headers: readonly string[], status = 200): Promise<string> {
  lane.upstream.answer('/scripted', (_request, response) => send(response, status, [...headers, 'content-length', '2'], 'ok'))
  return ask('/scripted')
}

describe('an upstream’s answer', () => {
  // HTTP-22, HTTP-24
  test('keeps its status and its repeated headers', async () => {
    const answer = await ask('/duplicates')
    expect(answer).toMatch(/^HTTP\/1.1 299 /)
    expect(answer).toMatch(/x-many: one\r\nx-many: two\r\n/)
  })

  test.each(['/plain', '/chunked', '/until-close'])('has its whole body: %s', async (path) => {
    expect(await ask(path)).toMatch(/hello$|one,.*two|until the end/s)
  })

  test('has the same bytes, whatever they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_byte, at) => at))
    lane.upstream.answer('/bytes', (_request, response) => void response.writeHead(200, { 'content-length': 256 }).end(bytes))
    expect((await ask('/bytes')).endsWith(`\r\n\r\n${bytes.toString('latin1')}`)).toBe(true)
  })

  // SEC-08, H-23
  test('leaves behind what it may not say', async () => {
    const names = `Set-Cookie Set-Cookie Clear-Site-Data Strict-Transport-Security Service-Worker-Allowed Access-Control-Allow-Origin
      Alt-Svc Refresh X-Accel-Redirect X-Sendfile Proxy-Authenticate DPoP-Nonce Server X-Powered-By Coatcheck-Reason Report-To SourceMap
      Content-Security-Policy X-Request-Id`
    const forbidden = [
      ...names.split(/\s+/).flatMap((name) => [name, 'HOSTILE']),
      'Link',
      '<https://HOSTILE>; rel=preload',
      'Link',
      '</x>; rel="next preconnect"',
    ]
    const answer = await seen([...forbidden, 'Link', '</api/manifests?page=2>; rel="next"', 'X-Kept', 'yes'])
    expect(answer).not.toContain('HOSTILE')
    expect(answer).not.toContain('preconnect')
    expect(answer).toContain('rel="next"')
    expect(answer).toContain('x-kept: yes')
    expect(answer).toContain('X-Request-Id: request-id-1')
  })

  // SEC-03
  test('cannot run as a document of the page’s origin', async () => {
    const answer = await seen([
      'content-type',
      'text/html',
      'X-Frame-Options',
      'ALLOWALL',
      'Cross-Origin-Resource-Policy',
      'cross-origin',
    ])
    expect(answer.match(/content-security-policy: .*/gi)).toEqual([
      "Content-Security-Policy: sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ])
    expect(answer).toContain('X-Content-Type-Options: nosniff')
    expect(answer.match(/cross-origin-resource-policy: .*/gi)).toEqual(['Cross-Origin-Resource-Policy: same-origin'])
    expect(answer).not.toMatch(/x-frame-options/i)
  })

  // CCH-02, CCH-05
  test('is kept by no cache', async () => {
    const answer = await seen([
      'Cache-Control',
      'public, max-age=60, s-maxage=60',
      'Expires',
      'x',
      'Pragma',
      'cache',
      'Age',
      '1',
      'Surrogate-Control',
      'max-age=9',
      'CDN-Cache-Control',
      'max-age=9',
      'X-Accel-Expires',
      '9',
      'Vary',
      'Accept-Language',
      'ETag',
      '"1"',
    ])
    expect(answer.match(/cache-control: .*/gi)).toEqual(['Cache-Control: private, no-store'])
    expect(answer).not.toMatch(/expires|pragma|max-age|^age:/im)
    expect(answer.match(/vary: .*/gi)).toEqual(['vary: Accept-Language', 'Vary: Cookie'])
    expect(answer).toContain('etag: "1"')
  })

  // CCH-03
  test.each([
    [['Authorization'], ['Vary: Cookie']],
    [['cookie, AUTHORIZATION , '], ['Vary: Cookie']],
    [['Origin, Authorization, Accept'], ['vary: Origin, Accept', 'Vary: Cookie']],
    [
      ['Cookie', 'Accept'],
      ['vary: Accept', 'Vary: Cookie'],
    ],
    [['*'], ['vary: *', 'Vary: Cookie']],
  ])('depends on the cookie where it depended on the token, and says each thing once: %j', async (given, expected) => {
    const answer = await seen(given.flatMap((value) => ['Vary', value]))
    expect(answer.match(/vary: .*/gi)).toEqual(expected)
  })

  test('opens no sign-in dialog of the browser’s own', async () => {
    const answer = await seen(
      [
        'WWW-Authenticate',
        'Basic realm="x"',
        'WWW-Authenticate',
        'Bearer realm="a", NEGOTIATE',
        'WWW-Authenticate',
        'Bearer error="invalid_token"',
      ],
      401,
    )
    expect(answer.match(/www-authenticate: .*/gi)).toEqual(['www-authenticate: Bearer error="invalid_token"'])
  })

  // HTTP-01, HTTP-03
  test('keeps to itself what is of its connection, and cannot take away what we add', async () => {
    const answer = await seen([
      'Connection',
      'x-hop, cache-control, content-security-policy, x-request-id',
      'X-Hop',
      '1',
      'Keep-Alive',
      'timeout=99',
      'Proxy-Connection',
      'x',
      'TE',
      'trailers',
      'HTTP2-Settings',
      'x',
    ])
    expect(answer).not.toMatch(/x-hop|timeout=99|proxy-connection|trailers|http2/i)
    expect(answer).toContain('Cache-Control: private, no-store')
    expect(answer).toContain('Content-Security-Policy: sandbox')
    expect(answer).toContain('X-Request-Id: request-id-1')
  })

  // HTTP-19
  test('has one date: its own, or ours where it has none', async () => {
    const own = await seen(['Date', 'Sun, 06 Nov 1994 08:49:37 GMT'])
    expect(own.match(/^date: .*/gim)).toEqual(['date: Sun, 06 Nov 1994 08:49:37 GMT'])
    expect((await ask('/until-close')).match(/^date: .*/gim)).toHaveLength(1)
  })

  // HTTP-25
  test('has no body where there can be none', async () => {
    const head = await ask('/plain', 'HEAD')
    expect(head).toMatch(/content-length: 5\r\n/i)
    expect(head.endsWith('\r\n\r\n')).toBe(true)
    for (const path of ['/no-content', '/body-with-204']) {
      const answer = await ask(path)
      expect(answer).toMatch(/^HTTP\/1.1 204 /)
      expect(answer).not.toMatch(/content-length|ghost/i)
      expect(answer.endsWith('\r\n\r\n')).toBe(true)
    }
  })

  // SMG-12
  test('is followed by nobody else’s', async () => {
    expect(await ask('/surplus')).toMatch(/\r\n\r\nhello$/)
    expect(await ask('/plain')).not.toContain('ghost')
    expect(await ask('/body-with-204')).not.toContain('ghost')
    expect(await ask('/plain')).not.toContain('ghost')
  })

  // HTTP-15, HTTP-16
  test('comes without early hints and without trailers', async () => {
    expect(await ask('/early-hints')).toMatch(/^HTTP\/1.1 200 .*hello$/s)
    const answer = await ask('/trailers')
    expect(answer).toContain('hello')
    expect(answer).not.toMatch(/late|trailer/i)
  })

  test('reaches an HTTP/1.0 client without chunks', async () => {
    const answer = await ask('/chunked', 'GET', '1.0')
    expect(answer).not.toMatch(/transfer-encoding/i)
    expect(answer.endsWith('\r\n\r\none,two')).toBe(true)
  })

  // HTTP-40
  test('redirects within its route only', async () => {
    expect(await seen(['Location', `${lane.upstream.origin}/next?x=1`], 302)).toMatch(
      /^HTTP\/1.1 302 .*\r\nlocation: \/api\/next\?x=1\r\n/is,
    )
    expect(await seen(['Location', '/next'], 307)).toMatch(/\r\nlocation: \/api\/next\r\n/i)
    for (const location of ['https://evil.example/', '//evil.example/', 'http://10.0.0.1/', 'javascript:alert(1)']) {
      const refused = await seen(['Location', location], 302)
      expect(refused).toMatch(/^HTTP\/1.1 502 .*upstream_answer_invalid$/s)
      expect(refused).not.toContain(location)
    }
    expect(await seen(['Location', '/made/1'], 201)).toMatch(/^HTTP\/1.1 201 .*\r\nlocation: \/api\/made\/1\r\n/is)
    const elsewhere = await seen(['Location', 'http://internal/made/1', 'Content-Location', 'http://internal/x'], 201)
    expect(elsewhere).toMatch(/^HTTP\/1.1 201 /)
    expect(elsewhere).not.toContain('internal')
  })

  // HTTP-43
  test('is passed on piece by piece, an event stream too', async () => {
    const client = await openRaw(lane.port)
    client.write('GET /api/events HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\nAccept: text/event-stream\r\n\r\n')
    await client.until('data: first')
    client.destroy()
    await lane.upstream.until(() => lane.upstream.last().isAborted)
  })

  test('has its headers sent before there is a body', async () => {
    lane.upstream.answer('/headers-only', (_request, response) => response.writeHead(200, { 'x-early': '1' }).flushHeaders())
    const client = await openRaw(lane.port)
    client.write('GET /api/headers-only HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n')
    await client.until('x-early: 1')
    client.destroy()
  })

  // HTTP-38
  test('comes in the order of the questions where a client asks several at once', async () => {
    const client = await openRaw(lane.port)
    lane.upstream.answer('/slow', (_request, response) => {
      void lane.upstream
        .until(() => lane.upstream.requests.some(({ target }) => target === '/plain?fast'))
        .then(() => response.end('slow'))
    })
    client.write('GET /api/slow HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n')
    client.write('GET /api/plain?fast HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\nConnection: close\r\n\r\n')
    const both = await client.closed()
    expect(both.indexOf('slow')).toBeLessThan(both.indexOf('hello'))
  })
})
