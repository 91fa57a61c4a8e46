import { connect, type Socket } from 'node:net'
import { listenTcp } from './listen-tcp.ts'

/** A line to a server of this machine that writes down what is said on it. */
export interface RecordingLine {
  readonly port: number
  /** What either side said so far, connection by connection, as far as its lines are whole; latin1. */
  readonly lines: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** Starts one; a side that closes or breaks off is broken off on the other side too. */
export async function startRecordingLine(target: number): Promise<RecordingLine> {
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
    from.on('close', () => to.destroy())
  }

  const { port, stop } = await listenTcp((client) => {
    const other = connect(target, '127.0.0.1').setNoDelay(true)
    record(client, other)
    record(other, client)
  })

  return {
    port,
    lines: () => lines,
    stop,
  }
}
