import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { RouteConfig } from '../../../src/config/config.ts'
import { Secret } from '../../../src/config/secret.ts'
import { routeTo, startCarryingLane } from '../../support/carrying-lane.ts'
import { createCertificateAuthority } from '../../support/certificates.ts'
import { startUpstream } from '../../support/upstream.ts'
import { echoMessages } from '../../support/web-socket-answers.ts'
import { openWebSocket } from '../../support/web-socket-client.ts'

let folder: string
let authority: Awaited<ReturnType<typeof createCertificateAuthority>>
const servers: Server[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-dial-'))
  authority = await createCertificateAuthority(folder)
})
afterAll(async () => {
  for (const server of servers) server.close()
  await rm(folder, { recursive: true })
})

async function portOf(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** An upstream that speaks WebSocket over TLS, for one host. */
async function startSecure(host: string, options: ServerOptions = {}): Promise<number> {
  const { certificate, key } = await authority.issue(host)
  const server = createSecureServer({ cert: certificate, key, ...options })
  server.on('upgrade', (request, _socket, head) => echoMessages(request, request.socket, head))
  return portOf(server)
}

/** What a handshake comes to whose upstream is there. */
async function handshakeWith(origin: string, route: Partial<RouteConfig> = {}): Promise<string> {
  const given = { prefix: '/more/', webSocket: true, token: 'none' } as const
  const lane = await startCarryingLane({ moreRoutes: [routeTo(origin, { ...given, ...route })] })
  try {
    const socket = await openWebSocket(lane.port, { path: '/more/echo' })
    socket.send('hello')
    const [echo] = await socket.received(1)
    socket.raw.destroy()
    return `101 ${echo?.payload.toString()}`
  } catch (error) {
    return /HTTP\/1\.1 (\d+ )[\s\S]*\r\n\r\n(.*)$/.exec(String(error))?.slice(1).join('') ?? String(error)
  } finally {
    await lane.close()
  }
}
const tls = (own: Partial<RouteConfig['tls']>): Pick<RouteConfig, 'tls'> => ({
  tls: { ca: undefined, certificate: undefined, key: undefined, serverName: undefined, ...own },
})

describe('a WebSocket over TLS', () => {
  test('is carried where the upstream’s certificate is trusted and of its name, and nowhere else', async () => {
    const [own, others] = [await startSecure('localhost'), await startSecure('other.test')]
    const trusting = tls({ ca: authority.certificate })
    expect(await handshakeWith(`https://localhost:${own}`)).toBe('502 upstream_unreachable')
    expect(await handshakeWith(`https://localhost:${own}`, trusting)).toBe('101 hello')
    expect(await handshakeWith(`https://localhost:${others}`, trusting)).toBe('502 upstream_unreachable')
    const named = tls({ ca: authority.certificate, serverName: 'other.test' })
    expect(await handshakeWith(`https://localhost:${others}`, named)).toBe('101 hello')
  })

  test('shows the route’s certificate to an upstream that asks for one', async () => {
    const { certificate, key } = await authority.issue('client.test')
    const port = await startSecure('localhost', { requestCert: true, rejectUnauthorized: true, ca: authority.certificate })
    const trusting = { ca: authority.certificate }
    expect(await handshakeWith(`https://localhost:${port}`, tls(trusting))).toMatch(/^502 /)
    const shown = tls({ ...trusting, certificate, key: new Secret(key) })
    expect(await handshakeWith(`https://localhost:${port}`, shown)).toBe('101 hello')
  })
})

test('A WebSocket is carried over a unix socket.', async () => {
  const path = join(folder, 'api.sock')
  const upstream = await startUpstream({}, { path })
  const addresses = [{ name: `unix:${path}`, origin: 'http://localhost', socketPath: path }]
  expect(await handshakeWith('http://localhost', { addresses })).toBe('101 hello')
  await upstream.close()
})

test('An upstream that refuses the connection is a 502, one that never finishes its TLS handshake a 504.', async () => {
  expect(await handshakeWith(await closedOrigin())).toBe('502 upstream_unreachable')
  const silent = await portOf(createServer((socket) => socket.on('error', () => socket.destroy())))
  expect(await handshakeWith(`https://127.0.0.1:${silent}`, { connectTimeoutMilliseconds: 300 })).toBe('504 upstream_timed_out')
})

test('Where one address cannot be connected to, the handshake goes to another one.', async () => {
  const upstream = await startUpstream()
  const origins = [await closedOrigin(), upstream.origin]
  const addresses = origins.map((origin) => ({ name: origin, origin, socketPath: undefined }))
  for (const order of [addresses, addresses.toReversed()]) {
    // oxlint-disable-next-line no-await-in-loop -- one order after the other
    expect(await handshakeWith('http://unused', { addresses: order })).toBe('101 hello')
  }
  await upstream.close()
})

/** Where nobody listens. */
async function closedOrigin(): Promise<string> {
  const server = createServer()
  const port = await portOf(server)
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}
