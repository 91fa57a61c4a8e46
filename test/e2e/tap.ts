import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** One exchange with a server of this process, as it went over the wire. */
export interface Exchange {
  readonly path: string
  readonly authorization: string | undefined
  readonly asked: string
  readonly answered: string
}

export interface Tap {
  readonly exchanges: readonly Exchange[]
  readonly close: () => void
}

/** Listens in on every server of this process that listens on `port`. */
export function tapServer(port: number): Tap {
  const exchanges: Exchange[] = []
  subscribe('http.server.request.start', listenIn)
  return { exchanges, close: () => void unsubscribe('http.server.request.start', listenIn) }

  function listenIn(message: unknown): void {
    if (!isStart(message) || message.request.socket.localPort !== port) return
    const { request, response } = message
    const asked = record(request, 'emit', (name, piece) => (name === 'data' ? piece : undefined))
    const answered = record(response, 'write', (piece) => piece)
    const last = record(response, 'end', (piece) => piece)
    response.once('close', () => {
      const { authorization } = request.headers
      exchanges.push({ path: request.url ?? '', authorization, asked: asked(), answered: answered() + last() })
    })
  }
}

interface Start {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

function isStart(message: unknown): message is Start {
  return typeof message === 'object' && message !== null && 'request' in message && 'response' in message
}

/** Keeps what `pick` takes from each call of a method; the method goes on doing what it did. */
function record(target: object, method: string, pick: (...given: readonly unknown[]) => unknown): () => string {
  let text = ''
  const original: unknown = Reflect.get(target, method)
  if (typeof original !== 'function') throw new Error(`There is no ${method} to record.`)
  Reflect.set(target, method, (...given: readonly unknown[]): unknown => {
    const piece = pick(...given)
    if (typeof piece === 'string' || piece instanceof Uint8Array) text += Buffer.from(piece).toString()
    return Reflect.apply(original, target, [...given])
  })
  return () => text
}
