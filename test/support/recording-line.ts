import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A line to a server of this machine that writes down what is said on it. */
export interface RecordingLine {
  readonly port: number
  /** What either side said so far, connection by connection, as far as its lines are whole; latin1. */
  readonly lines: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** Starts one; a side that closes or breaks off is broken off on the other side too. */
export async function startRecordingLine(target: number): Promise<RecordingLine> {
  const sockets = new Set<Socket>()
  const lines: string[] = []

  function record(from: Socket, to: Socket): void {
    let rest = ''
    from.on('data', (piece: Buffer) => {
      const whole = (rest + piece.toString('latin1')).split('\r\n')
      rest = whole.pop() ?? ''
      lines.push(...whole)
    })
    from.pipe(to)
    from.on('error', () => undefined)
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
    sockets.add(from.setNoDelay(true))
  }

  const server = createServer((client) => {
    const other = connect(target, '127.0.0.1')
    record(client, other)
    record(other, client)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')

  return {
    port: address.port,
    lines: () => lines,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
