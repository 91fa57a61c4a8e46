import { once } from 'node:events'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { Certificate } from './certificates.ts'

/** Answers over either protocol. */
export type SecureAnswer = (request: Http2ServerRequest, response: Http2ServerResponse) => void

/** An API behind TLS that records what it is asked and answers as it is told. */
export interface SecureUpstream {
  readonly origin: string
  readonly requests: SecureRequest[]
  /** TLS connections that were ever made. */
  readonly connections: () => number
  readonly sessions: Set<ServerHttp2Session>
  /** Paths of requests whose client went away before the answer was complete. */
  readonly aborted: string[]
  answer(path: string, answer: SecureAnswer): void
  close(): Promise<void>
}

export interface SecureRequest {
  readonly path: string
  readonly httpVersion: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** The name in the client's certificate. */
  readonly client: string | undefined
}

interface Choices {
  readonly certificate: Certificate
  /** Whose certificates clients must show. */
  readonly clientAuthority?: string
  readonly protocols?: 'both' | 'http1' | 'http2'
}

/** Starts it on a free port of localhost; every path without an answer of its own is answered with `hello`. */
export async function startSecureUpstream({
  certificate,
  clientAuthority,
  protocols = 'http1',
}: Choices): Promise<SecureUpstream> {
  const answers = new Map<string, SecureAnswer>()
  const requests: SecureRequest[] = []
  const aborted: string[] = []
  const sessions = new Set<ServerHttp2Session>()
  const sockets = new Set<{ destroy(): unknown }>()
  let connections = 0

  const options = {
    cert: certificate.certificate,
    key: certificate.key,
    ...(clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true, rejectUnauthorized: true }),
  }
  const server: Server =
    protocols === 'http1' ? createServer(options) : createSecureServer({ ...options, allowHTTP1: protocols === 'both' })
  server.on('request', (request: Http2ServerRequest, response: Http2ServerResponse) => void take(request, response))
  server.on('secureConnection', () => (connections += 1))
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session)
    session.on('error', () => {}).on('close', () => sessions.delete(session))
  })
  server.on('tlsClientError', () => {}).on('sessionError', () => {})
  server.listen(0, 'localhost')
  await once(server, 'listening')

  async function take(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const path = request.url.split('?', 1).join()
    let isWhole = false
    response.on('finish', () => (isWhole = true)).on('error', () => {})
    request.on('aborted', () => void (isWhole || aborted.push(path))).on('error', () => {})
    const answer = answers.get(path)
    const body = answer === undefined ? await textOf(request) : ''
    const { socket, headers, httpVersion } = request
    const client = 'getPeerCertificate' in socket ? String(Object(socket.getPeerCertificate()).subject?.CN ?? '') : ''
    requests.push({ path, httpVersion, headers, body, client: client === '' ? undefined : client })
    if (answer === undefined) response.end('hello')
    else answer(request, response)
  }

  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => connections,
    sessions,
    aborted,
    answer: (path, answer) => void answers.set(path, answer),
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const session of sessions) session.destroy()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function textOf(request: Http2ServerRequest): Promise<string> {
  let text = ''
  for await (const piece of request.setEncoding('latin1')) text += String(piece)
  return text
}
