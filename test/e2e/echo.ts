import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** What arrived, as it arrived. */
export interface Echo {
  readonly method: string
  readonly target: string
  /** Name, value, name, value… */
  readonly headers: readonly string[]
  readonly body: string
  /** The port of the connection it came over. */
  readonly connection: number
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void

export interface EchoServer {
  readonly address: string
  /** Targets of everything that arrived. */
  readonly targets: readonly string[]
  /** Answers this path by another behaviour than the echo. */
  readonly on: (path: string, behaviour: Behaviour) => void
  readonly stop: () => Promise<void>
}

/** Stands in for the gateway where nginx alone is looked at: it says what reached it. */
export async function startEcho(): Promise<EchoServer> {
  const targets: string[] = []
  const behaviours = new Map<string, Behaviour>()
  const server = createServer((request, response) => {
    targets.push(request.url ?? '')
    const behaviour = behaviours.get(new URL(request.url ?? '', 'http://unused').pathname) ?? echo
    behaviour(request, response)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    targets.push(request.url ?? '')
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.on('error', () => socket.destroy()).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return { address: `127.0.0.1:${address.port}`, targets, on: (path, behaviour) => void behaviours.set(path, behaviour), stop }

  async function stop(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const said: Echo = {
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.rawHeaders,
      body: Buffer.concat(pieces).toString(),
      connection: request.socket.remotePort ?? 0,
    }
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(said))
  })
}
