import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { coatcheckProgram } from './coatcheck-program.ts'
import { kibibytesEach, mebibytes, residentAt, settled } from './resident.ts'
import { whole } from './results.ts'
import { type Bench, CORES, type Section } from './section.ts'
import { signIn } from './sign-in.ts'
import { readUsage } from './usage.ts'

const USUAL = { sockets: 5_000, settleMilliseconds: 10_000 } as const
const QUICK = { sockets: 500, settleMilliseconds: 2_000 } as const
const AT_ONCE = 50

/** RFC 6455 §1.3. */
const HANDSHAKE_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What open WebSockets on which nothing is said cost in the process. */
export async function measureSockets({ isQuick, processes, provider, nodeFlags, tell }: Bench): Promise<Section> {
  const { sockets: many, settleMilliseconds } = isQuick ? QUICK : USUAL
  const upstream = await startUpstream()
  const clients: Socket[] = []
  try {
    const routes = JSON.stringify([{ prefix: '/api/', upstream: `http://127.0.0.1:${upstream.port}/`, webSocket: true }])
    const most = String(2 * many)
    const settings = { COATCHECK_WEB_SOCKETS_MOST_OPEN: most, COATCHECK_WEB_SOCKETS_MOST_OPEN_PER_SESSION: most }
    const program = await coatcheckProgram({ script: 'src/main.ts', provider, store: 'memory:', routes, nodeFlags, settings })
    const gateway = processes.start({ ...program, core: CORES.gatewayCore })
    await gateway.answers(program.readyUrl)
    const cookie = await signIn(program.origin)
    const open = () => openSocket(program.port, program.origin, cookie)
    const look = () => readUsage(gateway.pid).residentBytes

    // What the first ones cost is the code's, not theirs.
    for (let n = 0; n < many / 10; n += AT_ONCE) {
      const first = await Promise.all(Array.from({ length: AT_ONCE }, open))
      for (const socket of first) socket.destroy()
    }
    await settled(settleMilliseconds)
    const before = look()
    while (clients.length < many) clients.push(...(await Promise.all(Array.from({ length: AT_ONCE }, open))))
    await settled(settleMilliseconds)
    const after = look()
    tell(`${mebibytes(after - before)} for ${clients.length}`)
    if (upstream.open() < many) throw new Error(`${upstream.open()} of ${many} sockets are open at the API.`)
    return socketsSection(before, after, clients.length)
  } finally {
    for (const client of clients) client.destroy()
    await upstream.stop()
  }
}

/** An API that takes every handshake and says nothing afterwards. */
async function startUpstream() {
  const open = new Set<Duplex>()
  const server = createServer().on('upgrade', (request, socket) => {
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${HANDSHAKE_SALT}`).digest('base64')
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Accept: ${accept}`,
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return {
    port: address.port,
    open: () => open.size,
    async stop() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Resolves with an open socket once the API has taken the handshake. */
async function openSocket(port: number, origin: string, cookie: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const lines = [
    'GET /api/socket HTTP/1.1',
    `Host: ${new URL(origin).host}`,
    `Origin: ${origin}`,
    `Cookie: ${cookie}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  if (!String(answer).startsWith('HTTP/1.1 101 ')) throw new Error(`A handshake was refused: ${String(answer).slice(-300)}`)
  return socket
}

/** What so many sockets took, in bytes. */
export function socketsSection(before: number, after: number, many: number): Section {
  return {
    title: 'Idle WebSockets',
    ...residentAt([
      { name: 'none open', value: before },
      { name: `${whole.format(many)} open and idle`, value: after },
    ]),
    says: `One gateway that carries ${whole.format(many)} WebSockets of one session on which nothing is said, after others have been opened and closed.`,
    remarks: [`Each takes ${kibibytesEach(before, after, many)} of resident memory, both of its connections included.`],
    goals: [],
    faults: [],
  }
}
