import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type ExactGateway, startExactGateway } from '../../../support/exact-gateway.ts'
import { statusesIn, valuesIn } from '../../../support/raw-answers.ts'

let exact: ExactGateway
beforeAll(async () => {
  exact = await startExactGateway()
})
afterAll(() => exact.stop())

const carried = (...lines: readonly string[]) => exact.carried('GET /api/x HTTP/1.1', ...lines)

describe('the headers of a request', () => {
  // HTTP-22, HTTP-23
  test('reach the upstream byte for byte, in their order and number', async () => {
    const lines = [
      'X-Many: one',
      'Accept: text/html;q=0.8,  */*',
      'x-many: two, three',
      'X-MANY:',
      'X-Obs: caf\xe9 \xff\x80',
      'X-Quoted: "a, b" ; c="\\""',
      'Accept-Encoding: gzip, br, zstd',
      'User-Agent: a (b; c)',
      'X-Many: one',
      `X-Long: ${'x'.repeat(8_000)}`,
    ]
    const message = await carried(...lines)
    const ours = new Set([
      'host',
      'connection',
      'authorization',
      'via',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'x-request-id',
    ])
    const came = message.lines
      .filter(([name]) => !ours.has(name.toLowerCase()))
      .map(([name, value]) => `${name}: ${value}`.trim())
    expect(came).toEqual(lines)
  })

  // HTTP-23, SMG-18
  test.each(['a\rb', 'a\nb', 'a\r\n b', 'a\x00b', 'a\x0bb', 'a\x7fb', 'a\x1bb'])(
    'hold no character that could end a line, or are refused: %j',
    async (value) => {
      const before = exact.upstream.messages().length
      expect(statusesIn(await exact.ask('GET /api/x HTTP/1.1', `X: ${value}`))).toEqual([400])
      expect(exact.upstream.messages()).toHaveLength(before)
    },
  )

  // HTTP-01, HTTP-02
  test.each([
    ['Connection: X-Foo, close', 'X-Foo: 1'],
    ['connection: x-FOO ,close', 'X-Foo: 1'],
    ['Connection: , ,\tX-Foo\t,', 'x-foo: 1'],
    ['Connection: keep-alive', 'CONNECTION: X-Foo', 'X-Foo: 1', 'X-Foo: 2'],
    ['X-Foo: 1', 'Connection: a, b, c, X-Foo'],
    ['Connection: close, X-Foo', 'X-Foo : 1'.replace(' :', ':')],
  ])('are left behind where Connection nominates them: %s', async (...lines) => {
    const message = await carried(...lines)
    expect(message.values('x-foo')).toEqual([])
    // HTTP-04
    expect(message.values('connection')).toEqual(['keep-alive'])
  })

  // HTTP-02, HTTP-10, HTTP-18
  test.each([
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic canary',
    'Proxy-Authenticate: canary',
    'TE: trailers',
    'TE: gzip;q=1',
    'Trailer: X-Canary',
    'Upgrade: h2c',
    'Upgrade: websocket, canary',
    'HTTP2-Settings: canary',
    'Proxy: http://canary',
  ])('that are of this connection alone stay here: %s', async (line) => {
    const [name = ''] = line.split(':', 1)
    for (const connection of ['close', `${name}, close`]) {
      const message = await carried(line, `Connection: ${connection}`)
      expect(message.values(name)).toEqual([])
      expect(message.head).not.toMatch(/canary/i)
    }
  })

  // HTTP-10, HTTP-12
  test.each(['1.0', '1.1'])('ask in vain for another protocol, and what follows is no tunnel: HTTP/%s', async (version) => {
    const asks = ['Connection: Upgrade, HTTP2-Settings, keep-alive', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']
    const next = 'GET /open/after HTTP/1.1\r\nHost: {host}\r\n\r\n'
    const head = [`POST /open/x HTTP/${version}`, 'Host: {host}', ...asks, 'Content-Length: 5']
    const said = await exact.say([...head, '', `hello${next}`].join('\r\n'))
    expect(exact.upstream.of('/open/x').at(-1)?.body).toBe('hello')
    expect(statusesIn(said)[0]).toBe(200)
    expect(valuesIn(said, 'connection')).toEqual(['close'])
    expect(exact.upstream.received().join('')).not.toMatch(/h2c|http2-settings/i)
  })

  // HTTP-03
  test('take nothing away that we add, by nominating it', async () => {
    const names =
      'authorization, x-forwarded-for, x-forwarded-proto, x-forwarded-host, via, host, x-request-id, content-length, cookie, x-csrf'
    const message = await carried(`Connection: ${names}`)
    for (const name of [
      'authorization',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'via',
      'host',
      'x-request-id',
    ]) {
      expect([name, message.values(name)]).toEqual([name, [expect.stringMatching(/./)]])
    }
    expect(message.values('cookie')).toEqual([])
    expect(message.values('via')).toEqual(['1.1 coatcheck'])
  })

  // HTTP-05
  test('keep the Via lines that came, ours behind them, and it names no host', async () => {
    const message = await carried('Via: 1.0 a', 'via: 1.1 b (comment), 2 c')
    expect(message.lines.filter(([name]) => name.toLowerCase() === 'via')).toEqual([
      ['Via', '1.0 a'],
      ['via', '1.1 b (comment), 2 c'],
      ['Via', '1.1 coatcheck'],
    ])
  })

  // HTTP-30
  test.each(['evil.test', '127.0.0.1:1'])('name the upstream as the host, once, whatever else they say: %s', async (evil) => {
    const message = await carried(
      `X-Forwarded-Host: ${evil}`,
      `X-Host: ${evil}`,
      `Forwarded: host=${evil}`,
      `X-Original-Host: ${evil}`,
    )
    expect(message.values('host')).toEqual([`127.0.0.1:${exact.upstream.port}`])
    expect(message.values('x-forwarded-host')).toEqual([exact.host])
    expect(message.head).not.toContain(evil)
  })
})

describe('credentials and identity', () => {
  // BFF-16
  test.each([
    ['Cookie: {cookie}'],
    ['cOOkIE: a=1', 'COOKIE: {cookie}x; b=2'],
    ['Cookie2: $Version=1'],
    ['Cookie: coatcheck2={cookie}; xcoatcheck=1'],
  ])('no cookie reaches an upstream, on a route for everybody: %s', async (...lines) => {
    await exact.say(['GET /open/x HTTP/1.1', 'Host: {host}', 'Connection: close', ...lines, '', ''].join('\r\n'))
    expect(exact.upstream.last().head).not.toMatch(/cookie|coatcheck2|xcoatcheck/i)
    expect(exact.upstream.last().head).not.toContain(exact.cookie.slice(-20))
  })

  // BFF-16
  test('no cookie reaches an upstream, split over lines and in odd case', async () => {
    const message = await carried('cookie: a=1', 'COOKIE: coatcheck2=1', 'Cookie:   other = 2')
    expect(message.head).not.toMatch(/cookie|coatcheck2|other/i)
  })

  // BFF-17, H-51
  test.each([
    'Authorization: Bearer attacker',
    'authorization: Basic YXR0YWNrZXI=',
    'AUTHORIZATION:attacker',
    'DPoP: attacker',
    'X-Access-Token: attacker',
    'X-Auth-Token: attacker',
    'X-Api-Key: attacker',
    'X-Id-Token: attacker',
    'Token: attacker',
    'X-Auth-Request-Access-Token: attacker',
    'X_Access_Token: attacker',
  ])('an upstream gets the token of the session, and nothing that the browser calls one: %s', async (line) => {
    const message = await carried(line, line)
    expect(message.values('authorization')).toEqual([expect.stringMatching(/^Bearer \S+$/)])
    expect(message.head).not.toMatch(/attacker|YXR0YWNrZXI/)
    await exact.say(['GET /open/x HTTP/1.1', 'Host: {host}', 'Connection: close', line, '', ''].join('\r\n'))
    expect(exact.upstream.last().head).not.toMatch(/attacker|YXR0YWNrZXI|authorization/i)
  })

  // BFF-17
  test('without a session nothing is asked of the upstream', async () => {
    const before = exact.upstream.octets()
    for (const lines of [[], ['Authorization: Bearer attacker'], ['Cookie: coatcheck=s%3Ax.y']]) {
      const said = await exact.say(
        ['GET /api/x HTTP/1.1', 'Host: {host}', 'X-CSRF: 1', 'Connection: close', ...lines, '', ''].join('\r\n'),
      )
      expect(statusesIn(said)).toEqual([401])
    }
    expect(exact.upstream.octets()).toBe(before)
  })

  // FWD-06, H-06
  test.each([
    'X-User-Id',
    'X-User',
    'X-User-Roles',
    'X-Session-Id',
    'X-Forwarded-User',
    'X-Forwarded-Email',
    'X-Forwarded-Groups',
    'X-Forwarded-Preferred-Username',
    'X-Auth-Request-User',
    'Remote-User',
    'X-Remote-User',
    'X-WebAuth-User',
    'X-Email',
    'X-Groups',
    'OIDC-Claim-sub',
    'X-Goog-Authenticated-User-Email',
    'X-MS-Client-Principal',
    'Impersonate-User',
    // FWD-07
    'Client-Cert',
    'Client-Cert-Chain',
    'X-SSL-Client-Cert',
    'X-SSL-Client-Verify',
  ])('nobody says who is asking but us: %s', async (name) => {
    const shapes = [
      name,
      name.toLowerCase(),
      name.toUpperCase(),
      name.replaceAll('-', '_'),
      name.replaceAll('-', '.'),
      name.replace('-', '--'),
    ]
    const message = await carried(...shapes.slice(0, 5).map((shape) => `${shape}: canary`), `Connection: ${name}`)
    expect(message.head).not.toContain('canary')
    // FWD-06: a name with letters that only look alike is none (RFC 9110 §5.1).
    const before = exact.upstream.messages().length
    const alike = Buffer.from(name.replace(/e/i, 'е')).toString('latin1')
    if (alike !== name) expect(statusesIn(await exact.ask('GET /api/x HTTP/1.1', `${alike}: canary`))).toEqual([400])
    expect(exact.upstream.messages()).toHaveLength(before)
  })
})

describe('forwarding', () => {
  // FWD-01, FWD-02, FWD-03, FWD-05
  test('is told in one scheme by us alone, whatever a peer that nobody trusts says', async () => {
    const forged = ['1.1.1.1, 2.2.2.2', 'unknown', '_hidden', '[2001:db8::1]:80', '"[2001:db8::1]"', '6.6.6.6:80', '']
    for (const value of forged) {
      const lines = [
        `X-Forwarded-For: ${value}`,
        `Forwarded: for=${value};proto=http;host=evil`,
        'X-Forwarded-Proto: ftp',
        'X-Forwarded-Host: evil',
        'X-Forwarded-Port: 1',
        'X-Forwarded-Prefix: /evil',
        'X-Real-IP: 6.6.6.6',
        'True-Client-IP: 6.6.6.6',
        'CF-Connecting-IP: 6.6.6.6',
      ]
      const message = await carried(...lines)
      expect(message.values('x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(message.values('x-forwarded-proto')).toEqual(['http'])
      expect(message.values('x-forwarded-host')).toEqual([exact.host])
      expect(message.values('forwarded')).toEqual([])
      expect(message.head).not.toMatch(/6\.6\.6\.6|evil|ftp|2001/)
    }
  })

  // FWD-08, H-07
  test.each([
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Original-Method',
    'X-Forwarded-Uri',
    'X-Forwarded-Path',
    'X-HTTP-Method-Override',
    'X-HTTP-Method',
    'X-HTTP-Path-Override',
    'X-Accel-Redirect',
    'X-Sendfile-Type',
    'X-Middleware-Subrequest',
  ])('no header makes another request of this one: %s', async (name) => {
    const message = await carried(`${name}: /canary`)
    expect(message.target).toBe('/api/x')
    expect(message.head).not.toContain('canary')
  })

  // FWD-09
  test('of a trace happens where it is one, and only then', async () => {
    const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const good = await carried(`traceparent: ${parent}`, 'tracestate: a=1', `baggage: ${'x'.repeat(10_000)}`)
    expect([good.values('traceparent'), good.values('tracestate'), good.values('baggage')]).toEqual([[parent], ['a=1'], []])
    for (const bad of [
      'x',
      `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
      `ff${parent.slice(2)}`,
      `${parent}-extra`,
      parent.toUpperCase(),
    ]) {
      const message = await carried(`traceparent: ${bad}`, 'tracestate: a=1')
      expect([message.values('traceparent'), message.values('tracestate')]).toEqual([[], []])
    }
  })
})
