import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { asGatewayError, FAILURES, GatewayError } from '../errors.ts'
import { describeError } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import { initiatorOf, isNavigation } from '../security/fetch-metadata.ts'
import type { RequestIdOf } from '../security/request-id.ts'
import type { SetResponseHeaders } from '../security/response-headers.ts'
import { HOME, parseReturnTo } from '../security/return-to.ts'
import { continuePage } from './continue-page.ts'
import { errorPage } from './error-page.ts'
import { loginUrl } from './login-url.ts'
import { renderPage } from './page.ts'
import { problemOf } from './problem.ts'

interface Parts {
  readonly origin: string
  readonly prefix: string
  readonly setResponseHeaders: SetResponseHeaders
  readonly requestIdOf: RequestIdOf
  readonly report: Report
}

export type AnswerError = (request: IncomingMessage, response: ServerResponse, thrown: unknown) => void

/** The one place that answers errors, for both lanes. */
export interface ErrorAnswerer {
  readonly answerError: AnswerError
  /** The same for machines: a problem document, whatever kind of request it is. */
  readonly answerProblem: AnswerError
  /** What a response was ended with, for the request log. */
  readonly failureOf: (response: ServerResponse) => GatewayError | undefined
}

export function createErrorAnswerer({ origin, prefix, setResponseHeaders, requestIdOf, report }: Parts): ErrorAnswerer {
  const failures = new WeakMap<ServerResponse, GatewayError>()

  return {
    answerError: answeringBy(answer),
    answerProblem: answeringBy(answerAsProblem),
    failureOf: (response) => failures.get(response),
  }

  function answeringBy(say: typeof answer): AnswerError {
    return (request, response, thrown) => prepare(request, response, thrown, say)
  }

  function prepare(request: IncomingMessage, response: ServerResponse, thrown: unknown, say: typeof answer): void {
    const error = asGatewayError(thrown)
    const requestId = requestIdOf(request)
    failures.set(response, error)
    if (error.code === 'internal') report('unexpected_error', { requestId, ...describeError(error.cause ?? error) })

    // Part of an answer is out: cutting the connection is the only way left to say that the rest will not come.
    if (response.headersSent) {
      if (!response.writableEnded) response.destroy()
      return
    }
    // What was prepared for a good answer goes; a cookie that is being deleted is deleted all the same.
    for (const name of response.getHeaderNames()) if (name !== 'set-cookie') response.removeHeader(name)
    setResponseHeaders(request, response)
    setErrorHeaders(request, response, error)
    response.setHeader('X-Request-Id', requestId)
    say(request, response, error, requestId)
  }

  function answer(request: IncomingMessage, response: ServerResponse, error: GatewayError, requestId: string): void {
    if (!isNavigation(request) && error.code === 'logout_token_invalid') {
      // Back-Channel Logout 1.0 §2.8: providers read `error`, as OAuth writes it.
      const refusal = { error: 'invalid_request', error_description: FAILURES[error.code].says }
      end(request, response, 'application/json', JSON.stringify(refusal))
    } else if (!isNavigation(request)) {
      answerAsProblem(request, response, error, requestId)
    } else if (isForSignIn(error) && initiatorOf(request) !== 'cross-site') {
      const returnTo = parseReturnTo(request.url, origin, prefix) ?? HOME
      response.statusCode = 303
      response.setHeader('Location', loginUrl(prefix, { returnTo, level: error.detail.level }))
      response.end()
    } else {
      const page = error.code === 'login_not_started' ? continuePage(prefix, HOME) : errorPage(prefix, error, requestId)
      end(request, response, 'text/html; charset=utf-8', renderPage(prefix, page))
    }
  }

  function answerAsProblem(request: IncomingMessage, response: ServerResponse, error: GatewayError, requestId: string): void {
    const { status } = FAILURES[error.code]
    const problem = problemOf(error, STATUS_CODES[status] ?? 'Error', requestId, prefix)
    end(request, response, 'application/problem+json; charset=utf-8', JSON.stringify(problem))
  }
}

/** What a sign-in mends by itself, so that a person need not be asked first. */
function isForSignIn({ code }: GatewayError): boolean {
  return code === 'session_missing' || code === 'step_up_required'
}

function setErrorHeaders(request: IncomingMessage, response: ServerResponse, { code, detail }: GatewayError): void {
  response.statusCode = FAILURES[code].status
  // Upstreams cannot send it through: where it is, the answer is ours.
  response.setHeader('Coatcheck-Code', code)
  if (detail.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(detail.retryAfterSeconds))
  else if (response.statusCode === 503) response.setHeader('Retry-After', '5')
  if (detail.contentRange !== undefined) response.setHeader('Content-Range', detail.contentRange)
  if (detail.allow) response.setHeader('Allow', detail.allow.join(', '))
  if (code === 'websocket_version') {
    // RFC 9110 §15.5.22, RFC 6455 §4.4.
    response.setHeader('Upgrade', 'websocket')
    response.setHeader('Connection', 'upgrade, close')
    response.setHeader('Sec-WebSocket-Version', '13')
  }
  if (code === 'session_missing') response.setHeader('Coatcheck-Reason', detail.reason ?? 'none')
  // What is left of a body that nobody reads must not be taken for the next request (RFC 9112 §9.3).
  if (!request.complete && hasBody(request)) response.setHeader('Connection', 'close')
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

function end(request: IncomingMessage, response: ServerResponse, type: string, body: string): void {
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', Buffer.byteLength(body))
  response.end(request.method === 'HEAD' ? undefined : body)
}
