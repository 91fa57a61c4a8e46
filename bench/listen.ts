import { once } from 'node:events'
import { connect } from 'node:net'
import type { CoatcheckProgram } from './coatcheck-program.ts'

/** An open event stream. */
export interface Listener {
  readonly cookie: string
  /** Resolves when it is told that its session has ended. */
  readonly ended: Promise<void>
  readonly close: () => void
}

const AT_ONCE = 50

/** Opens `GET /bff/events` as a browser behind nginx does; resolves once it has begun. */
export async function listen({ port, origin }: Pick<CoatcheckProgram, 'port' | 'origin'>, cookie: string): Promise<Listener> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  socket.on('error', () => undefined)
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const lines = [
    'GET /bff/events HTTP/1.1',
    `Host: ${new URL(origin).host}`,
    `Cookie: ${cookie}`,
    'Accept: text/event-stream',
    'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Mode: cors',
    'Sec-Fetch-Dest: empty',
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const [begun] = await once(socket, 'data')
  if (!String(begun).startsWith('HTTP/1.1 200 ')) throw new Error(`A stream was refused: ${String(begun).slice(0, 300)}`)
  socket.on('data', (piece: string) => piece.includes('event: ended') && resolve())
  return { cookie, ended, close: () => socket.destroy() }
}

/** Does something for each, some at once. */
export async function inTurns<Item, Done>(items: readonly Item[], act: (item: Item) => Promise<Done>): Promise<readonly Done[]> {
  const done: Done[] = []
  for (let from = 0; from < items.length; from += AT_ONCE)
    done.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(act))))
  return done
}
