import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { speakTls } from './ask.ts'
import { echoOf, HOST, type NginxAlone, startNginxAlone } from './nginx-alone.ts'

let world: NginxAlone
let hurried: NginxAlone
beforeAll(async () => {
  world = await startNginxAlone({ file: 'front' })
  hurried = await startNginxAlone({ file: 'front', isHurried: true })
})
afterAll(() => Promise.all([world?.stop(), hurried?.stop()]))

/** All that is said until the other side closes. */
function saidUntilClosed(socket: TLSSocket): Promise<string> {
  let said = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (said += piece))
  return new Promise((resolve) => void socket.on('error', () => undefined).on('close', () => resolve(said)))
}

const hostLine = (): string => `Host: ${new URL(hurried.nginx.origin).host}\r\n`
const speak = (): TLSSocket => speakTls(hurried.nginx.httpsPort, HOST, hurried.certificate)

describe('a client that goes silent is hung up on', () => {
  test('before its headers are complete', async () => {
    const socket = speak()
    socket.write(`GET /api/x HTTP/1.1\r\n${hostLine()}X-Slow: `)
    await saidUntilClosed(socket)
    expect(hurried.gateway.targets).not.toContain('/api/x')
  })

  test('in the middle of its body', async () => {
    const socket = speak()
    const left = new Promise((resolve) =>
      hurried.gateway.on(
        '/api/slow',
        (request) =>
          void request
            .on('error', () => undefined)
            .resume()
            .on('close', resolve),
      ),
    )
    socket.write(`POST /api/slow HTTP/1.1\r\n${hostLine()}Content-Length: 10\r\n\r\nx`)
    await Promise.all([saidUntilClosed(socket), left])
  })

  test('when it reads nothing of a long answer', async () => {
    const left = new Promise((resolve) =>
      hurried.gateway.on('/api/long', (_, response) => {
        response.on('close', resolve).write(Buffer.alloc(64 * 1024 * 1024))
      }),
    )
    const socket = speak()
    socket.pause().on('error', () => undefined)
    socket.write(`GET /api/long HTTP/1.1\r\n${hostLine()}\r\n`)
    await left
    socket.destroy()
  })

  test('between two requests', async () => {
    const socket = speak()
    socket.write(`GET /api/first HTTP/1.1\r\n${hostLine()}\r\n`)
    expect(await saidUntilClosed(socket)).toMatch(/^HTTP\/1\.1 200 /)
  })
})

const lines = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-Long-${index}`, 'b'.repeat(length)]))

const post = (target: string, length: number) =>
  world.get(target, { method: 'POST', headers: { 'Content-Length': String(length) }, body: Buffer.alloc(length) })
const announce = (target: string, length: number) =>
  world.get(target, { method: 'POST', headers: { 'Content-Length': String(length), Expect: '100-continue' } })

describe('what is too large', () => {
  test('is a body of more than 128 kB at the gateway’s own endpoints, and not one of so much', async () => {
    expect(echoOf(await post('/bff/x', 128 * 1024)).body.length).toBe(128 * 1024)
    expect((await post('/bff/x', 128 * 1024 + 1)).status).toBe(413)
  })

  test('is a body of more than 100 MB on a carried route, and not one of two', async () => {
    expect(echoOf(await post('/api/x', 2_000_000)).body.length).toBe(2_000_000)
    expect((await announce('/api/x', 100 * 1024 * 1024 + 1)).status).toBe(413)
  })

  test('is a header of more than 8 kB, or more of those than four, so that the gateway never sees 32 kB', async () => {
    expect((await world.get('/api/x', { headers: lines(2, 7_000) })).status).toBe(200)
    for (const headers of [lines(5, 7_000), lines(1, 8_200)]) {
      const { status, body } = await world.get('/api/x', { headers })
      expect([status, body]).toEqual([431, expect.stringContaining('"code":"headers_too_large"')])
    }
  })
})

describe('what is not too large', () => {
  test.each(['/api/long', '/bff/long'])(
    'is an answer with all the headers that the gateway takes of an API: %s',
    async (path) => {
      world.gateway.on(path, (_, response) => void response.writeHead(200, lines(16, 2048)).end('whole'))
      const { status, headers, body } = await world.get(path)
      expect([status, body]).toEqual([200, 'whole'])
      expect(headers['x-long-15']).toBe('b'.repeat(2048))
    },
  )
})

const shake = async (options: ConnectionOptions): Promise<TLSSocket | string> => {
  const at = { host: '127.0.0.1', port: world.nginx.httpsPort, servername: HOST, ca: world.certificate }
  const socket = connectTls({ ...at, ...options })
  return new Promise((resolve) => {
    socket.once('secureConnect', () => resolve(socket)).once('error', (error) => resolve(String(error)))
  })
}

describe('TLS', () => {
  test.each(['AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-RSA-AES256-SHA', 'ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384'])(
    'is not spoken by a cipher without forward secrecy or without authentication of what is said: %s',
    async (cipher) => {
      const ciphers = `${cipher}:@SECLEVEL=0`
      expect(await shake({ maxVersion: 'TLSv1.2', ciphers })).toMatch(/handshake failure/)
    },
  )

  test('gives nobody a ticket, whose key would open what was said until nginx starts again', async () => {
    const socket = await shake({ maxVersion: 'TLSv1.2' })
    if (typeof socket === 'string') throw new Error(socket)
    expect(socket.getTLSTicket()).toBeUndefined()
    socket.destroy()
  })

  test('is resumed all the same, by what nginx remembers', async () => {
    const first = await shake({ maxVersion: 'TLSv1.2' })
    if (typeof first === 'string') throw new Error(first)
    const session = first.getSession()
    first.destroy()
    if (session === undefined) throw new Error('There is no session to resume.')
    const second = await shake({ maxVersion: 'TLSv1.2', session })
    if (typeof second === 'string') throw new Error(second)
    expect(second.isSessionReused()).toBe(true)
    second.destroy()
  })
})
