import type { IncomingMessage, ServerResponse } from 'node:http'
import { mountAfterEndpoints } from './auth/after-endpoints.ts'
import { createCounter } from './auth/create-counter.ts'
import { createEndpoints } from './auth/create-endpoints.ts'
import { createMountEndpoint } from './auth/mount-endpoint.ts'
import { createOpenApi, type Mounted } from './auth/openapi.ts'
import { createSessionOf } from './auth/require-session.ts'
import { createRevokeTokens } from './auth/revoke-tokens.ts'
import { createUsedSession } from './auth/used-session.ts'
import type { Config } from './config/config.ts'
import type { LiveConnections } from './live/live-connection.ts'
import { createLiveConnections } from './live/live-connections.ts'
import type { Provider } from './oidc/port.ts'
import type { Administrable } from './operations/administer-sessions.ts'
import type { Authorize } from './operations/authorize.ts'
import { createForwardAuth } from './operations/create-forward-auth.ts'
import { createTellCounterRequest } from './operations/tell-counter-request.ts'
import { createErrorAnswerer } from './pages/answer-error.ts'
import { type Carry, createCarry } from './proxy/carry.ts'
import { discardRest } from './proxy/discard-rest.ts'
import type { TakenConnection } from './proxy/taken-connection.ts'
import type { Report } from './report/events.ts'
import type { ReportRequest } from './report/request-line.ts'
import { createSecurity } from './security/create-security.ts'
import { createMeetsLevel } from './session/authentication-level.ts'
import { createSessions } from './session/create-sessions.ts'
import { createWithoutCookie } from './session/without-cookie.ts'
import { outageGraceOf } from './store/is-certain.ts'
import { createNamespace } from './store/namespace.ts'
import type { Store } from './store/port.ts'
import { createTokens } from './tokens/create-tokens.ts'

interface Parts {
  readonly config: Config
  readonly store: Store
  readonly provider: Provider
  readonly report: Report
  readonly reportRequest: ReportRequest
  readonly now: () => number
}

export interface Gateway {
  /** Answers every request of the public listener, or carries the WebSocket that it asks for; never throws. */
  readonly handle: (request: IncomingMessage, response: ServerResponse, taken?: TakenConnection) => void
  readonly isWebSocket: Carry['isWebSocket']
  /** Forward-auth, for a private listener; undefined where it is off. */
  readonly authorize: Authorize | undefined
  /** Everything that is open, by session. */
  readonly live: LiveConnections
  /** Resolves when work that outlives its request is done. */
  readonly settled: () => Promise<void>
  /** What the administration, on the private listener, does to sessions. */
  readonly administrable: Administrable
  /** Lets the upstreams go. */
  readonly close: () => Promise<void>
}

/**
 * The whole surface, in request order.
 *
 * 1. A request for another host or scheme than the base URL's is refused.
 * 2. **The carrying lane**: a path below a configured route goes to its upstream (`proxy/carry.ts` lists its steps).
 *    So does the handshake of a WebSocket, which Node hands over apart (`proxy/carry-web-socket.ts`).
 *    `/authorize`, on a private listener, decides by the same steps for proxies that carry themselves (`operations/authorize.ts`).
 * 3. **The counter lane**: our own endpoints, matched exactly; then the application's page, where we serve it; then 404.
 *
 * Both lanes read the same ticket, ask the same judge of sessions, and end in the one answerer of errors.
 */
export function createGateway({ config, store, provider, report, reportRequest, now }: Parts): Gateway {
  const { origin, prefix } = config.baseUrl
  const namespace = createNamespace({ baseUrl: origin, clientId: config.provider.clientId })
  const security = createSecurity(config, namespace, report)
  const { requestIdOf, refuseForgedRequest, setResponseHeaders, peers } = security
  const cookieName = security.names.session
  const onEnded = (...[id, reason]: Parameters<LiveConnections['close']>) => live.close(id, reason)
  const onUnknown = (...[id]: Parameters<LiveConnections['doubt']>) => live.doubt(id)
  const sessions = createSessions({ config, store, namespace, ...security, cookieName, onEnded, onUnknown, report, now })
  const watching = { ...config.events, outageGraceMilliseconds: outageGraceOf(config.store) }
  const live = createLiveConnections({ ...sessions, ...watching, store, findSession: sessions.find, report, now })
  const answering = { origin, prefix, setResponseHeaders, requestIdOf, report }
  const { answerError, answerProblem, failureOf } = createErrorAnswerer(answering)

  const revokeTokens = createRevokeTokens(provider, report, sessions.background.run)
  const withoutCookie = createWithoutCookie(sessions, revokeTokens)
  const meetsLevel = createMeetsLevel({ ...config.provider, now })
  const used = { config, store, namespace, provider, sessions, security, live, report, now }
  const parts = { ...used, revokeTokens, withoutCookie, meetsLevel }
  const tokens = createTokens(parts)
  const findSession = createUsedSession(createSessionOf(security.readTicket, sessions.find), sessions.activity)
  const steps = { refuseForgedRequest, findSession, meetsLevel, accessToken: tokens.get, renewRefused: tokens.renewRefused }
  const carrySteps = { ...steps, answerError, requestId: requestIdOf, clientAddress: peers.clientAddress, reportRequest }
  const carry = createCarry({ config, viaName: 'coatcheck', steps: { ...carrySteps, live, report, now } })
  const { match } = carry
  const authorize = createForwardAuth({ config, match, steps, answerProblem, requestIdOf, reportRequest, now })

  const endpoints = createEndpoints({ ...parts, isCarried: (target) => match(target) !== undefined })
  const tell = createTellCounterRequest({ reportRequest, requestIdOf, failureOf, now })

  const counter = createCounter({ tell, setResponseHeaders, requestIdOf })
  const mounted: Mounted[] = []
  const mount = createMountEndpoint(counter, prefix, mounted)
  mount('login', '/login', { GET: [endpoints.login] })
  mount('login', '/login/continue', { 'GET HEAD': [endpoints.reload] })
  mount('callback', '/callback', { GET: [sessions.expressAnew, endpoints.callback] })
  mount('session', '/session', { 'GET HEAD': [sessions.express, endpoints.session] })
  mount('session', '/session/extend', { POST: [sessions.express, endpoints.extend] })
  mount('events', '/events', { GET: [endpoints.events] })
  mount('logout', '/logout', { 'GET HEAD': [endpoints.logoutPage], POST: [sessions.express, endpoints.logout] })
  mount('logout', '/logout/continue', { GET: [endpoints.logoutContinue] })
  mount('logout', '/logout/callback', { 'GET HEAD': [endpoints.logoutCallback] })
  mount('backchannel-logout', '/backchannel-logout', { FORM: [endpoints.backchannelLogout] })
  if (config.provider.frontchannelLogout)
    mount('frontchannel-logout', '/frontchannel-logout', { GET: [endpoints.frontchannelLogout] })
  mount('sessions', '/sessions', { GET: [endpoints.mySessions.list], DELETE: [endpoints.mySessions.endOthers] })
  mount('sessions', '/sessions/:handle', { DELETE: [endpoints.mySessions.endOne] })
  mount('client', '/client.js', { 'GET HEAD': [endpoints.client] })
  mount('openapi', '/openapi.json', { 'GET HEAD': [createOpenApi({ origin, prefix, cookieName, mounted })] })
  mount('assets', '/assets/:name', { 'GET HEAD': [endpoints.asset] })
  mountAfterEndpoints(counter, { prefix, staticFolder: config.staticFolder, ...security, answerError })

  return {
    handle(request, response, taken) {
      try {
        security.refuseForeignTarget(request)
        const carried = match(request.url ?? '')
        if (taken) carry.carryWebSocket(request, taken, carried)
        else if (carried) carry.carry(request, response, carried)
        else counter(request, response)
      } catch (error) {
        tell(request, response)
        answerError(request, response, error)
        discardRest(request)
      }
    },
    authorize,
    isWebSocket: carry.isWebSocket,
    live,
    settled: sessions.background.idle,
    administrable: { issuer: config.provider.issuer, ...sessions, ...withoutCookie },
    async close() {
      endpoints.stopKeeping()
      sessions.stop()
      await carry.close()
    },
  }
}
