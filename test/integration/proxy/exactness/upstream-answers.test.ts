import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type ExactGateway, startExactGateway } from '../../../support/exact-gateway.ts'
import { statusesIn, valuesIn } from '../../../support/raw-answers.ts'

let exact: ExactGateway
beforeAll(async () => {
  exact = await startExactGateway()
})
afterAll(() => exact.stop())

const ok = (...fields: readonly string[]) => ['HTTP/1.1 200 OK', ...fields, 'Content-Length: 2', '', 'ok'].join('\r\n')
const headOf = (answer: string) => answer.slice(0, answer.indexOf('\r\n\r\n'))
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)

describe('the headers of an answer', () => {
  // HTTP-22, HTTP-23
  test('reach the browser byte for byte, repeated ones in their order and number', async () => {
    const answer = await exact.answered(
      ok(
        'X-Many: one',
        'WWW-Authenticate: Bearer a="1"',
        'x-many: two, three',
        'Link: </b>; rel=next',
        'X-Many:',
        'X-Obs: caf\xe9 \xff\x80',
        'Link: </a>; rel=prev',
        'X-Many: one',
        'Via: 1.0 a',
        'Via: 1.1 b',
        'www-authenticate: DPoP',
      ),
    )
    expect(valuesIn(answer, 'x-many')).toEqual(['one', 'two, three', '', 'one'])
    expect(valuesIn(answer, 'link')).toEqual(['</b>; rel=next', '</a>; rel=prev'])
    expect(valuesIn(answer, 'www-authenticate')).toEqual(['Bearer a="1"', 'DPoP'])
    expect(valuesIn(answer, 'x-obs')).toEqual(['caf\xe9 \xff\x80'])
    // HTTP-05: ours is not added on the way back, which a gateway may leave out; theirs are kept.
    expect(valuesIn(answer, 'via')).toEqual(['1.0 a', '1.1 b'])
  })

  test('have names that mean something to JavaScript, like any other', async () => {
    const answer = await exact.answered(
      ok('constructor: a', '__proto__: b', 'toString: c', '__proto__: d', 'hasOwnProperty: e', '1: f'),
    )
    expect(statusesIn(answer)).toEqual([200])
    expect(valuesIn(answer, 'constructor')).toEqual(['a'])
    expect(valuesIn(answer, '1')).toEqual(['f'])
  })

  // HTTP-01, HTTP-02
  test.each([
    ['Connection: X-Foo, close', 'X-Foo: 1'],
    ['Connection: keep-alive', 'connection: a ,\tX-FOO', 'x-foo: 1', 'X-Foo: 2'],
    ['X-Foo: 1', 'Connection: ,,X-Foo,'],
  ])('stay here where Connection nominates them: %s', async (...fields) => {
    const answer = await exact.answered(ok(...fields))
    expect(headOf(answer)).not.toMatch(/x-foo/i)
  })

  // HTTP-02, HTTP-17
  test.each([
    'Keep-Alive: timeout=77',
    'Proxy-Connection: canary',
    'Proxy-Authenticate: canary',
    'Proxy-Authentication-Info: canary',
    'TE: canary',
    'Trailer: canary',
    'Upgrade: h2c, canary',
    'HTTP2-Settings: canary',
  ])('stay here where they are of that connection alone: %s', async (field) => {
    expect(headOf(await exact.answered(ok(field)))).not.toMatch(/canary|timeout=77/)
  })

  // HTTP-03
  test('take nothing away that we add, by nominating it', async () => {
    const ours = [
      'cache-control',
      'vary',
      'content-security-policy',
      'x-content-type-options',
      'referrer-policy',
      'cross-origin-resource-policy',
      'x-request-id',
      'date',
      'content-length',
    ]
    const answer = await exact.answered(ok(`Connection: ${ours.join(', ')}, set-cookie`))
    for (const name of ours.filter((each) => each !== 'content-length'))
      expect([name, valuesIn(answer, name)]).toEqual([name, [expect.stringMatching(/./)]])
    expect(bodyOf(answer)).toMatch(/ok/)
  })

  // HTTP-19
  test('have one date: the upstream’s, or ours where it gives none', async () => {
    const theirs = 'Sun, 06 Nov 1994 08:49:37 GMT'
    expect(valuesIn(await exact.answered(ok(`Date: ${theirs}`)), 'date')).toEqual([theirs])
    expect(valuesIn(await exact.answered(ok(`Date: ${theirs}`, 'Date: Mon, 07 Nov 1994 08:49:37 GMT')), 'date')).toEqual([theirs])
    const answers = [
      await exact.answered(ok()),
      await exact.ask('GET /nowhere HTTP/1.1'),
      await exact.say('no HTTP\r\n\r\n'),
      await exact.ask('OPTIONS /api/x HTTP/1.1', 'Max-Forwards: 0'),
    ]
    for (const answer of answers)
      expect(valuesIn(answer, 'date')).toEqual([expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)])
  })
})

describe('what an answer may not say', () => {
  // SEC-08, CCH-05
  test.each([
    'Set-Cookie: a=HOSTILE; Path=/',
    'Set-Cookie2: HOSTILE',
    'Clear-Site-Data: "HOSTILE"',
    'Strict-Transport-Security: HOSTILE',
    'Content-Security-Policy: HOSTILE',
    'Content-Security-Policy-Report-Only: HOSTILE',
    'X-Frame-Options: HOSTILE',
    'Service-Worker-Allowed: HOSTILE',
    'Access-Control-Allow-Origin: HOSTILE',
    'Access-Control-Allow-Credentials: HOSTILE',
    'Access-Control-Expose-Headers: HOSTILE',
    'Cross-Origin-Opener-Policy: HOSTILE',
    'Cross-Origin-Embedder-Policy: HOSTILE',
    'Cross-Origin-Resource-Policy: HOSTILE',
    'Alt-Svc: HOSTILE',
    'Refresh: 0; url=HOSTILE',
    'Public-Key-Pins: HOSTILE',
    'Public-Key-Pins-Report-Only: HOSTILE',
    'Report-To: HOSTILE',
    'Reporting-Endpoints: HOSTILE',
    'NEL: HOSTILE',
    'SourceMap: HOSTILE',
    'X-SourceMap: HOSTILE',
    'Link: <https://HOSTILE.test/x.js>; rel=preload; as=script',
    'Link: <https://HOSTILE.test>; rel="next preconnect"',
    'Proxy-Authenticate: HOSTILE',
    'Proxy-Status: HOSTILE',
    'X-Accel-Redirect: /HOSTILE',
    'X-Accel-Expires: HOSTILE',
    'X-Accel-Buffering: HOSTILE',
    'X-Accel-Limit-Rate: HOSTILE',
    'X-Accel-Charset: HOSTILE',
    'X-Sendfile: /HOSTILE',
    'X-LiteSpeed-Location: HOSTILE',
    'X-Reproxy-URL: HOSTILE',
    'DPoP-Nonce: HOSTILE',
    'Authentication-Info: HOSTILE',
    'Permissions-Policy: HOSTILE',
    'Speculation-Rules: HOSTILE',
    'Accept-CH: HOSTILE',
    'Origin-Agent-Cluster: HOSTILE',
    'Server: HOSTILE',
    'X-Powered-By: HOSTILE',
    'X-Request-Id: HOSTILE',
    'Coatcheck-Reason: HOSTILE',
    'WWW-Authenticate: Basic realm=HOSTILE',
    'WWW-Authenticate: Negotiate HOSTILE',
    'Surrogate-Control: HOSTILE',
    'CDN-Cache-Control: HOSTILE',
    'Cloudflare-CDN-Cache-Control: HOSTILE',
    'Edge-Control: HOSTILE',
  ])('does not reach the browser: %s', async (field) => {
    const [name = '', value = ''] = field.split(/: (.*)/s)
    const shapes = [
      `${name.toUpperCase()}: ${value}`,
      `${name.replaceAll('-', '_')}: ${value}`,
      `${name.replaceAll('-', '.')}: ${value}`,
    ]
    // Folded names of what is not dropped by name alone are others, which no browser reads.
    const isReadByValue = /^(?:link|www-authenticate)$/i.test(name)
    const answer = await exact.answered(ok(field, field, ...(isReadByValue ? shapes.slice(0, 1) : shapes)))
    expect(statusesIn(answer)).toEqual([200])
    expect(answer).not.toContain('HOSTILE')
  })

  // SEC-03
  test.each([
    'text/html',
    'image/svg+xml',
    'application/xml',
    'application/xhtml+xml',
    'application/pdf',
    'text/javascript',
    'multipart/x-mixed-replace',
  ])('is no document of the page’s origin: %s', async (type) => {
    const answer = await exact.answered(ok(`Content-Type: ${type}`, 'Content-Disposition: inline'))
    expect(valuesIn(answer, 'content-type')).toEqual([type])
    expect(valuesIn(answer, 'content-security-policy')).toEqual([
      "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ])
    expect(valuesIn(answer, 'x-content-type-options')).toEqual(['nosniff'])
    expect(valuesIn(answer, 'cross-origin-resource-policy')).toEqual(['same-origin'])
    expect(valuesIn(answer, 'referrer-policy')).toEqual(['no-referrer'])
  })

  // CCH-02, CCH-04, CCH-05
  test.each([
    '200 OK',
    '301 Moved Permanently',
    '308 Permanent Redirect',
    '404 Not Found',
    '410 Gone',
    '500 X',
    '206 Partial Content',
    '204 No Content',
  ])('is kept by no cache, whatever it says: %s', async (status) => {
    const fields = [
      'Cache-Control: public, max-age=60, s-maxage=60, immutable',
      'Expires: Fri, 01 Jan 2100 00:00:00 GMT',
      'Pragma: cache',
      'Age: 7',
      'Location: /api/y',
    ]
    const answer = await exact.answered(
      [`HTTP/1.1 ${status}`, ...fields, ...(status.startsWith('204') ? [] : ['Content-Length: 0']), '', ''].join('\r\n'),
    )
    expect(valuesIn(answer, 'cache-control')).toEqual(['private, no-store'])
    expect(headOf(answer)).not.toMatch(/^(?:expires|pragma|age):|s-maxage|public|immutable/im)
    expect(valuesIn(answer, 'vary')).toEqual(['Cookie'])
  })

  // CCH-03
  test.each([
    [['Authorization'], ['Cookie']],
    [
      ['Accept-Encoding, AUTHORIZATION', 'Origin'],
      ['Accept-Encoding', 'Origin', 'Cookie'],
    ],
    [['cookie,,Cookie '], ['Cookie']],
    [['*'], ['*', 'Cookie']],
  ])('depends on the cookie where it depended on the token: Vary %j', async (given, expected) => {
    expect(valuesIn(await exact.answered(ok(...given.map((value) => `Vary: ${value}`))), 'vary')).toEqual(expected)
  })

  // CCH-06
  test('is no stylesheet by its name', async () => {
    exact.upstream.answer('/api/me/x.css', ok('Content-Type: text/css', 'Cache-Control: public, max-age=9'))
    expect(valuesIn(await exact.ask('GET /api/me/x.css HTTP/1.1'), 'cache-control')).toEqual(['private, no-store'])
  })

  // CCH-01, CCH-07
  test('is stored and squeezed by nobody where it is our own', async () => {
    for (const path of ['/bff/session', '/bff/login', '/bff/callback', '/bff/logout', '/bff/nowhere', '/nowhere', '/api/../x']) {
      const answer = await exact.ask(`GET ${path} HTTP/1.1`, 'Accept-Encoding: gzip, br, zstd, deflate')
      expect([path, valuesIn(answer, 'cache-control')]).toEqual([path, ['no-store']])
      expect([path, valuesIn(answer, 'content-encoding')]).toEqual([path, []])
    }
  })
})

describe('the body of an answer', () => {
  // HTTP-21, HTTP-26, HTTP-41
  test.each(['gzip', 'br', 'zstd'])('stays encoded as it is, with its length: %s', async (coding) => {
    const bytes = '\x1f\x8b\x08\x00\x00\r\n\x00\xff\xfe'
    const answer = await exact.answered(
      [
        'HTTP/1.1 200 OK',
        `Content-Encoding: ${coding}`,
        'Cache-Control: no-transform',
        `Content-Length: ${bytes.length}`,
        '',
        bytes,
      ].join('\r\n'),
    )
    expect(bodyOf(answer)).toBe(bytes)
    expect(valuesIn(answer, 'content-encoding')).toEqual([coding])
    expect(valuesIn(answer, 'content-length')).toEqual([String(bytes.length)])
    expect(
      (await exact.carried('GET /api/x HTTP/1.1', `Accept-Encoding: ${coding};q=1, identity;q=0`)).values('accept-encoding'),
    ).toEqual([`${coding};q=1, identity;q=0`])
  })

  // HTTP-25
  test('is none to HEAD, which says the length that GET would have', async () => {
    for (const illegal of ['', 'ghost']) {
      const answer = await exact.answered(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${illegal}`, 'HEAD /api/scripted HTTP/1.1')
      expect([valuesIn(answer, 'content-length'), bodyOf(answer)]).toEqual([['5'], ''])
    }
    const chunked = await exact.answered('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'HEAD /api/scripted HTTP/1.1')
    expect([statusesIn(chunked), valuesIn(chunked, 'content-length'), bodyOf(chunked)]).toEqual([[200], [], ''])
    expect(bodyOf(await exact.ask('HEAD /nowhere HTTP/1.1'))).toBe('')
  })

  // HTTP-25, CCH-08
  test.each([
    ['204 No Content', []],
    ['304 Not Modified', ['ETag: "a"', 'Content-Length: 5', 'Vary: Accept', 'Date: Sun, 06 Nov 1994 08:49:37 GMT']],
  ])('is none to %s', async (status, fields) => {
    const answer = await exact.answered([`HTTP/1.1 ${status}`, ...fields, '', ''].join('\r\n'))
    expect(statusesIn(answer)).toEqual([Number(status.slice(0, 3))])
    expect(bodyOf(answer)).toBe('')
    expect(valuesIn(answer, 'transfer-encoding')).toEqual([])
    expect(valuesIn(answer, 'cache-control')).toEqual(['private, no-store'])
    expect(valuesIn(answer, 'vary').at(-1)).toBe('Cookie')
    if (status.startsWith('304')) expect(valuesIn(answer, 'etag')).toEqual(['"a"'])
  })

  // CCH-08
  test('is asked for by the conditions that the browser has', async () => {
    const conditions = ['If-None-Match: "a", W/"b"', 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT', 'If-Match: *']
    const message = await exact.carried('GET /api/x HTTP/1.1', ...conditions)
    expect(message.lines.filter(([name]) => name.startsWith('If-')).map((line) => line.join(': '))).toEqual(conditions)
  })

  // HTTP-42
  test.each([
    ['bytes=0-1', '206 Partial Content', ['Content-Range: bytes 0-1/10', 'Content-Type: text/plain']],
    ['bytes=0-1,4-5', '206 Partial Content', ['Content-Type: multipart/byteranges; boundary=x']],
    ['bytes=99-', '416 Range Not Satisfiable', ['Content-Range: bytes */10']],
  ])('is a part where a part was asked for: %s', async (range, status, fields) => {
    const parts = status.startsWith('206') ? '--x\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--x--' : ''
    exact.upstream.answer(
      '/api/part',
      [`HTTP/1.1 ${status}`, 'Accept-Ranges: bytes', ...fields, `Content-Length: ${parts.length}`, '', parts].join('\r\n'),
    )
    const answer = await exact.ask('GET /api/part HTTP/1.1', `Range: ${range}`, 'If-Range: "a"')
    const asked = exact.upstream.last()
    expect([asked.values('range'), asked.values('if-range')]).toEqual([[range], ['"a"']])
    expect(statusesIn(answer)).toEqual([Number(status.slice(0, 3))])
    for (const field of [...fields, 'Accept-Ranges: bytes']) {
      const [name = '', value] = field.split(': ')
      expect(valuesIn(answer, name)).toEqual([value])
    }
    expect(bodyOf(answer)).toBe(parts)
  })

  // HTTP-16, HTTP-17
  test('leaves its trailers behind, asked for or not', async () => {
    const trailers = 'Set-Cookie: late=1\r\nX-Late: 1\r\nAuthorization: late\r\nLocation: /late\r\nCache-Control: late\r\n'
    const answer = [
      'HTTP/1.1 200 OK',
      'Trailer: X-Late, Set-Cookie',
      'Transfer-Encoding: chunked',
      '',
      `5\r\nhello\r\n0\r\n${trailers}\r\n`,
    ].join('\r\n')
    exact.upstream.answer('/api/late-fields', answer)
    const said = await exact.say(
      'GET /api/late-fields HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX-CSRF: 1\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n',
    )
    expect(bodyOf(said)).toBe('5\r\nhello\r\n0\r\n\r\n')
    expect(said).not.toMatch(/late|trailer/i)
    expect(exact.upstream.last().values('te')).toEqual([])
  })

  // HTTP-43
  test('comes piece by piece, as the upstream sends it', async () => {
    let more: ((bytes: string) => void) | undefined
    exact.upstream.answer('/api/pieces', (peer) => {
      peer.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
      more = (bytes) => peer.write(`${bytes.length.toString(16)}\r\n${bytes}\r\n`)
    })
    const client = await exact.open()
    client.write('GET /api/pieces HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX-CSRF: 1\r\n\r\n')
    await client.until('\r\n\r\n')
    for (const piece of ['data: one\n\n', 'data: two\n\n']) {
      more?.(piece)
      await client.until(piece)
    }
    expect(valuesIn(client.received(), 'x-accel-buffering')).toEqual([])
    client.destroy()
    await exact.upstream.until(() => !exact.upstream.isOpen('/api/pieces'))
  })
})

describe('the status of an answer', () => {
  // HTTP-24
  test.each([200, 201, 202, 203, 207, 226, 299, 400, 402, 403, 409, 418, 422, 429, 451, 499, 500, 501, 502, 503, 504, 520, 599])(
    'reaches the browser as it is: %i',
    async (status) => {
      expect(statusesIn(await exact.answered(`HTTP/1.1 ${status} Whatever\r\nContent-Length: 0\r\n\r\n`))).toEqual([status])
    },
  )

  // H-64: by its reason a client tells our 401 from the API's.
  test('401 of an upstream is not ours', async () => {
    const answer = await exact.answered('HTTP/1.1 401 X\r\nCoatcheck-Reason: expired\r\nContent-Length: 0\r\n\r\n')
    expect([statusesIn(answer), valuesIn(answer, 'coatcheck-reason')]).toEqual([[401], []])
    expect(
      valuesIn(
        await exact.say('GET /api/x HTTP/1.1\r\nHost: {host}\r\nX-CSRF: 1\r\nConnection: close\r\n\r\n'),
        'coatcheck-reason',
      ),
    ).toEqual(['none'])
  })

  // HTTP-15
  test.each([
    ['102 Processing', '1.1'],
    ['103 Early Hints', '1.1'],
    ['103 Early Hints', '1.0'],
    ['199 Whatever', '1.1'],
  ])('is the final one: %s before it stays here, however often, for HTTP/%s', async (interim, version) => {
    const hint = `HTTP/1.1 ${interim}\r\nLink: </x.js>; rel=preload\r\nSet-Cookie: early=1\r\n\r\n`
    const answer = await exact.answered(hint.repeat(20) + ok(), `GET /api/scripted HTTP/${version}`)
    expect(statusesIn(answer)).toEqual([200])
    expect(answer).not.toMatch(/early|preload/i)
    expect(bodyOf(answer)).toBe('ok')
  })
})

const redirect = (status: number, location: string) =>
  `HTTP/1.1 ${status} X\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`

describe('a redirect', () => {
  // HTTP-40
  test.each([301, 302, 303, 307, 308])('is not followed, and leads below its route: %i', async (status) => {
    const before = exact.upstream.messages().length
    for (const [location, mapped] of [
      ['/api/next?x=%2F#y', '/api/next?x=%2F#y'],
      [`${exact.upstream.origin}/api/next`, '/api/next'],
      [`${exact.gateway.origin}/api/next`, '/api/next'],
      ['next', '/api/next'],
      ['?page=2', '/api/scripted?page=2'],
    ] as const) {
      const answer = await exact.answered(redirect(status, location))
      expect([location, statusesIn(answer), valuesIn(answer, 'location')]).toEqual([location, [status], [mapped]])
    }
    expect(exact.upstream.messages()).toHaveLength(before + 5)
  })

  // HTTP-40
  test.each([
    'https://evil.test/',
    '//evil.test/',
    'http://10.0.0.1/',
    'http://127.0.0.1:1/api/x',
    'javascript:alert(1)',
    'data:text/html,x',
    '/other',
    '/api/../bff/logout',
    '/api//evil.test',
    '\\\\evil.test',
    'http://x@127.0.0.1/api/',
    '/api/%2e%2e/x',
  ])('that leads out of its route is 502: %s', async (location) => {
    const answer = await exact.answered(redirect(302, location))
    expect(answer).toMatch(/^HTTP\/1\.1 502 .*"code":"upstream_answer_invalid"/s)
    expect(answer).not.toContain(location)
  })

  // HTTP-40
  test('that leads to two places is 502', async () => {
    expect(
      statusesIn(await exact.answered('HTTP/1.1 302 X\r\nLocation: /api/a\r\nLocation: /api/b\r\nContent-Length: 0\r\n\r\n')),
    ).toEqual([502])
  })
})
