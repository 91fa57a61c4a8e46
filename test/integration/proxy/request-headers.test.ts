import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CarryingLane, startCarryingLane } from '../../support/carrying-lane.ts'
import { openRaw, rawRequest } from '../../support/raw-client.ts'

let lane: CarryingLane

beforeAll(async () => {
  lane = await startCarryingLane()
})
afterAll(() => lane.close())

/** Sends header lines with a session, and gives what the upstream got. */
async function carried(lines: readonly string[], first?: string) {
  return { answer: await ask(lines, first), got: lane.upstream.last() }
}

async function ask(lines: readonly string[], first = 'GET /api/x HTTP/1.1'): Promise<string> {
  const head = [first, 'Host: app.example', 'Cookie: session=1', 'Connection: close', ...lines]
  return rawRequest(lane.port, `${head.join('\r\n')}\r\n\r\n`)
}

describe('what a client says in headers', () => {
  test('reaches the upstream in the order and number in which it came', async () => {
    const { got } = await carried(['X-Many: one', 'Accept: a/b', 'x-many: two', 'X-MANY: three'])
    expect(got.lines.filter(([name]) => /x-many|accept/i.test(name))).toEqual([
      ['X-Many', 'one'],
      ['Accept', 'a/b'],
      ['x-many', 'two'],
      ['X-MANY', 'three'],
    ])
  })

  // H-31
  test('holds no cookie of ours, split, doubled or in odd case', async () => {
    const { got } = await carried(['cOOkie: __Host-Http-coatcheck=1', 'COOKIE: other=2'])
    expect(got.values('cookie')).toEqual([])
  })

  // H-51, BFF-17
  test('holds the session’s token and no other credential', async () => {
    const { got } = await carried(['Authorization: Bearer attacker', 'authorization: Basic eDp5', 'DPoP: x', 'X-Access-Token: x'])
    expect(got.values('authorization')).toEqual(['Bearer the-access-token'])
    expect(got.values('dpop')).toEqual([])
    expect(got.values('x-access-token')).toEqual([])
  })

  // H-06, H-08, FWD-06
  test('says nothing about who is asking and from where', async () => {
    const { got } = await carried([
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Proto: http',
      'Forwarded: for=6.6.6.6',

      'X-Forwarded-User: root',
      'X_Forwarded_User: root',
      'X.Forwarded.User: root',
      'x-forwarded-user: root',
      'X-Real-IP: 6.6.6.6',
    ])
    expect(got.values('x-forwarded-for')).toEqual(['192.0.2.7'])
    expect(got.values('x-forwarded-host')).toEqual(['app.example'])
    expect(got.values('x-forwarded-proto')).toEqual(['https'])
    expect(JSON.stringify(got.lines)).not.toMatch(/6\.6\.6\.6|evil|root/)
  })

  // HTTP-30
  test('names another host than the upstream is asked under', async () => {
    const { got } = await carried([])
    expect(got.values('host')).toEqual([`127.0.0.1:${lane.upstream.port}`])
  })

  // HTTP-01, HTTP-02
  test('of this connection alone goes no further, and neither does what it nominates', async () => {
    const { got } = await carried([
      'connection: X-Foo ,keep-alive',
      'X-Foo: 1',
      'Connection: x-bar',
      'X-Bar: 1',
      'Keep-Alive: timeout=5',
      'TE: gzip;q=1',
      'Proxy-Authorization: Basic x',
      'Proxy-Connection: keep-alive',
      'Trailer: X-Late',
      'Upgrade: h2c',
      'HTTP2-Settings: x',
    ])
    const names = got.lines.map(([name]) => name.toLowerCase())
    const forbidden = new Set(['x-foo', 'x-bar', 'keep-alive', 'te', 'trailer', 'upgrade', 'http2-settings'])
    expect(names.filter((name) => forbidden.has(name))).toEqual([])
    expect(got.values('connection')).toEqual(['keep-alive'])
    expect(JSON.stringify(got.lines)).not.toMatch(/proxy/i)
  })

  // HTTP-03
  test('cannot take away what we add', async () => {
    const nominated = 'authorization, x-forwarded-for, x-forwarded-host, via, host, content-length, x-request-id, cookie'
    const { got } = await carried([`Connection: ${nominated}`])
    expect(got.values('authorization')).toEqual(['Bearer the-access-token'])
    expect(got.values('x-forwarded-for')).toEqual(['192.0.2.7'])
    expect(got.values('via')).toEqual(['1.1 coatcheck'])
    expect(got.values('x-request-id')).toEqual(['request-id-1'])
    expect(got.values('host')).toHaveLength(1)
    expect(got.values('cookie')).toEqual([])
  })

  test('cannot take the length from a body that it nominates', async () => {
    const client = await openRaw(lane.port)
    client.write(
      'POST /api/x HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\nConnection: content-length, close\r\nContent-Length: 5\r\n\r\nhello',
    )
    await client.closed()
    expect(lane.upstream.last().body).toBe('hello')
    expect(lane.upstream.last().values('content-length')).toEqual(['5'])
  })

  test.each(['gzip, chunked', 'gzip,chunked', 'identity, chunked'])(
    'in a coding that nobody here undoes is refused: %s',
    async (coding) => {
      const before = lane.upstream.requests.length
      const answer = await rawRequest(
        lane.port,
        `POST /api/x HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\nConnection: close\r\nTransfer-Encoding: ${coding}\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
      )
      expect(answer).toMatch(/^HTTP\/1.1 400 .*request_invalid$/s)
      expect(lane.upstream.requests).toHaveLength(before)
    },
  )

  // HTTP-05
  test('keeps its Via, and ours comes after it', async () => {
    const { got } = await carried(['Via: 1.0 elsewhere', 'Via: 1.1 a (coatcheck), 2 b'])
    expect(got.values('via')).toEqual(['1.0 elsewhere', '1.1 a (coatcheck), 2 b', '1.1 coatcheck'])
  })

  // HTTP-06
  test.each(['1.1 coatcheck', '1.1 a, HTTP/1.1 Coatcheck (x)', '1.0\tcoatcheck'])(
    'that came here before ends the loop: %s',
    async (via) => {
      const before = lane.upstream.requests.length
      expect(await ask([`Via: ${via}`])).toMatch(/^HTTP\/1.1 508 .*upstream_loop$/s)
      expect(lane.upstream.requests).toHaveLength(before)
    },
  )

  // FWD-09
  test('may hold a valid trace, and only a valid one', async () => {
    const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const valid = await carried([`traceparent: ${parent}`, 'tracestate: a=1', 'tracestate: b=2', `baggage: ${'x'.repeat(4000)}`])
    expect(valid.got.values('traceparent')).toEqual([parent])
    expect(valid.got.values('tracestate')).toEqual(['a=1,b=2'])
    expect(valid.got.values('baggage')).toEqual([])
    for (const lines of [
      [`traceparent: 00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`],
      [`traceparent: ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
      [`traceparent: ${parent}`, `traceparent: ${parent}`],
    ]) {
      const invalid = await carried([...lines, 'tracestate: a=1'])
      expect(invalid.got.values('traceparent')).toEqual([])
      expect(invalid.got.values('tracestate')).toEqual([])
    }
  })

  // H-07
  test('turns no request into another one', async () => {
    const { got } = await carried([
      'X-Original-URL: /admin',
      'X-Rewrite-URL: /admin',
      'X-HTTP-Method-Override: DELETE',
      'X-HTTP-Method: DELETE',
      'X-Method-Override: PUT',
    ])
    expect(got.method).toBe('GET')
    expect(got.target).toBe('/x')
    expect(JSON.stringify(got.lines)).not.toMatch(/admin|DELETE|PUT/)
  })

  // HTTP-10, HTTP-12
  test('never upgrades a connection', async () => {
    const { answer, got } = await carried(['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: x'])
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    expect(got.values('upgrade')).toEqual([])
  })

  // HTTP-07
  test('counts hops for OPTIONS, and is answered here where it may go no further', async () => {
    const first = 'OPTIONS /api/x HTTP/1.1'
    expect((await carried(['Max-Forwards: 3'], first)).got.values('max-forwards')).toEqual(['2'])
    const before = lane.upstream.requests.length
    expect(await ask(['Max-Forwards: 0'], first)).toMatch(/^HTTP\/1.1 204 .*\r\nAllow: GET, HEAD, POST/s)
    expect(await ask(['Max-Forwards: many'], first)).toMatch(/^HTTP\/1.1 400 /)
    expect(lane.upstream.requests).toHaveLength(before)
    expect((await carried(['Max-Forwards: 0'])).got.values('max-forwards')).toEqual(['0'])
  })

  test('holds no token on a route that sends none', async () => {
    const open = await startCarryingLane({ route: { token: 'none' } })
    try {
      await rawRequest(
        open.port,
        'GET /api/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nX-Forwarded-User: x\r\nConnection: close\r\n\r\n',
      )
      expect(open.upstream.last().values('authorization')).toEqual([])
      expect(open.upstream.last().values('x-forwarded-user')).toEqual([])
    } finally {
      await open.close()
    }
  })
})
