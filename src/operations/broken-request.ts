import { randomUUID } from 'node:crypto'
import { type IncomingMessage, STATUS_CODES, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { FAILURES, type FailureCode } from '../errors.ts'
import { endWith } from '../proxy/end-with.ts'
import type { Report } from '../report/events.ts'
import type { InFlight } from './in-flight.ts'

interface Steps {
  readonly inFlight: InFlight
  readonly report: Report
}

/** Whether a message is none that may be answered: it, or one before it on its connection, could be read in two ways. */
export type IsBroken = (request: IncomingMessage) => boolean

/** Codes of Node's parser that say more than "not well formed". */
const CODES: ReadonlyMap<string, FailureCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'headers_too_large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request_timed_out'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'body_too_large'],
])

/** Codes that mean the client is gone: nobody is left to tell. */
const GONE: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED'])

/**
 * Answers what never became a request: bytes that do not parse, headers that are too large or too slow, and `CONNECT`.
 *
 * Each gets a problem document (RFC 9457) that repeats nothing of what was sent, and the end of its connection, since where the
 * next request begins is unknown (RFC 9112 §11.2). Answers to what came before it on the connection go out first (§9.3.2).
 */
export function answerBrokenRequests(server: Server, { inFlight, report }: Steps): IsBroken {
  const refused = new WeakSet<Duplex>()

  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const told = error.code ?? 'no code'
    const isRefused = refused.has(socket)
    if (GONE.has(told) || (!isRefused && !socket.writable)) socket.destroy()
    // What still comes of it is broken too, and told of once.
    else if (!isRefused) refuse(socket, CODES.get(told) ?? 'request_invalid', told)
  })

  // A proxy for anywhere is what this gateway must never be (RFC 9110 §9.3.6).
  server.on('connect', (_request, socket: Duplex) => {
    socket.on('error', () => socket.destroy())
    refuse(socket, 'method_not_allowed', 'CONNECT')
  })

  function refuse(socket: Duplex, code: FailureCode, note: string): void {
    refused.add(socket)
    const answers = inFlight.on(socket)
    const broken = answers.find(({ req }) => !req.complete)
    const isAnswered = broken?.writableEnded === true
    whenClosed(
      answers.filter((answer) => answer !== broken || isAnswered),
      () => {
        // No message has two answers.
        if (isAnswered) return endWith(socket)
        if (broken?.headersSent === true || !socket.writable) return void socket.destroy()
        if (broken !== undefined) takeOver(broken)
        answer(socket, code, note)
      },
    )
  }

  function answer(socket: Duplex, code: FailureCode, note: string): void {
    const requestId = randomUUID()
    report('request_refused', { code, blame: FAILURES[code].blame, requestId, note })
    endWith(socket, problem(code, requestId))
  }

  return function isBroken(request) {
    const fault = faultOf(request)
    if (fault !== undefined && !refused.has(request.socket)) refuse(request.socket, 'request_invalid', fault)
    return refused.has(request.socket)
  }
}

/** What Node's parser lets through, and others read in another way. */
function faultOf({ httpVersionMajor, httpVersionMinor, headers }: IncomingMessage): string | undefined {
  // HTTP/0.9, and HTTP/2 in the clear.
  if (httpVersionMajor !== 1) return 'not HTTP/1'
  // RFC 9112 §3.2. Left to Node, the answer would be an empty one that nobody is told of.
  if (httpVersionMinor === 1 && headers.host === undefined) return 'no Host'
  const coding = headers['transfer-encoding']
  if (coding === undefined) return undefined
  // RFC 9112 §6.1: its framing is faulty. Who knows HTTP/1.0 only takes the chunks for the next request.
  if (httpVersionMinor === 0) return 'a transfer coding in HTTP/1.0'
  // Nobody here undoes another one, and in a list servers see the end of the body in different places (§6.3).
  return coding.toLowerCase() === 'chunked' ? undefined : 'the transfer coding is not chunked'
}

/** Whoever makes that answer, and carries what came of its body, is told as if its client had left: it is answered here. */
function takeOver(answer: ServerResponse): void {
  if (answer.socket !== null) answer.detachSocket(answer.socket)
  answer.emit('close')
}

function whenClosed(answers: readonly ServerResponse[], then: () => void): void {
  let left = answers.length
  if (left === 0) then()
  for (const answer of answers) {
    answer.once('close', () => {
      left -= 1
      if (left === 0) then()
    })
  }
}

function problem(code: FailureCode, requestId: string): string {
  const { status, says } = FAILURES[code]
  const title = STATUS_CODES[status] ?? 'Error'
  const body = JSON.stringify({ type: 'about:blank', title, status, detail: says, code, requestId })
  return [
    `HTTP/1.1 ${status} ${title}`,
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    // A browser can be made to send too many cookies, and shows what it gets.
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    `X-Request-Id: ${requestId}`,
    // RFC 9110 §15.5.6 asks for the methods; there are none to offer for a tunnel.
    ...(status === 405 ? ['Allow:'] : []),
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
