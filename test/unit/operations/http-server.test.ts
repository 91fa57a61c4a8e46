import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createHttpServer, type Handle } from '../../../src/operations/http-server.ts'
import { createInFlight } from '../../../src/operations/in-flight.ts'
import type { TakenConnection } from '../../../src/proxy/taken-connection.ts'
import type { Events } from '../../../src/report/events.ts'
import { openRaw } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

const sayOk: Handle = (_request, response) => response.end('ok')

const isWebSocket = ({ url }: IncomingMessage) => url === '/ws'

async function listening(handle: Handle = sayOk, picks?: typeof isWebSocket) {
  const refused: Events['request_refused'][] = []
  const seen: IncomingMessage[] = []
  const inFlight = createInFlight()
  const server = createHttpServer({
    inFlight,
    handle: (request: IncomingMessage, response: ServerResponse, taken?: TakenConnection) => {
      seen.push(request)
      handle(request, response, taken)
    },
    ...(picks ? { isWebSocket: picks } : {}),
    report: (_name, fields) => {
      if ('code' in fields) refused.push(fields)
    },
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, inFlight, seen, refused, connection: await openRaw(port) }
}

function parsed(text: string) {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), head, problem: body === '' ? undefined : JSON.parse(body) }
}

describe('what never becomes a request', () => {
  test.each([
    ['no HTTP at all', '\x16\x03\x01\x02\x00canary\r\n\r\n', 400, 'request_invalid'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : canary\r\n\r\n', 400, 'request_invalid'],
    ['a bare line feed in a field', 'GET / HTTP/1.1\r\nHost: a\r\nX: canary\nY: b\r\n\r\n', 400, 'request_invalid'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\ncanary', 400, 'request_invalid'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'request_invalid',
    ],
    [
      'an obsolete line fold',
      'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\nX: canary\x01\r\n\r\n',
      400,
      'request_invalid',
    ],
    ['64 kB of cookies', `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${'canary; '.repeat(8192)}\r\n\r\n`, 431, 'headers_too_large'],
    ['CONNECT', 'CONNECT canary.test:443 HTTP/1.1\r\nHost: canary.test:443\r\n\r\n', 405, 'method_not_allowed'],
  ])('%s gets a problem that repeats nothing of it, and the end of the connection', async (_, bytes, status, code) => {
    const { connection, seen, refused } = await listening()
    connection.write(bytes)
    const answer = await connection.closed()
    expect(parsed(answer)).toMatchObject({
      status,
      problem: { type: 'about:blank', status, code, requestId: expect.any(String) },
    })
    expect(answer).not.toContain('canary')
    expect(answer).toMatch(/\r\nCache-Control: no-store\r\n/)
    expect(answer).toMatch(/\r\nContent-Security-Policy: default-src 'none'; .*frame-ancestors 'none'\r\n/)
    expect(answer).toMatch(/\r\nConnection: close\r\n/)
    expect(refused).toMatchObject([{ code, blame: 'browser', requestId: parsed(answer).problem.requestId }])
    // Node parses up to where it breaks: a body that breaks has a request before it, which must not have been answered well.
    expect(seen.filter(({ method }) => method === 'CONNECT')).toEqual([])
  })

  test('a body that breaks after the answer began only ends the connection', async () => {
    const { connection } = await listening((_request, response) => {
      response.write('the beginning')
    })
    connection.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    await connection.until('the beginning')
    connection.write('this is no chunk\r\n')
    expect(await connection.closed()).not.toMatch(/problem/)
  })

  test('a body that breaks is told to whoever carries it at once, while its client may still read why', async () => {
    let isTold = false
    const { connection, seen } = await listening((_request, response) => void response.once('close', () => (isTold = true)))
    connection.pause()
    connection.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nthis is no chunk\r\n')
    await until('it is told', () => isTold)
    expect(seen[0]?.socket.destroyed).toBe(false)
    connection.resume()
    expect(parsed(await connection.closed())).toMatchObject({ status: 400 })
  })

  test('a lenient parser, switched on for all of Node, is not used here', async () => {
    const { server } = await listening()
    expect(server).toMatchObject({ insecureHTTPParser: false })
  })
})

describe('the bounds of a connection', () => {
  test('headers have 15 seconds, bodies have all the time, idle ones outlive those of nginx', async () => {
    const { server } = await listening()
    expect(server).toMatchObject({ headersTimeout: 15_000, requestTimeout: 0, keepAliveTimeout: 75_000 })
  })

  test('3,000 header fields all arrive: none is dropped without a word', async () => {
    const { connection, seen } = await listening()
    const fields = Array.from({ length: 3000 }, (_, n) => `${n}:\r\n`).join('')
    connection.write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}Last: one\r\nConnection: close\r\n\r\n`)
    await connection.closed()
    expect(seen[0]?.headers['last']).toBe('one')
  })

  test('a request without Host is refused', async () => {
    const { connection, seen } = await listening()
    connection.write('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')
    expect(parsed(await connection.closed()).status).toBe(400)
    expect(seen).toEqual([])
  })
})

describe('expectations and upgrades', () => {
  test('Expect: 100-continue reaches the lane, which decides: no 100 is sent before', async () => {
    const { connection, seen } = await listening((_request, response) => {
      response.writeHead(413, { Connection: 'close' }).end()
    })
    connection.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 413/)
    expect(seen).toHaveLength(1)
  })

  test('any other expectation reaches the lane as well', async () => {
    const { connection, seen } = await listening()
    connection.write('GET / HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\nConnection: close\r\n\r\n')
    await connection.closed()
    expect(seen[0]?.headers['expect']).toBe('the-unexpected')
  })

  test.each([
    ['a WebSocket', 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13'],
    ['HTTP/2 in clear', 'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__'],
  ])(
    'asking for %s gets an ordinary answer and the end of the connection: what follows is neither tunnelled nor left waiting',
    async (_, fields) => {
      const { connection, seen } = await listening()
      connection.write(`GET /one HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n`)
      const said = await connection.closed()
      expect(said).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*ok$/s)
      expect(said).not.toMatch(/ 101 /)
      expect(seen[0]?.url).toBe('/one')
    },
  )
})

describe('a request that is picked out as a WebSocket', () => {
  const HANDSHAKE = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  test('is handed over with its connection, and is in flight until that closes', async () => {
    const taken: TakenConnection[] = []
    const handle: Handle = (_request, _response, connection) => {
      if (connection) taken.push(connection)
    }
    const { connection, inFlight } = await listening(handle, isWebSocket)
    connection.write(`${HANDSHAKE}more`)
    await until('it is handed over', () => taken.length === 1)
    expect(inFlight.count).toBe(1)
    const socket = taken[0]?.release()
    socket?.on('data', (piece: Buffer) => socket.end(`seen: ${piece.toString()}`)).resume()
    expect(await connection.closed()).toBe('seen: more')
    await until('it is over', () => inFlight.count === 0)
  })

  test('can be answered in HTTP, and that is the last answer of its connection', async () => {
    const { connection, seen } = await listening(sayOk, isWebSocket)
    connection.write(`${HANDSHAKE}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`)
    const answer = await connection.closed()
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n[\s\S]*\r\n\r\nok$/)
    expect(seen.map(({ url }) => url)).toEqual(['/ws'])
  })

  test('on the heels of a request that is still being answered ends the connection', async () => {
    const { connection, seen } = await listening(() => undefined, isWebSocket)
    connection.write(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${HANDSHAKE}`)
    expect(await connection.closed()).toBe('')
    expect(seen.map(({ url }) => url)).toEqual(['/slow'])
  })

  test('after one that was answered is taken', async () => {
    const { connection, seen } = await listening(sayOk, isWebSocket)
    connection.write('GET /first HTTP/1.1\r\nHost: a\r\n\r\n')
    await connection.until('ok')
    connection.write(HANDSHAKE)
    await connection.closed()
    expect(seen.map(({ url }) => url)).toEqual(['/first', '/ws'])
  })

  test('leaves all others as they are', async () => {
    const { connection, seen } = await listening(sayOk, isWebSocket)
    connection.write(HANDSHAKE.replace('/ws', '/other'))
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(seen.map(({ url }) => url)).toEqual(['/other'])
  })
})
