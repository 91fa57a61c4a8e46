import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocketsConfig } from '../config/web-sockets-config.ts'
import { GatewayError } from '../errors.ts'
import { Tunnel } from '../live/tunnel.ts'
import { amendRequest } from './amend-request.ts'
import { Carriage, type CarriageSteps } from './carriage.ts'
import { type MatchedRoute, upstreamTarget } from './match-route.ts'
import type { AddOurHeaders } from './our-headers.ts'
import type { ReadClientHeaders } from './request-headers.ts'
import { requireLevel } from './require-level.ts'
import type { CarrySteps } from './steps.ts'
import type { TakenConnection } from './taken-connection.ts'
import { tellLiveConnection } from './tell-live-connection.ts'
import { failureOfEnding } from './failure-of-ending.ts'
import type { Upstreams } from './upstream-pools.ts'
import { WebSocketCall } from './web-socket-call.ts'
import { asksForWebSocket, expectedAccept, switchingProtocols } from './web-socket-handshake.ts'

interface Parts {
  readonly steps: CarrySteps & CarriageSteps
  readonly limits: WebSocketsConfig
  readonly upstreams: Upstreams
  readonly readClientHeaders: ReadClientHeaders
  readonly addOurHeaders: AddOurHeaders
}

/** Carries the handshake of a WebSocket and then its bytes. Throws where no matched route offers that; whatever else happens, it answers. */
export type CarryWebSocket = (request: IncomingMessage, taken: TakenConnection, matched: MatchedRoute | undefined) => void

/** WebSockets, in the order that makes them safe: path, method, proof, handshake, session, level, token, limits, headers. */
export function createCarryWebSocket({ steps, limits, upstreams, readClientHeaders, addOurHeaders }: Parts): CarryWebSocket {
  const { live } = steps

  return function carryWebSocket(request, taken, matched) {
    if (!matched?.config.webSocket || !asksForWebSocket(request)) {
      throw new GatewayError('request_invalid', { note: 'an Upgrade that nobody offers' })
    }
    const carriage = new Carriage(steps, request, taken.response, matched)
    const leave = () => carriage.leave()
    taken.response.once('close', leave)
    const open = (answer: IncomingMessage, upstream: Socket) => {
      taken.response.off('close', leave)
      openTunnel(carriage, taken, answer, upstream)
    }
    ask(carriage, matched, open).catch((error: unknown) => carriage.fail(error))
  }

  async function ask(
    carriage: Carriage,
    matched: MatchedRoute,
    open: (answer: IncomingMessage, upstream: Socket) => void,
  ): Promise<void> {
    const { request, response, route, plan } = carriage
    carriage.target = upstreamTarget(request.url ?? '', matched)
    if (!matched.methods.has('GET')) throw new GatewayError('method_not_allowed', { allow: matched.allow })
    // Whatever else the route demands: a handshake of a foreign page comes with the cookie, and can be read by it (RFC 6455 §10.2).
    steps.refuseForgedRequest(request, 'origin')
    const accept = expectedAccept(request)

    if (route.token === 'user') carriage.session = await steps.findSession(request)
    if (carriage.session !== undefined) requireLevel(carriage.session, route, steps.meetsLevel)
    const token = carriage.session && (await steps.accessToken(carriage.session))
    if (carriage.isOver) return
    refuseTooMany(carriage)

    const read = readClientHeaders(request)
    const headers = plan.amendsRequests ? amendRequest(read.headers, request.headers.cookie, plan) : read.headers
    addOurHeaders(headers, carriage, token)

    // From here on an ending of the session finds it, also while the upstream is asked.
    const leave = live.enter({
      kind: 'tunnel',
      session: carriage.session,
      end: (ending) => carriage.fail(failureOfEnding(ending)),
    })
    response.once('close', leave)
    if (carriage.isOver) return
    const call = new WebSocketCall(carriage, {
      upstream: upstreams.balanceOf(route),
      headers,
      accept,
      timeoutMilliseconds: limits.handshakeTimeoutMilliseconds,
      switched(answer, upstream) {
        leave()
        open(answer, upstream)
      },
    })
    carriage.call = call
    call.send()
  }

  /** Handshakes that are under way count too. */
  function refuseTooMany({ session }: Carriage): void {
    if (live.count('tunnel') >= limits.mostOpen) throw new GatewayError('too_many_connections', { note: 'in this process' })
    if (session !== undefined && live.countOf(session.ticket.id, 'tunnel') >= limits.mostOpenPerSession) {
      throw new GatewayError('too_many_connections', { note: 'of this session' })
    }
  }

  function openTunnel(carriage: Carriage, taken: TakenConnection, answer: IncomingMessage, upstream: Socket): void {
    const { session, requestId } = carriage
    const startedAt = steps.now()
    carriage.switched()
    taken.socket.write(switchingProtocols(answer, requestId), 'latin1')
    const tunnel = new Tunnel({
      client: taken.release(),
      upstream,
      session,
      idleLimitMilliseconds: limits.idleLimitMilliseconds,
      onMessage() {
        if (session !== undefined) live.noteActivity(session.ticket.id)
      },
      onOver(outcome) {
        leave()
        tellLiveConnection(steps.report, 'tunnel', carriage, outcome, steps.now() - startedAt)
      },
      now: steps.now,
    })
    const leave = live.enter(tunnel)
  }
}
