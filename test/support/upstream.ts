import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { ListenOptions, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ANSWERS } from './upstream-answers.ts'
import { echoMessages, type UpgradeAnswer } from './web-socket-answers.ts'

/** A request as the upstream got it. */
export interface RecordedRequest {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  /** Header lines as they came: order, case and number kept. */
  readonly lines: readonly (readonly [name: string, value: string])[]
  /** What has come of the body, latin1. */
  body: string
  /** The request came whole. */
  isComplete: boolean
  /** The connection went away before the answer was complete. */
  isAborted: boolean
  /** Values of a header, in order. */
  values(name: string): string[]
}

/** Answers one request; `body` waits for all of it. */
export type UpstreamAnswer = (
  request: IncomingMessage,
  response: ServerResponse,
  body: () => Promise<string>,
) => void | Promise<void>

/** An API that records what it is asked and answers as it is told. */
export interface Upstream {
  readonly port: number
  readonly origin: string
  readonly requests: RecordedRequest[]
  /** Connections that were ever made. */
  readonly connections: () => number
  /** The last request; fails where none came. */
  last(): RecordedRequest
  /** Resolves once `isThere` holds; looked at whenever anything happens here. */
  until(isThere: () => boolean): Promise<void>
  /** Answers a path in another way from now on. */
  answer(path: string, answer: UpstreamAnswer): void
  /** Answers handshakes on a path from now on; `/echo` knows how from the start. Elsewhere a handshake is a request like any other. */
  upgrade(path: string, answer: UpgradeAnswer): void
  /** Handshakes that are open now, bytes that came over them since, latin1. */
  readonly tunnels: readonly RecordedTunnel[]
  close(): Promise<void>
}

/** The bare connection of a handshake. */
export interface RecordedTunnel {
  readonly target: string
  readonly socket: Socket
  /** All that has come after the handshake. */
  readonly bytes: Buffer
  octets: number
  isEnded: boolean
  isClosed: boolean
}

/**
 * Starts it on a free port, or at `at`; every path without an answer of its own is echoed as JSON (`upstream-answers.ts` lists the
 * others), but for the headers that it `keeps` to itself.
 */
export async function startUpstream(
  own: Readonly<Record<string, UpstreamAnswer>> = {},
  at: ListenOptions = { port: 0, host: '127.0.0.1' },
  keeps: readonly string[] = [],
): Promise<Upstream> {
  const answers = new Map(Object.entries({ ...ANSWERS, ...own }))
  const requests: RecordedRequest[] = []
  const watchers = new Set<() => void>()
  const upgrades = new Map<string, UpgradeAnswer>([['/echo', echoMessages]])
  const tunnels: RecordedTunnel[] = []
  let connections = 0

  function tell(): void {
    for (const watch of watchers) watch()
  }

  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0, shouldUpgradeCallback }, (request, response) => {
    const record = recordOf(request)
    requests.push(record)
    const body = readBody(request, record, tell)
    response.on('close', () => {
      record.isAborted = !response.writableFinished && request.socket.destroyed
      tell()
    })
    tell()
    const path = record.target.split('?', 1)[0] ?? ''
    const answer = answers.get(path) ?? echo
    void answer(request, response, () => body)
  })
  function shouldUpgradeCallback({ url = '' }: IncomingMessage): boolean {
    return upgrades.has(url.split('?', 1)[0] ?? '')
  }
  server.on('upgrade', (request: IncomingMessage, _socket: Duplex, head: Buffer) => {
    const { socket, url = '' } = request
    const pieces = [head]
    const tunnel: RecordedTunnel = {
      target: url,
      socket,
      get bytes() {
        return Buffer.concat(pieces)
      },
      octets: head.length,
      isEnded: false,
      isClosed: false,
    }
    requests.push(recordOf(request))
    tunnels.push(tunnel)
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece)
      tunnel.octets += piece.length
      tell()
    })
    socket.on('end', () => {
      tunnel.isEnded = true
      tell()
    })
    socket.on('close', () => {
      tunnel.isClosed = true
      tell()
    })
    // A reset is an end like any other here.
    socket.on('error', () => socket.destroy())
    upgrades.get(url.split('?', 1)[0] ?? '')?.(request, socket, head)
    tell()
  })
  server.on('connection', () => (connections += 1))
  server.listen(at)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    last() {
      const last = requests.at(-1)
      if (last === undefined) throw new Error('no request reached the upstream')
      return last
    },
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
    tunnels,
    upgrade: (path, answer) => void upgrades.set(path, answer),
    answer: (path, answer) => void answers.set(path, answer),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      for (const { socket } of tunnels) socket.destroy()
      await closed
    },
  }

  async function echo(_request: IncomingMessage, response: ServerResponse, body: () => Promise<string>): Promise<void> {
    const record = requests.at(-1)
    const text = await body()
    response.setHeader('content-type', 'application/json')
    const lines = record?.lines.filter(([name]) => !keeps.includes(name.toLowerCase()))
    response.end(JSON.stringify({ method: record?.method, target: record?.target, lines, body: text }))
  }
}

function recordOf(request: IncomingMessage): RecordedRequest {
  const raw = request.rawHeaders
  const lines = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []))
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersion,
    lines,
    body: '',
    isComplete: false,
    isAborted: false,
    values: (name) => lines.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value),
  }
}

async function readBody(request: IncomingMessage, record: RecordedRequest, tell: () => void): Promise<string> {
  request.on('data', (piece: Buffer) => {
    record.body += piece.toString('latin1')
    tell()
  })
  await new Promise<void>((resolve) => request.once('close', resolve).once('end', resolve))
  record.isComplete = request.complete
  tell()
  return record.body
}
