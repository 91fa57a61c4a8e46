import type { EndReason } from './report/end-reasons.ts'
import type { Weather } from './report/weather.ts'
import type { AuthenticationLevel } from './session/authentication-level.ts'

/** Who has to do something about a failure; it decides the log level. */
export type Blame = 'browser' | 'provider' | 'upstream' | 'store' | 'gateway'

export type { EndReason }

interface Failure {
  readonly status: number
  readonly blame: Blame
  readonly says: string
}

/** Everything that can end a request early: the status, who is to blame, what the browser is told. */
export const FAILURES = {
  request_invalid: { status: 400, blame: 'browser', says: 'The request is not well formed.' },
  target_not_canonical: {
    status: 400,
    blame: 'browser',
    says: 'The path holds something that could be read in two ways; write it in its plain form.',
  },
  login_not_started: {
    status: 400,
    blame: 'browser',
    says: 'This sign-in was not started in this browser, took too long, or was already used.',
  },
  session_missing: { status: 401, blame: 'browser', says: 'Sign in first.' },
  request_forged: {
    status: 403,
    blame: 'browser',
    says: 'The request does not prove that it comes from this application: send the header X-CSRF: 1 from its own pages.',
  },
  navigation_required: {
    status: 403,
    blame: 'browser',
    says: 'Open this address as a page; it cannot be fetched, framed or prefetched.',
  },
  connection_held: { status: 403, blame: 'browser', says: 'WebSockets and event streams go through the gateway itself.' },
  identity_unusable: { status: 403, blame: 'provider', says: 'What the sign-in service says of you cannot be passed on.' },
  login_denied: { status: 403, blame: 'browser', says: 'The sign-in was cancelled, or access was not granted.' },
  login_overtaken: {
    status: 403,
    blame: 'browser',
    says: 'You were signed out everywhere while this sign-in was under way; start it again.',
  },
  step_up_required: { status: 403, blame: 'browser', says: 'This needs a stronger or a more recent sign-in.' },
  step_up_failed: {
    status: 403,
    blame: 'provider',
    says: 'The sign-in service did not confirm the sign-in that is needed here.',
  },
  step_up_refused: { status: 403, blame: 'upstream', says: 'The service does not accept the very sign-in that it asks for.' },
  not_found: { status: 404, blame: 'browser', says: 'There is nothing at this address.' },
  method_not_allowed: { status: 405, blame: 'browser', says: 'This address does not answer to that method.' },
  request_timed_out: { status: 408, blame: 'browser', says: 'The request took too long to arrive.' },
  precondition_failed: { status: 412, blame: 'browser', says: 'The file is not the one that the request is about.' },
  body_too_large: { status: 413, blame: 'browser', says: 'The body is larger than this address accepts.' },
  target_too_long: { status: 414, blame: 'browser', says: 'The address is too long.' },
  range_not_satisfiable: { status: 416, blame: 'browser', says: 'The file has no such part.' },
  expectation_failed: { status: 417, blame: 'browser', says: 'The only expectation that is met here is 100-continue.' },
  https_required: { status: 421, blame: 'browser', says: 'This address is served over https only.' },
  host_unknown: { status: 421, blame: 'browser', says: 'This gateway does not serve that host.' },
  websocket_version: { status: 426, blame: 'browser', says: 'The only version of the WebSocket protocol here is 13.' },
  too_many_requests: { status: 429, blame: 'browser', says: 'Too many attempts; wait a little.' },
  headers_too_large: { status: 431, blame: 'browser', says: 'The headers of the request, cookies included, are too large.' },
  logout_token_invalid: { status: 400, blame: 'provider', says: 'The logout token is not valid here.' },
  login_interaction_required: {
    status: 400,
    blame: 'provider',
    says: 'The sign-in needs your attention: start it again and follow the steps there.',
  },
  login_refused: { status: 502, blame: 'provider', says: 'The sign-in service did not complete the sign-in.' },
  provider_answer_invalid: {
    status: 502,
    blame: 'provider',
    says: 'The sign-in service gave an answer that could not be verified.',
  },
  provider_unavailable: { status: 503, blame: 'provider', says: 'The sign-in service cannot be reached at the moment.' },
  token_unavailable: {
    status: 503,
    blame: 'provider',
    says: 'Your access could not be renewed at the moment; you are still signed in.',
  },
  upstream_unreachable: { status: 502, blame: 'upstream', says: 'The service behind this address cannot be reached.' },
  upstream_answer_invalid: {
    status: 502,
    blame: 'upstream',
    says: 'The service behind this address gave an answer that could not be understood.',
  },
  upstream_timed_out: { status: 504, blame: 'upstream', says: 'The service behind this address took too long to answer.' },
  upstream_loop: { status: 508, blame: 'gateway', says: 'The request came back to where it started.' },
  store_unavailable: { status: 503, blame: 'store', says: 'Sessions cannot be read at the moment; you are not signed out.' },
  record_unreadable: {
    status: 503,
    blame: 'store',
    says: 'This session cannot be opened by this server at the moment; you are not signed out.',
  },
  too_many_connections: { status: 503, blame: 'browser', says: 'Too many connections are open; close some, or try again later.' },
  draining: { status: 503, blame: 'gateway', says: 'This server is shutting down; try again.' },
  internal: { status: 500, blame: 'gateway', says: 'Something went wrong on our side.' },
} as const satisfies Record<string, Failure>

export type FailureCode = keyof typeof FAILURES

/** What an answer says beyond its code; every member is safe to show. */
export interface FailureDetail {
  /** Only with `session_missing`. */
  readonly reason?: EndReason
  /** Only with `step_up_required`: the sign-in that would do. */
  readonly level?: AuthenticationLevel
  /** Why the provider, or the way to a fresh token, is of no use for the moment. */
  readonly weather?: Weather
  /** Seconds, for `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfterSeconds?: number
  /** Methods, for `Allow` (RFC 9110 §10.2.1). */
  readonly allow?: readonly string[]
  /** How long the whole is, for `Content-Range` (RFC 9110 §15.5.17). */
  readonly contentRange?: string
  /** Where the person wanted to go, so that a second try leads there. */
  readonly returnTo?: string
  /** The original; goes to the log only, and there only its name and code. */
  readonly cause?: unknown
  /** A sentence for the log; never shown, never holds a secret. */
  readonly note?: string
}

/** The only error that may leave a folder; answered in one place, by its row of the table. */
export class GatewayError extends Error {
  readonly code: FailureCode
  readonly detail: FailureDetail

  constructor(code: FailureCode, detail: FailureDetail = {}) {
    super(detail.note ?? code, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'GatewayError'
    this.code = code
    this.detail = detail
  }
}

/** The table's row for anything thrown: what is not a `GatewayError` is our own fault and says nothing. */
export function asGatewayError(thrown: unknown): GatewayError {
  return thrown instanceof GatewayError ? thrown : new GatewayError('internal', { cause: thrown })
}
