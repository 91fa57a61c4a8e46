import type { IncomingMessage, ServerResponse } from 'node:http'
import { asGatewayError, GatewayError } from '../errors.ts'
import type { AnswerError } from '../pages/answer-error.ts'
import type { Admission, Admit } from '../proxy/admit.ts'
import { discardRest } from '../proxy/discard-rest.ts'
import { acceptsEventStream } from '../proxy/event-stream-type.ts'
import type { MatchedRoute, MatchRoute } from '../proxy/match-route.ts'
import { backgroundOf } from '../report/describe-error.ts'
import type { ReportRequest } from '../report/request-line.ts'
import type { RefuseForeignTarget } from '../security/refuse-foreign-target.ts'
import { sessionName } from '../session/session-name.ts'
import type { IdentityHeadersOf } from './identity-headers.ts'
import { AUTHORIZE, takeOriginal } from './original-request.ts'

interface Steps {
  /** Whether this peer may ask at all, and is believed about what it asks. */
  readonly isPeer: (request: IncomingMessage) => boolean
  readonly match: MatchRoute
  /** The carrying lane's own: what is admitted there is admitted here, and nothing else. */
  readonly admit: Admit
  readonly refuseForeignTarget: RefuseForeignTarget
  readonly identityHeadersOf: IdentityHeadersOf
  readonly answerProblem: AnswerError
  readonly requestIdOf: (request: IncomingMessage) => string
  readonly reportRequest: ReportRequest
  readonly now: () => number
}

/** Answers a proxy that asks whether it may carry a request; never throws. Who may ask is decided before. */
export type Authorize = (request: IncomingMessage, response: ServerResponse) => void

/** What is known of a question while it is answered. */
interface Question extends Admission {
  readonly startedAt: number
  /** The question's own, by which it is answered: whoever asks by GET about a HEAD waits for a body. */
  readonly askedBy: string | undefined
  method: string
  path: string
  matched: MatchedRoute | undefined
  failure: GatewayError | undefined
}

/**
 * Forward-auth: 204 with the access token in `Authorization` and the configured identity headers (neither on a route without a token), or
 * the problem document with which the carrying lane would have refused the same request.
 */
export function createAuthorize(steps: Steps): Authorize {
  const { isPeer, match, admit, refuseForeignTarget, identityHeadersOf, answerProblem, requestIdOf, reportRequest, now } = steps

  return function authorize(request, response) {
    const question = begin(request)
    response.once('close', () => tell(question, response))
    decide(question).then(
      (headers) => allow(request, response, headers),
      (error: unknown) => {
        question.failure = asGatewayError(error)
        request.method = question.askedBy
        answerProblem(request, response, question.failure)
        discardRest(request)
      },
    )
  }

  function begin(request: IncomingMessage): Question {
    const named = { askedBy: request.method, method: request.method ?? '', path: AUTHORIZE }
    return { request, target: '', session: undefined, startedAt: now(), matched: undefined, failure: undefined, ...named }
  }

  async function decide(question: Question): Promise<string[]> {
    const { request } = question
    if (!isPeer(request)) throw new GatewayError('not_found', { note: 'who asks is none of forwardAuth.peers' })
    takeOriginal(request)
    refuseForeignTarget(request)
    question.method = request.method ?? ''
    question.path = (request.url ?? '').split('?', 1)[0] ?? ''
    const matched = match(request.url ?? '')
    if (matched === undefined) throw new GatewayError('not_found')
    question.matched = matched
    if (isHeldOpen(request)) throw new GatewayError('connection_held')

    const token = await admit(question, matched)
    const headers = ['X-Request-Id', requestIdOf(request)]
    if (token !== undefined) headers.push('Authorization', `Bearer ${token}`)
    if (question.session !== undefined) headers.push(...identityHeadersOf(question.session))
    // Where routes nest, a decision on one path says nothing about its neighbours: a cache that keys by route must not keep it.
    if (matched.overlaps) headers.push('Cache-Control', 'no-store')
    return headers
  }

  function tell({ request, method, path, matched, session, failure, startedAt }: Question, response: ServerResponse): void {
    const note = failure && backgroundOf(failure)
    reportRequest({
      lane: 'deciding',
      requestId: requestIdOf(request),
      method,
      path,
      route: matched?.config.prefix ?? 'none',
      status: response.statusCode,
      milliseconds: now() - startedAt,
      ...(failure ? { code: failure.code } : {}),
      ...(note === undefined ? {} : { note }),
      ...(session ? { session: sessionName(session.ticket.id), subject: session.record.subject } : {}),
      aborted: !response.writableFinished,
    })
  }
}

/** A decision that is kept is read again with every request: it says no more than it must, and HTTP/1.1 connections stay open unsaid. */
function allow({ httpVersion }: IncomingMessage, response: ServerResponse, headers: string[]): void {
  if (httpVersion === '1.1' && response.shouldKeepAlive) response.removeHeader('Connection')
  response.writeHead(204, headers).end()
}

/** A WebSocket (some proxies drop `Upgrade` and leave the rest of the handshake) or an event stream: it would outlive its session. */
function isHeldOpen({ headers }: IncomingMessage): boolean {
  const { upgrade, accept = '' } = headers
  return upgrade !== undefined || headers['sec-websocket-key'] !== undefined || acceptsEventStream(accept)
}
