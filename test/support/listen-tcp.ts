import { once } from 'node:events'
import { createServer, type ServerOpts, type Socket } from 'node:net'

/** A server of bytes on a free port of 127.0.0.1. */
export interface TcpServer {
  readonly port: number
  /** Breaks off every connection that is open; others may come. */
  readonly breakOff: () => void
  /** The same, and lets nobody in any more. */
  readonly stop: () => Promise<void>
}

/** Listens; `serve` is given each connection, whose errors only end it. */
export async function listenTcp(serve: (socket: Socket) => void, options: ServerOpts = {}): Promise<TcpServer> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true, ...options }, (socket) => {
    sockets.add(socket.on('error', () => socket.destroy()))
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')

  function breakOff(): void {
    for (const socket of sockets) socket.destroy()
  }

  return {
    port: address.port,
    breakOff,
    async stop() {
      const closed = once(server.close(), 'close')
      breakOff()
      await closed
    },
  }
}
