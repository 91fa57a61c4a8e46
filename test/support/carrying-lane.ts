import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RouteConfig } from '../../src/config/config.ts'
import type { WebSocketsConfig } from '../../src/config/web-sockets-config.ts'
import { asGatewayError, FAILURES, GatewayError } from '../../src/errors.ts'
import type { LiveConnections } from '../../src/live/live-connection.ts'
import { createLiveConnections } from '../../src/live/live-connections.ts'
import { createRecentEndings } from '../../src/session/recent-endings.ts'
import type { WatchSteps } from '../../src/live/session-watch.ts'
import { type Carry, createCarry } from '../../src/proxy/carry.ts'
import type { CarrySteps } from '../../src/proxy/steps.ts'
import { takeConnection } from '../../src/proxy/taken-connection.ts'
import type { RequestLine } from '../../src/report/request-line.ts'
import { createLifetimes } from '../../src/session/lifetimes.ts'
import type { AccessToken, LiveSession, SessionId, SessionSecret } from '../../src/session/records.ts'
import { type Upstream, type UpstreamAnswer, startUpstream } from './upstream.ts'
import { PLAIN_SESSIONS } from './session-parts.ts'

/** An event and its fields. */
export type ToldEvent = { readonly name: string } & Readonly<Record<string, unknown>>

/** The carrying lane alone, between a real server and a real upstream; who is signed in is told by the cookie `session`. */
export interface CarryingLane {
  readonly port: number
  readonly carry: Carry
  readonly upstream: Upstream
  readonly lines: RequestLine[]
  readonly events: ToldEvent[]
  readonly live: LiveConnections
  /** Resolves with the report of the latest request, once there are `count`. */
  reported(count?: number): Promise<RequestLine>
  close(): Promise<void>
}

interface Choices {
  readonly route?: Partial<RouteConfig>
  readonly moreRoutes?: readonly RouteConfig[]
  readonly steps?: Partial<CarrySteps>
  readonly webSockets?: Partial<WebSocketsConfig>
  readonly activity?: Partial<WatchSteps['activity']>
  readonly answers?: Readonly<Record<string, UpstreamAnswer>>
}

export const TOKEN = 'the-access-token' as AccessToken

/** A route as the configuration's defaults would have it. */
export function routeTo(origin: string, route: Partial<RouteConfig> = {}): RouteConfig {
  return {
    prefix: '/api/',
    addresses: [{ name: origin, origin, socketPath: undefined }],
    path: '/',
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    proof: 'none',
    token: 'user',
    level: undefined,
    mostBodyBytes: 1024 * 1024,
    connectTimeoutMilliseconds: 5000,
    headersTimeoutMilliseconds: 5000,
    bodyTimeoutMilliseconds: 5000,
    requestHeaders: { add: [], drop: [] },
    responseHeaders: { add: [], drop: [] },
    cookies: [],
    cache: 'never',
    tls: { ca: undefined, certificate: undefined, key: undefined, serverName: undefined },
    http2: false,
    webSocket: false,
    ...route,
  }
}

/** A session that is good now. */
export function liveSession(): LiveSession {
  return {
    ticket: { secret: 'secret' as SessionSecret, id: '0123456789abcdefghij' as SessionId },
    record: { issuer: 'i', clientId: 'c', subject: 'ann', providerSession: undefined, createdAt: 0, absoluteExpiresAt: Infinity },
    grant: {
      version: 1,
      accessToken: TOKEN,
      accessTokenExpiresAt: undefined,
      issuedAt: 0,
      refreshToken: undefined,
      idToken: '',
      scope: undefined,
      claims: {},
      acr: undefined,
      authTime: undefined,
    },
  }
}

export async function startCarryingLane({
  route,
  moreRoutes = [],
  steps = {},
  answers,
  webSockets,
  activity,
}: Choices = {}): Promise<CarryingLane> {
  const upstream = await startUpstream(answers)
  const lines: RequestLine[] = []
  const events: ToldEvent[] = []
  const watchers = new Set<() => void>()
  const session = liveSession()
  const now = steps.now ?? (() => performance.now())
  const endings = createRecentEndings(now)
  const { close, ...others } = createLiveConnections({
    findSession: () => ({ kind: 'live', session }),
    store: { watch: () => undefined, link: { live: true, certainAt: Infinity, foundAgainAt: -Infinity, tells: true } },
    keys: { staleId: () => undefined, seenId: () => undefined, endedId: () => undefined },
    activity: { extended: async () => Infinity, idleDeadline: async () => Infinity, ...activity },
    lifetimes: createLifetimes({
      idleTimeoutMilliseconds: 3_600_000,
      absoluteTimeoutMilliseconds: 43_200_000,
      ...PLAIN_SESSIONS,
      mostCached: 10,
      withoutRefreshToken: 'login',
    }),
    endings,
    outageGraceMilliseconds: 10_000,
    expiringAheadMilliseconds: 0,
    report: (name, fields) => void events.push({ name, ...fields }),
    now,
  })
  const live: LiveConnections = {
    ...others,
    // As the session folder does it.
    close(id, reason) {
      endings.remember(id, reason)
      close(id, reason)
    },
  }
  const carry = createCarry({
    steps: {
      refuseForgedRequest() {},
      findSession(request) {
        if (request.headers.cookie?.includes('session=') !== true) throw new GatewayError('session_missing', { reason: 'none' })
        return session
      },
      meetsLevel: () => true,
      accessToken: ({ grant }) => grant.accessToken,
      renewRefused: () => undefined,
      answerError,
      requestId: () => 'request-id-1',
      clientAddress: () => '192.0.2.7',
      reportRequest(line) {
        lines.push(line)
        for (const watch of watchers) watch()
      },
      report(name, fields) {
        events.push({ name, ...fields })
      },
      live,
      now: () => performance.now(),
      ...steps,
    },
    config: {
      routes: [routeTo(upstream.origin, route), ...moreRoutes],
      webSockets: {
        idleLimitMilliseconds: 60_000,
        handshakeTimeoutMilliseconds: 5000,
        mostOpen: 100,
        mostOpenPerSession: 10,
        ...webSockets,
      },
      baseUrl: { origin: 'https://app.example', host: 'app.example', secure: true, prefix: '/bff' },
    },
    viaName: 'coatcheck',
  })

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const matched = carry.match(request.url ?? '')
    if (matched === undefined) answerError(request, response, new GatewayError('not_found'))
    else carry.carry(request, response, matched)
  }

  const server = createServer({ requestTimeout: 0, shouldUpgradeCallback: carry.isWebSocket })
  server.on('upgrade', (request, _socket, head) => {
    carry.carryWebSocket(request, takeConnection(request, head), carry.match(request.url ?? ''))
  })
  server.on('request', handle).on('checkContinue', handle).on('checkExpectation', handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    carry,
    upstream,
    lines,
    live,
    events,
    reported: (count = 1) =>
      new Promise((resolve) => {
        function watch(): void {
          const line = lines[count - 1]
          if (line === undefined) return
          watchers.delete(watch)
          resolve(line)
        }
        watchers.add(watch)
        watch()
      }),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      live.goAway()
      await closed
      await carry.close()
      await upstream.close()
    },
  }
}

/** The code in the body and the table's status, as the gateway's own answerer does it. */
function answerError(_request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  const { code, detail } = asGatewayError(thrown)
  response.statusCode = FAILURES[code].status
  if (detail.allow !== undefined) response.setHeader('Allow', detail.allow.join(', '))
  response.end(code)
}
