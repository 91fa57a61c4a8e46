import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { openRaw, rawRequest } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

const MEGABYTE = 1024 * 1024
let gateway: TestGateway
let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream({
    '/early': (_request, response) => void response.writeHead(403, { 'content-length': 15 }).end('{"code":"full"}'),
  })
  const open = { prefix: '/open/', upstream: `${upstream.origin}/`, token: 'none', proof: 'none' }
  gateway = await startGateway({
    COATCHECK_ROUTES: JSON.stringify([{ prefix: '/api/', upstream: 'http://127.0.0.1:1/' }, open]),
    COATCHECK_LOG_CARRIED: 'all',
  })
})
afterAll(async () => {
  await gateway.stop()
  await upstream.close()
})

const post = (path: string, headers: string) =>
  `POST ${path} HTTP/1.1\r\nHost: ${new URL(gateway.origin).host}\r\nX-CSRF: 1\r\n${headers}\r\n\r\n`

/** Sends a body of eight megabytes, and looks for an answer only when it has been sent and not all of the body was taken. */
async function sendThenRead(head: string): Promise<string> {
  const answered = (): number => gateway.logs('request').length + gateway.logs('request_refused').length
  const told = answered()
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
  let answer = ''
  let isOver = false
  const end = () => void (isOver = true)
  socket.on('error', end).on('end', end).on('close', end).pause()
  socket.write(head)
  socket.write(Buffer.alloc(8 * MEGABYTE, 'x'))
  await until('the answer is out', () => answered() > told || isOver)
  socket
    .setEncoding('latin1')
    .on('data', (text: string) => (answer += text))
    .resume()
  await until('the other side has ended', () => isOver)
  socket.destroy()
  return answer
}

/** Sends a body that never ends; resolves with the bytes that were taken before the connection was cut. */
async function pour(head: string, piece: Buffer): Promise<number> {
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
  let isCut = false
  socket.on('error', () => undefined).on('close', () => (isCut = true))
  socket.resume().write(head)
  await until('the connection is cut, or takes everything', () => {
    for (let room = MEGABYTE - socket.writableLength; room > 0 && !socket.destroyed; room -= piece.length) socket.write(piece)
    return isCut || socket.bytesWritten > 64 * MEGABYTE
  })
  socket.destroy()
  return socket.bytesWritten
}

const breaking = (head: string): string => `${head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked')}no chunk\r\n`

describe('a body that none of our endpoints reads', () => {
  test.each([
    ['an answer', '/bff/logout'],
    ['an error', '/bff/session/extend'],
    ['no endpoint', '/bff/nothing'],
  ])('is not taken for ever, with a length or in chunks: %s', async (_, path) => {
    const piece = Buffer.alloc(64 * 1024, 'x')
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')])
    // What lies in the buffers of two sockets is more than what is read.
    const taken = await Promise.all([
      pour(post(path, 'Content-Length: 1073741824'), piece),
      pour(post(path, 'Transfer-Encoding: chunked'), chunk),
    ])
    for (const bytes of taken) expect(bytes).toBeLessThan(32 * MEGABYTE)
  })

  test('is not taken for ever where no request could be read either', async () => {
    const head = post('/bff/nothing', 'Content-Length: 1073741824')
    expect(await pour(head.replace('POST', 'X-Y'), Buffer.alloc(64 * 1024, 'x'))).toBeLessThan(32 * MEGABYTE)
  })

  test.each(['/bff/logout', '/bff/session', '/bff/nothing', '/nowhere'])(
    'is refused where it says that it is large, and who goes on sending sees that: %s',
    async (path) => {
      const piece = 'x'.repeat(64 * 1024)
      const client = await openRaw(gateway.port)
      client.write(post(path, 'Content-Length: 1073741824') + piece)
      const answer = await client.closed()
      expect(answer).toMatch(/^HTTP\/1.1 413 .*"code":"body_too_large"/s)
      expect(answer).toMatch(/^connection: close$/im)
    },
  )

  test.each(['/bff/nothing', '/bff/session/extend', '/api/x'])(
    'keeps nobody who is still sending from the answer: %s',
    async (path) => {
      const chunked = `${post(path, 'Transfer-Encoding: chunked')}800000\r\n`
      expect(await sendThenRead(chunked)).toMatch(/^HTTP\/1.1 4\d\d .*"code":"[a-z_]+".*}$/s)
    },
  )

  test.each([
    ['a method that nobody knows', (head: string) => head.replace('POST', 'X-Y')],
    ['no host', (head: string) => head.replace(/Host: .*\r\n/, '')],
    ['a field that is none', (head: string) => head.replace('X-CSRF', 'X CSRF')],
    ['headers that are too large', (head: string) => head.replace('X-CSRF: 1', `X: ${'x'.repeat(40_000)}`)],
    ['a tunnel', (head: string) => head.replace('POST /bff/nothing', 'CONNECT a.test:443').replace(/Content-Length.*\r\n/, '')],
    ['a body that breaks', (head: string) => breaking(head).replace('/bff/nothing', '/open/x')],
    ['a body that breaks behind its own refusal', (head: string) => breaking(head)],
  ])('keeps nobody who is still sending from the answer where no request could be read: %s', async (_, broken) => {
    const head = post('/bff/nothing', 'Content-Length: 8388608')
    expect(await sendThenRead(broken(head))).toMatch(/^HTTP\/1.1 4\d\d .*"code":"[a-z_]+".*}$/s)
  })

  test.each([
    ['in HTTP/1.0', (head: string) => head.replace('HTTP/1.1', 'HTTP/1.0')],
    ['with the wish that the connection ends', (head: string) => head.replace('X-CSRF', 'Connection: close\r\nX-CSRF')],
    ['with an Upgrade that nobody offers', (head: string) => head.replace('X-CSRF', 'Upgrade: h2c\r\nX-CSRF')],
  ])('that an API answers before its end keeps nobody who is still sending from that answer: %s', async (_, changed) => {
    const head = post('/open/early', 'Content-Length: 8388608')
    expect(await sendThenRead(changed(head))).toMatch(/^HTTP\/1.1 403 .*{"code":"full"}$/s)
  })

  test('may have sixteen kilobytes, as a form may that a browser sends of itself', async () => {
    const headers = 'Content-Length: 16384\r\nConnection: close'
    expect(await rawRequest(gateway.port, post('/bff/logout', headers) + 'x'.repeat(16_384))).toMatch(/^HTTP\/1.1 200 /)
    expect(await rawRequest(gateway.port, post('/bff/logout', headers.replace('16384', '16385')))).toMatch(/^HTTP\/1.1 413 /)
  })

  test('may not take for ever to arrive, whatever was answered', async () => {
    await Promise.all(
      ['Content-Length: 100', 'Transfer-Encoding: chunked'].map(async (headers) => {
        const client = await openRaw(gateway.port)
        client.write(post('/bff/logout', headers) + '1\r\nx\r\n')
        expect(await client.closed()).toMatch(/^HTTP\/1.1 200 /)
      }),
    )
  })

  test('is never taken for the next request', async () => {
    const smuggled = post('/bff/session/extend', 'Content-Length: 0')
    for (const [path, status] of [
      ['/bff/logout', '200 OK'],
      ['/bff/nothing', '404 Not Found'],
    ] as const) {
      const client = await openRaw(gateway.port)
      client.write(
        post(path, `Content-Length: ${smuggled.length}`) + smuggled + post(path, 'Content-Length: 0\r\nConnection: close'),
      )
      const answers = (await client.closed()).split(/(?=HTTP\/1\.1 )/)
      for (const answer of answers) expect(answer.startsWith(`HTTP/1.1 ${status}`)).toBe(true)
    }
  })

  test('of a length that nobody knows is told that the connection ends with the answer, whatever that is', async () => {
    const client = await openRaw(gateway.port)
    client.write(post('/bff/logout', 'Transfer-Encoding: chunked') + '1\r\nx\r\n')
    expect(await client.until('\r\n\r\n')).toMatch(/^HTTP\/1.1 200 .*\r\nconnection: close\r\n/is)
    client.destroy()
  })

  test('that is small costs nobody the connection', async () => {
    const client = await openRaw(gateway.port)
    for (const count of [1, 2, 3]) {
      client.write(post('/bff/logout', 'Content-Length: 2') + '{}')
      await until(`answer ${count} is there`, () => client.received().split('HTTP/1.1 200 OK').length === count + 1)
    }
    client.destroy()
  })
})
