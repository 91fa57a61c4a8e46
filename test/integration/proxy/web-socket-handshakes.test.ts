import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import { createRefuseForgedRequest } from '../../../src/security/refuse-forged-request.ts'
import { type CarryingLane, liveSession, startCarryingLane, TOKEN } from '../../support/carrying-lane.ts'
import { openRaw } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { bytesOnUpgrade, echoMessages, switched } from '../../support/web-socket-answers.ts'
import { acceptOf } from '../../support/web-socket-frames.ts'
import { type Handshake, handshake, KEY, openWebSocket } from '../../support/web-socket-client.ts'

const COOKIE = 'session=1'
let lane: CarryingLane
/** One that gives up soon, apart, so that nobody else has to be as fast. */
let hasty: CarryingLane

beforeAll(async () => {
  hasty = await startCarryingLane({ route: { webSocket: true, path: '/v1/' }, webSockets: { handshakeTimeoutMilliseconds: 300 } })
  lane = await startCarryingLane({
    route: { webSocket: true, methods: ['GET', 'POST'], path: '/v1/' },
    steps: {
      refuseForgedRequest: createRefuseForgedRequest('https://app.example'),
      findSession(request) {
        if (request.headers.cookie === COOKIE) return liveSession()
        throw new GatewayError('session_missing', { reason: 'none' })
      },
    },
  })
  lane.upstream.upgrade('/v1/echo', echoMessages)
})
afterAll(() => Promise.all([lane.close(), hasty.close()]))

/** Sends bytes and resolves with all that comes back, the end of the connection included. */
async function ask(text: string, { port } = lane): Promise<string> {
  const connection = await openRaw(port)
  connection.write(text)
  return connection.closed()
}
const offered = (given: Partial<Handshake> = {}) => handshake({ path: '/api/echo', cookie: COOKIE, ...given })
const statusOf = (answer: string) => Number(answer.split(' ')[1])

describe('a handshake from a page of ours', () => {
  test('becomes a WebSocket, with the headers of a handshake end to end and none of the upstream’s others', async () => {
    lane.upstream.upgrade('/v1/chatty', (request, socket) => {
      socket.write(
        switched(
          request,
          'Sec-WebSocket-Protocol: chat.v2',
          'Sec-WebSocket-Extensions: permessage-deflate',
          'Set-Cookie: planted=1',
          'Access-Control-Allow-Origin: *',
          'Coatcheck-Reason: none',
          'Server: secret',
        ),
      )
    })
    const lines = ['Sec-WebSocket-Protocol: chat.v1, chat.v2', 'Sec-WebSocket-Extensions: permessage-deflate']
    const { answer, raw } = await openWebSocket(lane.port, { path: '/api/chatty?room=1', cookie: COOKIE, lines })
    raw.destroy()
    expect(answer.split('\r\n').filter((line) => line !== '')).toEqual([
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'X-Request-Id: request-id-1',
      `Sec-WebSocket-Accept: ${acceptOf(KEY)}`,
      'Sec-WebSocket-Protocol: chat.v2',
      'Sec-WebSocket-Extensions: permessage-deflate',
    ])
    const asked = lane.upstream.last()
    expect(asked).toMatchObject({ method: 'GET', target: '/v1/chatty?room=1' })
    expect(asked.values('sec-websocket-key')).toEqual([KEY])
    expect(asked.values('sec-websocket-version')).toEqual(['13'])
    expect(asked.values('sec-websocket-protocol')).toEqual(['chat.v1, chat.v2'])
    expect(asked.values('sec-websocket-extensions')).toEqual(['permessage-deflate'])
    expect(asked.values('connection')).toEqual(['Upgrade'])
    expect(asked.values('upgrade')).toEqual(['websocket'])
  })

  test('reaches the upstream with the person’s token, and with nothing that a client may not say', async () => {
    const lines = ['Authorization: Bearer forged', 'X-Forwarded-For: 6.6.6.6', 'X_Forwarded_User: root', 'X-CSRF: 1']
    const { raw } = await openWebSocket(lane.port, { path: '/api/echo', cookie: COOKIE, lines })
    raw.destroy()
    const asked = lane.upstream.last()
    expect(asked.values('authorization')).toEqual([`Bearer ${TOKEN}`])
    expect(asked.values('x-forwarded-for')).toEqual(['192.0.2.7'])
    expect(asked.values('via')).toEqual(['1.1 coatcheck'])
    expect(asked.values('host')).toEqual([new URL(lane.upstream.origin).host])
    for (const name of ['cookie', 'x-csrf', 'x_forwarded_user']) expect(asked.values(name)).toEqual([])
  })

  test('is told of in the log as a request that was answered 101', async () => {
    const { raw } = await openWebSocket(lane.port, { path: '/api/echo?secret=1', cookie: COOKIE })
    raw.destroy()
    const told = lane.lines.findLast(({ status }) => status === 101)
    expect(told).toMatchObject({ path: '/api/echo', status: 101, aborted: false, subject: 'ann' })
    expect(told).not.toHaveProperty('code')
  })
})

describe('a handshake that is refused before the upstream hears of it', () => {
  test.each([
    ['without an Origin', offered({ origin: undefined }), 403, 'request_forged'],
    ['of another origin', offered({ origin: 'https://evil.example' }), 403, 'request_forged'],
    ['of another port', offered({ origin: 'https://app.example:8443' }), 403, 'request_forged'],
    ['of another scheme', offered({ origin: 'http://app.example' }), 403, 'request_forged'],
    ['of a sandboxed frame', offered({ origin: 'null' }), 403, 'request_forged'],
    ['with two origins', offered({ lines: ['Origin: https://app.example'] }), 403, 'request_forged'],
    ['with our header instead of an Origin', offered({ origin: undefined, lines: ['X-CSRF: 1'] }), 403, 'request_forged'],
    ['that a sibling host caused', offered({ lines: ['Sec-Fetch-Site: same-site'] }), 403, 'request_forged'],
    ['of another version', offered({ version: '8' }), 426, 'websocket_version'],
    ['without a version', offered({ version: undefined }), 426, 'websocket_version'],
    ['with two versions', offered({ lines: ['Sec-WebSocket-Version: 13'] }), 426, 'websocket_version'],
    ['without a key', offered({ key: undefined }), 400, 'request_invalid'],
    ['with a key that is none', offered({ key: 'short' }), 400, 'request_invalid'],
    ['with two keys', offered({ lines: [`Sec-WebSocket-Key: ${KEY}`] }), 400, 'request_invalid'],
    ['without a session', offered({ cookie: undefined }), 401, 'session_missing'],
    ['with a path that can be read in two ways', offered({ path: '/api/%2e%2e/echo' }), 400, 'target_not_canonical'],
  ])('%s is answered in HTTP, and the connection ends', async (_, bytes, status, code) => {
    const before = lane.upstream.requests.length
    const answer = await ask(bytes)
    expect(statusOf(answer)).toBe(status)
    expect(answer.endsWith(code)).toBe(true)
    expect(answer).toMatch(/\r\nConnection: close\r\n/)
    expect(lane.upstream.requests).toHaveLength(before)
  })

  test('is never followed by another request on its connection: what comes after it is thrown away', async () => {
    const before = lane.upstream.requests.length
    const smuggled = `GET /api/smuggled HTTP/1.1\r\nHost: app.example\r\nX-CSRF: 1\r\nCookie: ${COOKIE}\r\n\r\n`
    for (const first of [offered({ version: '8' }), offered({ origin: undefined }), offered({ cookie: undefined })]) {
      // oxlint-disable-next-line no-await-in-loop -- one connection after the other
      const answer = await ask(first + smuggled)
      expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    }
    expect(lane.upstream.requests).toHaveLength(before)
  })
})

describe('what asks for something else than a WebSocket', () => {
  test.each([
    ['h2c', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__'],
    ['h2c beside it', 'Upgrade: h2c, websocket'],
    ['it beside h2c', 'Upgrade: websocket, h2c'],
    ['something else', 'Upgrade: foo'],
    ['TLS', 'Upgrade: TLS/1.0'],
  ])('is an ordinary request: %s', async (_, upgrade) => {
    const answer = await ask(
      `GET /api/x HTTP/1.1\r\nHost: app.example\r\nConnection: Upgrade, close\r\n${upgrade}\r\nX-CSRF: 1\r\nCookie: ${COOKIE}\r\n\r\n`,
    )
    expect(statusOf(answer)).toBe(200)
    expect(lane.upstream.last().values('upgrade')).toEqual([])
    expect(lane.upstream.last().values('http2-settings')).toEqual([])
    expect(lane.upstream.last().values('connection')).not.toContain('Upgrade')
  })

  test.each([
    ['by POST', 'POST /api/x HTTP/1.1', 'Content-Length: 0\r\n', ''],
    ['with a body', 'GET /api/x HTTP/1.1', 'Content-Length: 5\r\n', 'hello'],
    ['with chunks', 'GET /api/x HTTP/1.1', 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'],
  ])('is an ordinary request: a handshake %s', async (_, line, framing, body) => {
    const headers = handshake({ path: '/x', cookie: COOKIE, lines: ['X-CSRF: 1'] })
      .split('\r\n')
      .slice(1, -2)
      .join('\r\n')
    const answer = await ask(
      `${line}\r\n${headers.replace('Connection: Upgrade', 'Connection: Upgrade, close')}\r\n${framing}\r\n${body}`,
    )
    expect(statusOf(answer)).toBe(200)
    expect(lane.upstream.last().values('upgrade')).toEqual([])
    expect(lane.upstream.last().body).toBe(body === '' ? '' : 'hello')
  })

  test('is an ordinary request: a handshake in HTTP/1.0', async () => {
    const answer = await ask(offered({ lines: ['X-CSRF: 1'] }).replace('HTTP/1.1', 'HTTP/1.0'))
    expect(statusOf(answer)).toBe(200)
    expect(lane.upstream.last().values('upgrade')).toEqual([])
  })
})

describe('an upstream that gives another answer than its own 101', () => {
  test.each([
    ['401', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nWWW-Authenticate: Bearer\r\n\r\nno', 401, 'no'],
    ['404', 'HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope', 404, 'nope'],
    ['200', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n', 200, 'hi'],
    ['426', 'HTTP/1.1 426 Upgrade Required\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno', 426, 'no'],
    ['nothing', '', 504, 'upstream_timed_out'],
    ['half a header', 'HTTP/1.1 101 Switch', 504, 'upstream_timed_out'],
    ['garbage', 'this is not HTTP\r\n\r\n', 502, 'upstream_answer_invalid'],
    ['101 without a word', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 502, 'upstream_answer_invalid'],
    [
      '101 to something else',
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Accept: ${acceptOf(KEY)}\r\n\r\n`,
      502,
      'upstream_answer_invalid',
    ],
    [
      '101 with another accept',
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptOf(`${KEY}x`)}\r\n\r\n`,
      502,
      'upstream_answer_invalid',
    ],
    [
      '101 without an accept',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      502,
      'upstream_answer_invalid',
    ],
    [
      '101 with two accepts',
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptOf(KEY)}\r\nSec-WebSocket-Accept: x\r\n\r\n`,
      502,
      'upstream_answer_invalid',
    ],
    [
      'a redirect elsewhere',
      'HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n',
      502,
      'upstream_answer_invalid',
    ],
    [
      'a refusal without end',
      `HTTP/1.1 200 OK\r\nContent-Length: 70000\r\nX-Dropped: 1\r\n\r\n${'x'.repeat(70_000)}`,
      200,
      undefined,
    ],
  ])('has it carried as an answer in HTTP, never as a tunnel: %s', async (name, bytes, status, ends) => {
    const path = `/v1/${encodeURIComponent(name.replaceAll(' ', '-'))}`
    const own = status === 504 ? hasty : lane
    own.upstream.upgrade(path, bytesOnUpgrade(bytes))
    const answer = await ask(`${offered({ path: path.replace('/v1/', '/api/') })}these bytes are no frame`, own)
    expect(statusOf(answer)).toBe(status)
    if (ends === undefined) expect(answer.length).toBeLessThan(70_000)
    else expect(answer.endsWith(ends) || answer.endsWith(`\r\n${ends}\r\n0\r\n\r\n`)).toBe(true)
    expect(answer).toMatch(/\r\nConnection: close\r\n/)
    expect(answer).not.toMatch(/\r\n(?:Upgrade|Sec-WebSocket-Accept):/i)
    const tunnel = own.upstream.tunnels.find(({ target }) => target === path)
    await own.upstream.until(() => tunnel?.isEnded === true)
    expect(tunnel?.bytes.toString()).toBe('')
  })

  test.each([
    ['that hangs up', (socket: { destroy(): void }) => socket.destroy(), 502, 'upstream_unreachable'],
    ['that resets', (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy(), 502, 'upstream_unreachable'],
  ])('%s is a 502', async (name, hangUp, status, code) => {
    const path = `/v1/${name.replaceAll(' ', '-')}`
    lane.upstream.upgrade(path, (_request, socket) => hangUp(socket))
    const answer = await ask(offered({ path: path.replace('/v1/', '/api/') }))
    expect([statusOf(answer), answer.endsWith(code)]).toEqual([status, true])
  })

  test('is told of once, with whose fault it was', async () => {
    lane.upstream.upgrade('/v1/told', bytesOnUpgrade('garbage\r\n\r\n', 'end'))
    const told = () => lane.lines.filter(({ path }) => path === '/api/told')
    await ask(offered({ path: '/api/told' }))
    await until('it is told of', () => told().length > 0)
    expect(told()).toMatchObject([{ status: 502, code: 'upstream_answer_invalid', upstream: lane.upstream.origin }])
  })
})

test('What a client sends before it is answered reaches the upstream as part of the tunnel, in order.', async () => {
  const waiting: (() => void)[] = []
  lane.upstream.upgrade('/v1/late', (request, socket) => waiting.push(() => socket.write(switched(request))))
  const connection = await openRaw(lane.port)
  connection.write(`${offered({ path: '/api/late' })}first,`)
  await lane.upstream.until(() => waiting.length === 1)
  connection.write('second,')
  const tunnel = lane.upstream.tunnels.at(-1)
  expect(tunnel?.bytes.toString()).toBe('')
  waiting[0]?.()
  await connection.until('101')
  connection.write('third')
  await lane.upstream.until(() => tunnel?.bytes.toString() === 'first,second,third')
  connection.destroy()
})

test('What an upstream says right behind its 101 reaches the client.', async () => {
  lane.upstream.upgrade('/v1/eager', (request, socket) => socket.write(`${switched(request)}\x81\x05hello`, 'latin1'))
  const socket = await openWebSocket(lane.port, { path: '/api/eager', cookie: COOKIE })
  expect((await socket.received(1))[0]?.payload.toString()).toBe('hello')
  socket.raw.destroy()
})

test('A client that leaves before the upstream has answered takes the call along.', async () => {
  lane.upstream.upgrade('/v1/slow', () => undefined)
  const before = lane.upstream.tunnels.length
  const connection = await openRaw(lane.port)
  connection.write(offered({ path: '/api/slow' }))
  await lane.upstream.until(() => lane.upstream.tunnels.length > before)
  connection.end()
  await lane.upstream.until(() => lane.upstream.tunnels.at(-1)?.isEnded === true)
  expect(lane.live.count('tunnel')).toBe(0)
})

describe('a route that does not carry WebSockets', () => {
  test('takes a handshake for a request like any other', async () => {
    const plain = await startCarryingLane()
    plain.upstream.upgrade('/echo', echoMessages)
    const connection = await openRaw(plain.port)
    connection.write(
      handshake({ path: '/api/echo', cookie: COOKIE }).replace('Connection: Upgrade', 'Connection: Upgrade, close'),
    )
    expect(statusOf(await connection.closed())).toBe(200)
    expect(plain.upstream.last().values('upgrade')).toEqual([])
    await plain.close()
  })

  test('and one without GET refuses it', async () => {
    const posting = await startCarryingLane({ route: { webSocket: true, methods: ['POST'] } })
    const connection = await openRaw(posting.port)
    connection.write(handshake({ path: '/api/echo', cookie: COOKIE }))
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 405 [\s\S]*method_not_allowed$/)
    expect(posting.upstream.requests).toEqual([])
    await posting.close()
  })
})
