import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { routeTo, startCarryingLane } from '../../support/carrying-lane.ts'
import { createCertificateAuthority } from '../../support/certificates.ts'
import { echoMessages } from '../../support/web-socket-answers.ts'
import { openWebSocket } from '../../support/web-socket-client.ts'

let folder: string
let authority: Awaited<ReturnType<typeof createCertificateAuthority>>
const servers: Server[] = []
const trusted = getCACertificates('default')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-dial-'))
  authority = await createCertificateAuthority(folder)
})
afterAll(async () => {
  setDefaultCACertificates(trusted)
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
async function startSecure(host: string): Promise<number> {
  const { certificate, key } = await authority.issue(host)
  const server = createSecureServer({ cert: certificate, key })
  server.on('upgrade', (request, _socket, head) => echoMessages(request, request.socket, head))
  return portOf(server)
}

/** What a handshake comes to whose upstream is there. */
async function handshakeWith(origin: string): Promise<string> {
  const more = routeTo(origin, { prefix: '/more/', webSocket: true, token: 'none', connectTimeoutMilliseconds: 300 })
  const lane = await startCarryingLane({ moreRoutes: [more] })
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

test('A WebSocket over TLS is carried where the upstream’s certificate is trusted and its own, and nowhere else.', async () => {
  const [own, others] = [await startSecure('localhost'), await startSecure('other.test')]
  expect(await handshakeWith(`https://localhost:${own}`)).toBe('502 upstream_unreachable')
  setDefaultCACertificates([...trusted, authority.certificate])
  expect(await handshakeWith(`https://localhost:${own}`)).toBe('101 hello')
  expect(await handshakeWith(`https://localhost:${others}`)).toBe('502 upstream_unreachable')
})

test('An upstream that refuses the connection is a 502, one that never finishes its TLS handshake a 504.', async () => {
  const closed = await portOf(createServer())
  servers.pop()?.close()
  expect(await handshakeWith(`http://127.0.0.1:${closed}`)).toBe('502 upstream_unreachable')
  const silent = await portOf(createServer((socket) => socket.on('error', () => socket.destroy())))
  expect(await handshakeWith(`https://127.0.0.1:${silent}`)).toBe('504 upstream_timed_out')
})
