import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Report } from '../report/events.ts'
import { answerBrokenRequests } from './broken-request.ts'
import { takeConnection, type TakenConnection } from '../proxy/taken-connection.ts'
import type { InFlight } from './in-flight.ts'
import { createCutIfTooFarAhead } from './sent-ahead.ts'

const KILOBYTE = 1024
const SECOND = 1000

/** Answers one request; never throws. `taken`: its connection was taken out of HTTP, and may go on as something else. */
export type Handle = (request: IncomingMessage, response: ServerResponse, taken?: TakenConnection) => void

interface Steps {
  readonly handle: Handle
  /** Whether a request is to be taken out of HTTP, as a WebSocket; never throws. Without it none is. */
  readonly isWebSocket?: (request: IncomingMessage) => boolean
  readonly inFlight: InFlight
  readonly report: Report
}

/** The bounds of both listeners, each with its reason. */
const SETTINGS = {
  // Fits nginx's `large_client_header_buffers 4 8k`; a larger one is 431.
  maxHeaderSize: 32 * KILOBYTE,
  // From the first byte to the end of the headers: a slow sender holds a socket for so long and no longer.
  headersTimeout: 15 * SECOND,
  // A body may take hours (a gigabyte over a thin line). Who reads it bounds the silence between two of its pieces.
  requestTimeout: 0,
  // Longer than nginx keeps idle connections to us (60 s): the side that sends must be the one that closes.
  keepAliveTimeout: 75 * SECOND,
  connectionsCheckingInterval: 5 * SECOND,
  // Said outright, since a flag of Node could turn the lenient parser on for those who do not (request smuggling).
  insecureHTTPParser: false,
  // Refused with everything else that is broken.
  requireHostHeader: false,
} as const

/**
 * A plain HTTP/1.1 server in front of `handle`. TLS ends before it.
 *
 * - What does not parse, is too large or too slow, or is no HTTP/1 is answered here, by a problem document.
 * - Whoever sends more than 32 requests ahead of their answers is cut off.
 * - `Expect: 100-continue` reaches `handle` unanswered: whoever wants the body says `100` (RFC 9110 §10.1.1).
 * - `Upgrade` is ignored, as RFC 9110 §7.8 allows, but for what `isWebSocket` picks out: such a request is an ordinary one, the last of
 *   its connection, and never becomes a tunnel. `CONNECT` is refused.
 */
export function createHttpServer({ handle, isWebSocket, inFlight, report }: Steps): Server {
  const server = createServer({ ...SETTINGS, ...(isWebSocket ? { shouldUpgradeCallback: isWebSocket } : {}) })
  // Above it Node drops header fields without a word; the size is bounded already.
  server.maxHeadersCount = 0
  const isBroken = answerBrokenRequests(server, { inFlight, report })
  const cutIfTooFarAhead = createCutIfTooFarAhead(report)

  function enter(request: IncomingMessage, response: ServerResponse): void {
    if (cutIfTooFarAhead(request, response) || isBroken(request)) return
    inFlight.enter(response)
    // Node drops what came behind it in the same piece: nobody may go on waiting for an answer to that.
    if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false
    handle(request, response)
  }

  server.on('request', enter)
  server.on('checkContinue', enter)
  server.on('checkExpectation', enter)
  if (isWebSocket) {
    // Before Node 24.9 every `Upgrade` comes here; `handle` refuses those that nobody picked out.
    server.on('upgrade', (request, socket, head) => {
      if (isBroken(request)) return
      // Sent on the heels of a request whose answer is still to come: the two would be mixed (RFC 9112 §9.3.2).
      if (inFlight.on(socket).length > 0) {
        socket.destroy()
        return
      }
      const taken = takeConnection(request, head)
      inFlight.enter(taken.response)
      handle(request, taken.response, taken)
    })
  }
  return server
}
