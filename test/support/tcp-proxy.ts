import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { listenTcp } from './listen-tcp.ts'

const MOST_DRIBBLED_BYTES = 500

export interface TcpProxy {
  readonly port: number
  /** How many connections it has accepted. */
  readonly accepted: () => number
  /** How much later than they came answers are passed on, from now on; never in another order. */
  delay(milliseconds: number): void
  stop(): Promise<void>
}

/** A bad line to a server on loopback: the first `swallowed` connections are never answered, short answers arrive byte by byte if they `dribble`, and as late as it is told. */
export async function startProxy(
  target: number,
  { swallowed = 0, dribble = false }: { readonly swallowed?: number; readonly dribble?: boolean } = {},
): Promise<TcpProxy> {
  let accepted = 0
  let delayMilliseconds = 0

  function passLate(from: Socket, to: Socket): void {
    let passed = Promise.resolve()
    from.on('data', (chunk: Buffer) => {
      passed = passAfter(passed, chunk, Date.now() + delayMilliseconds, to)
    })
  }

  const { port, stop } = await listenTcp((client) => {
    accepted += 1
    if (accepted <= swallowed) return
    const upstream = connect(target, '127.0.0.1').on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
    client.pipe(upstream)
    if (dribble) void passBytes(upstream, client)
    else passLate(upstream, client)
  })

  return {
    port,
    accepted: () => accepted,
    delay(milliseconds) {
      delayMilliseconds = milliseconds
    },
    stop,
  }
}

async function passAfter(before: Promise<void>, chunk: Buffer, due: number, to: Socket): Promise<void> {
  await before
  if (due > Date.now()) await pause(due - Date.now())
  if (!to.destroyed) to.write(chunk)
}

async function passBytes(from: Socket, to: Socket): Promise<void> {
  const queue: number[] = []
  from.on('data', (chunk: Buffer) => queue.push(...chunk))
  while (!to.destroyed) {
    // A long answer, such as all that a server says of itself, is over but for its end: heartbeats wait behind it.
    const due = queue.splice(0, Math.max(1, queue.length - MOST_DRIBBLED_BYTES))
    if (due.length > 0) to.write(Uint8Array.from(due))
    // One for the write, one for the reader to see it alone.
    await nextTurn()
    await nextTurn()
  }
}
