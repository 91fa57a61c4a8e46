import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { FAILURES, type FailureCode } from '../errors.ts'
import type { Report } from '../report/events.ts'
import type { InFlight } from './in-flight.ts'

interface Steps {
  readonly inFlight: InFlight
  readonly report: Report
}

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
 * next request begins is unknown (RFC 9112 §11.2).
 */
export function answerBrokenRequests(server: Server, { inFlight, report }: Steps): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const told = error.code ?? 'no code'
    if (GONE.has(told) || !socket.writable || inFlight.hasBegunOn(socket)) socket.destroy()
    else refuse(socket, CODES.get(told) ?? 'request_invalid', told)
  })

  // A proxy for anywhere is what this gateway must never be (RFC 9110 §9.3.6).
  server.on('connect', (_request, socket: Duplex) => {
    socket.on('error', () => socket.destroy())
    refuse(socket, 'method_not_allowed', 'CONNECT')
  })

  function refuse(socket: Duplex, code: FailureCode, note: string): void {
    const requestId = randomUUID()
    report('request_refused', { code, blame: FAILURES[code].blame, requestId, note })
    socket.end(problem(code, requestId), () => socket.destroy())
  }
}

function problem(code: FailureCode, requestId: string): string {
  const { status, says } = FAILURES[code]
  const title = STATUS_CODES[status] ?? 'Error'
  const body = JSON.stringify({ type: 'about:blank', title, status, detail: says, code, requestId })
  return [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    // RFC 9110 §15.5.6 asks for the methods; there are none to offer for a tunnel.
    ...(status === 405 ? ['Allow:'] : []),
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
