import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RouteConfig } from '../config/config.ts'
import type { LiveConnections } from '../live/live-connection.ts'
import type { Report } from '../report/events.ts'
import type { ReportRequest } from '../report/request-line.ts'
import type { MeetsLevel } from '../session/authentication-level.ts'
import type { AccessToken, LiveSession } from '../session/records.ts'

/** What the carrying lane is made of; each step either answers what it promises or throws a `GatewayError`. */
export interface CarrySteps {
  /** Refuses a request that does not show the proof its route demands. */
  readonly refuseForgedRequest: (request: IncomingMessage, proof: RouteConfig['proof'] | 'origin') => void
  /** The session of the request's ticket; not a promise where the cache holds it. */
  readonly findSession: (request: IncomingMessage) => LiveSession | Promise<LiveSession>
  /** Whether a session's sign-in is of the kind that a route, or an API, demands. */
  readonly meetsLevel: MeetsLevel
  /** A token that is good now; not a promise where no refresh is needed. */
  readonly accessToken: (session: LiveSession) => AccessToken | Promise<AccessToken>
  /** The session with a newer token than one that the upstream refused; undefined where that was tried, or cannot help. */
  readonly renewRefused: (session: LiveSession, refused: AccessToken) => Promise<LiveSession> | undefined
  /** The one place that answers errors, for both lanes. Destroys the connection where headers are out already. */
  readonly answerError: (request: IncomingMessage, response: ServerResponse, error: unknown) => void
  readonly requestId: (request: IncomingMessage) => string
  /** The browser's address, learnt by the trust rules; what `X-Forwarded-For` will say. */
  readonly clientAddress: (request: IncomingMessage) => string
  readonly reportRequest: ReportRequest
  /** Where open connections are known to their sessions. */
  readonly live: LiveConnections
  readonly report: Report
  readonly now: () => number
}
