import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BaseUrlConfig, RouteConfig } from '../config/config.ts'
import type { WebSocketsConfig } from '../config/web-sockets-config.ts'
import { GatewayError } from '../errors.ts'
import type { AccessToken } from '../session/records.ts'
import { createAdmit } from './admit.ts'
import { amendRequest, lowerNames } from './amend-request.ts'
import { Call } from './call.ts'
import { Carriage } from './carriage.ts'
import { type CarryWebSocket, createCarryWebSocket } from './carry-web-socket.ts'
import { isPending } from './is-pending.ts'
import { createRouteTable, type MatchedRoute, type MatchRoute } from './match-route.ts'
import { createAddOurHeaders } from './our-headers.ts'
import { createRequestBody } from './request-body.ts'
import { createReadClientHeaders } from './request-headers.ts'
import type { CarrySteps } from './steps.ts'
import { createReadUpstreamHeaders } from './upstream-headers.ts'
import { createUpstreams } from './upstream-pools.ts'
import { asksForWebSocket } from './web-socket-handshake.ts'

/** What the carrying lane is made from. */
export interface CarryParts {
  readonly steps: CarrySteps
  readonly config: {
    readonly routes: readonly RouteConfig[]
    readonly webSockets: WebSocketsConfig
    readonly baseUrl: BaseUrlConfig
  }
  /** Our pseudonym in `Via`, lower case (RFC 9110 §7.6.3). */
  readonly viaName: string
}

/** The carrying lane. */
export interface Carry {
  /** The route that a raw request target belongs to; undefined: another lane's. */
  readonly match: MatchRoute
  /** Answers a request of a matched route, whatever happens; it never throws and there is nothing to wait for. */
  readonly carry: (request: IncomingMessage, response: ServerResponse, matched: MatchedRoute) => void
  /** Whether a request asks for a WebSocket where they are carried; all others that say `Upgrade` are requests like any other. */
  readonly isWebSocket: (request: IncomingMessage) => boolean
  /** Carries a handshake, and what follows, of a matched route. */
  readonly carryWebSocket: CarryWebSocket
  /** Ends the connections to the upstreams, and with them what is still in flight. */
  readonly close: () => Promise<void>
  readonly inFlight: () => number
}

/** The carrying lane: every API call, in the order that makes it safe. */
export function createCarry({ steps, config: { routes, webSockets, baseUrl }, viaName }: CarryParts): Carry {
  const upstreams = createUpstreams(routes, steps)
  const admit = createAdmit(steps)
  const readClientHeaders = createReadClientHeaders(viaName)
  const readUpstreamHeaders = createReadUpstreamHeaders()
  const carriageSteps = { ...steps, readUpstreamHeaders, publicOrigin: baseUrl.origin, startOver }
  const addOurHeaders = createAddOurHeaders(steps, baseUrl, viaName)
  const match = createRouteTable(routes)
  const carryWebSocket = createCarryWebSocket({
    steps: carriageSteps,
    limits: webSockets,
    upstreams,
    readClientHeaders,
    addOurHeaders,
  })
  let inFlight = 0

  /** Nothing is awaited where session and token are at hand. */
  function carry(request: IncomingMessage, response: ServerResponse, matched: MatchedRoute): void {
    const carriage = enter(request, response, matched)
    try {
      const token = admit(carriage, matched)
      if (isPending(token)) return void sendLater(carriage, token)
      send(carriage, token)
    } catch (error) {
      carriage.fail(error)
    }
  }

  async function sendLater(carriage: Carriage, pending: Promise<AccessToken | undefined>): Promise<void> {
    try {
      const token = await pending
      if (!carriage.hasLeft) send(carriage, token)
    } catch (error) {
      carriage.fail(error)
    }
  }

  /** Strips what the client may not say, then adds ours, then sends: never in another order. */
  function send(carriage: Carriage, token: AccessToken | undefined): void {
    const { request, response, route, plan } = carriage
    const read = readClientHeaders(request)
    const { contentLength, hasBody, expectsContinue, isStream, isLastHop } = read
    if (contentLength !== undefined && contentLength > route.mostBodyBytes) throw new GatewayError('body_too_large')
    if (isLastHop) return answerAsLastHop(carriage)
    const headers = plan.amendsRequests ? amendRequest(read.headers, request.headers.cookie, plan) : read.headers
    addOurHeaders(headers, carriage, token)
    if (hasBody && contentLength !== undefined) headers.push('Content-Length', String(contentLength))
    if (plan.hasLowerCaseNames) lowerNames(headers)

    // Only now: a request that is refused must not be told to send its body (RFC 9110 §10.1.1).
    if (expectsContinue) response.writeContinue()
    const body = hasBody ? createRequestBody(request, route) : null
    carriage.token = token
    const call = new Call(carriage, upstreams.balanceOf(route), headers, body, isStream)
    carriage.call = call
    call.send()
  }

  /** Once more with another token, where nothing of the request is gone; else whoever asks next has the new one. */
  function startOver(carriage: Carriage, hasBody: boolean): boolean {
    const { session, token } = carriage
    const renewing = session && token !== undefined ? steps.renewRefused(session, token) : undefined
    if (renewing === undefined) return false
    const pending = renewing.then((next) => {
      carriage.session = next
      return next.grant.accessToken
    })
    if (!hasBody) {
      carriage.call = undefined
      void sendLater(carriage, pending)
      return true
    }
    // What goes wrong is told where the refresh is made.
    pending.catch(() => undefined)
    return false
  }

  function enter(request: IncomingMessage, response: ServerResponse, matched: MatchedRoute): Carriage {
    const carriage = new Carriage(carriageSteps, request, response, matched)
    inFlight += 1
    response.once('close', () => {
      inFlight -= 1
      carriage.leave()
    })
    return carriage
  }

  return {
    match,
    carry,
    isWebSocket: (request) => asksForWebSocket(request) && match(request.url ?? '')?.config.webSocket === true,
    carryWebSocket,
    close: () => upstreams.close(),
    inFlight: () => inFlight,
  }
}

function answerAsLastHop({ response, allow, requestId, plan }: Carriage): void {
  response.writeHead(204, ['Allow', allow.join(', '), 'X-Request-Id', requestId, ...plan.addedToAnswers]).end()
}
