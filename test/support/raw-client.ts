import { connect } from 'node:net'

/** One TCP connection, byte by byte: for what no HTTP client would send. Text is latin1. */
export interface RawConnection {
  write(text: string): void
  /** All that has come so far. */
  received(): string
  /** Resolves with all that has come, once it holds `text`; rejects where the connection ends before. */
  until(text: string): Promise<string>
  /** Resolves with all that has come, once `isThere` holds; looked at whenever something comes. */
  when(isThere: () => boolean, wanted: string): Promise<string>
  /** Octets that were written and are not yet out. */
  unsent(): number
  /** Says that nothing more will be sent. */
  end(): void
  /** Resolves with all that has come, once the other side has closed. */
  closed(): Promise<string>
  /** Whether the other side broke off instead of closing. */
  wasReset(): boolean
  /** Stops reading, as a slow browser does. */
  pause(): void
  resume(): void
  /** Goes away, without a word. */
  destroy(): void
}

/** Connects to a port of this machine. */
export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const watchers = new Set<() => void>()
  let text = ''
  let hasEnded = false
  let isReset = false

  function tell(): void {
    for (const watch of watchers) watch()
  }
  function stop(): void {
    hasEnded = true
    socket.destroy()
    tell()
  }

  socket.setEncoding('latin1')
  socket.on('data', (piece: string) => {
    text += piece
    tell()
  })
  socket.on('end', stop).on('close', stop)
  // A reset is an end like any other here, for those who do not ask.
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    isReset = code === 'ECONNRESET'
    stop()
  })
  await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', resolve))

  async function when(isThere: () => boolean, wanted: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      function watch(): void {
        if (!isThere() && !hasEnded) return
        watchers.delete(watch)
        if (isThere()) resolve()
        else reject(new Error(`the connection ended before ${JSON.stringify(wanted)}; it said ${JSON.stringify(text)}`))
      }
      watchers.add(watch)
      watch()
    })
    return text
  }

  return {
    write: (piece) => void socket.write(piece, 'latin1'),
    received: () => text,
    when,
    unsent: () => socket.writableLength,
    end: () => void socket.end(),
    until: (wanted) => when(() => text.includes(wanted), wanted),
    closed: () => when(() => hasEnded, 'its end'),
    wasReset: () => isReset,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.resetAndDestroy(),
  }
}

/** Sends exactly `text` and resolves with everything that comes back until the other side closes: say `Connection: close`. */
export async function rawRequest(port: number, text: string): Promise<string> {
  const connection = await openRaw(port)
  connection.write(text)
  return connection.closed()
}
