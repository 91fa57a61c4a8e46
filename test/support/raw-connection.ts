import { connect, type Socket } from 'node:net'

/** A bare connection: for what no client library would send. */
export interface RawConnection {
  readonly socket: Socket
  readonly send: (text: string) => void
  /** Everything received so far. */
  readonly received: () => string
  /** Resolves once what was received matches; rejects when the connection ends before. */
  readonly until: (pattern: RegExp) => Promise<string>
  /** Resolves with everything received once the other side has closed. */
  readonly closed: Promise<string>
}

/** Connects to a port of 127.0.0.1; rejects where nobody listens. */
export async function connectTo(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)))
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1')
  })
  // A reset is an end like any other; `closed` tells.
  socket.on('error', () => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('close', () => reject(new Error(`Nobody listens on port ${port}.`)))
  })

  async function until(pattern: RegExp): Promise<string> {
    while (!pattern.test(text)) {
      if (socket.destroyed) throw new Error(`The connection ended after ${JSON.stringify(text)}`)
      await new Promise<void>((resolve) => {
        socket.once('data', () => resolve())
        socket.once('close', () => resolve())
      })
    }
    return text
  }

  return { socket, send: (piece) => socket.write(piece, 'latin1'), received: () => text, until, closed }
}
