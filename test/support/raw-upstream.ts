import type { Socket } from 'node:net'
import { listenTcp } from './listen-tcp.ts'
import { type RawMessage, readMessages } from './raw-messages.ts'

/** What a connection's other end may do once a request is there whole. */
export interface RawPeer {
  /** Writes exactly these bytes; latin1. */
  write(bytes: string): void
  /** Says that nothing more will come. */
  end(): void
  /** Breaks the connection off. */
  reset(): void
}

/** Answers a request on the bytes of its connection. */
export type RawAnswer = (peer: RawPeer, message: RawMessage) => void

/** An API that speaks bytes: it keeps all that arrives as it arrives, and sends what it is told to, right or wrong. */
export interface RawUpstream {
  readonly port: number
  readonly origin: string
  /** All the bytes that ever arrived, one text for each connection; latin1. */
  received(): readonly string[]
  /** Their number. */
  octets(): number
  /** The requests in them, as a strict parser counts them, in the order in which they came whole. */
  messages(): readonly RawMessage[]
  /** The last of them; fails where none came. */
  last(): RawMessage
  /** Those of a path, its query left aside. */
  of(path: string): readonly RawMessage[]
  /** Whether the connection over which this was asked for last is still open. */
  isOpen(target: string): boolean
  /** Answers a path in this way from now on: exact bytes, or more. Any other gets 200 with `ok`. */
  answer(path: string, answer: string | RawAnswer): void
  /** Answers as soon as the headers are there, without waiting for the body. */
  answerEarly(path: string, answer: string | RawAnswer): void
  /** Resolves once `isThere` holds; looked at whenever anything happens here. */
  until(isThere: () => boolean): Promise<void>
  close(): Promise<void>
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'

/** Starts it on a free port. */
export async function startRawUpstream(): Promise<RawUpstream> {
  const answers = new Map<string, string | RawAnswer>()
  const early = new Map<string, string | RawAnswer>()
  const texts: string[] = []
  const messages: RawMessage[] = []
  const sockets: Socket[] = []
  const watchers = new Set<() => void>()
  let octets = 0

  function tell(): void {
    for (const watch of watchers) watch()
  }

  function serve(socket: Socket): void {
    const at = texts.push('') - 1
    let rest = ''
    let isAnswered = false
    sockets.push(socket)
    socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1')
      texts[at] += text
      octets += text.length
      const read = readMessages(rest + text)
      rest = read.rest
      for (const message of read.whole) {
        messages.push(message)
        if (!isAnswered) reply(socket, message, answers)
        isAnswered = false
      }
      if (read.begun !== undefined && !isAnswered && early.has(pathOf(read.begun))) {
        isAnswered = true
        reply(socket, read.begun, early)
      }
      tell()
    })
    socket.on('end', () => socket.destroy())
    socket.on('close', tell)
  }

  const { port, stop } = await listenTcp(serve, { allowHalfOpen: true })

  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    received: () => texts.filter((text) => text !== ''),
    octets: () => octets,
    messages: () => messages,
    last() {
      const last = messages.at(-1)
      if (last === undefined) throw new Error(`no whole request reached the upstream, only ${JSON.stringify(texts)}`)
      return last
    },
    of: (path) => messages.filter((message) => pathOf(message) === path),
    isOpen: (target) => sockets[texts.findLastIndex((text) => text.includes(` ${target} HTTP/`))]?.destroyed === false,
    answer: (path, answer) => void answers.set(path, answer),
    answerEarly: (path, answer) => void early.set(path, answer),
    until: (isThere) =>
      new Promise((resolve) => {
        function watch(): void {
          if (!isThere()) return
          watchers.delete(watch)
          resolve()
        }
        watchers.add(watch)
        watch()
      }),
    close: stop,
  }
}

function pathOf({ target }: RawMessage): string {
  return target.split('?', 1)[0] ?? ''
}

function reply(socket: Socket, message: RawMessage, answers: ReadonlyMap<string, string | RawAnswer>): void {
  const answer = answers.get(pathOf(message)) ?? OK
  if (typeof answer === 'string') return void socket.write(answer, 'latin1')
  answer(
    {
      write: (bytes) => void socket.write(bytes, 'latin1'),
      end: () => void socket.end(),
      // Only once all of it has been handed over: a reset takes along what still waits.
      reset: () =>
        void (socket.writableLength === 0 ? socket.resetAndDestroy() : socket.once('drain', () => socket.resetAndDestroy())),
    },
    message,
  )
}
