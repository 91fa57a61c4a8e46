import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RouteConfig } from '../config/config.ts'
import { asGatewayError, type GatewayError } from '../errors.ts'
import type { LiveOutcome } from '../report/events.ts'
import type { AccessToken, LiveSession } from '../session/records.ts'
import { breakOff } from './break-off.ts'
import { discardRest } from './discard-rest.ts'
import type { HeaderPlan } from './header-plan.ts'
import type { MatchedRoute } from './match-route.ts'
import { requestLineOf } from './request-line-of.ts'
import type { CarrySteps } from './steps.ts'
import type { AnswerBase, ReadUpstreamHeaders } from './upstream-headers.ts'

/** What is the same for every carriage. */
export interface CarriageSteps extends Pick<
  CarrySteps,
  'answerError' | 'reportRequest' | 'requestId' | 'now' | 'live' | 'report' | 'meetsLevel'
> {
  readonly readUpstreamHeaders: ReadUpstreamHeaders
  /** The upstream says that the token is not good. True: it is asked again with another one, and this answer is nobody's. */
  readonly startOver: (carriage: Carriage, hasBody: boolean) => boolean
  readonly publicOrigin: string
}

/** What has been asked of the upstream; giving up twice is no fault. */
export interface UpstreamCall {
  /** Which of the upstream's addresses is asked, as logs tell it. */
  readonly address: string
  abort(why: string): void
}

// For what we say last to be taken.
const MOST_FINISHING_MILLISECONDS = 1000

/**
 * One request on its way: all that is known of it, and its two ends.
 *
 * A class, as its `Call` and its `Answer` are: they are made for every request, and their functions only once.
 */
export class Carriage implements AnswerBase {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  readonly route: RouteConfig
  /** Methods, for `Allow`. */
  readonly allow: readonly string[]
  readonly plan: HeaderPlan
  readonly steps: CarriageSteps
  session: LiveSession | undefined
  /** What the upstream was sent. */
  token: AccessToken | undefined
  /** What the upstream is asked for. */
  target = ''
  call: UpstreamCall | undefined
  /** The connection to the browser is gone, or the answer is complete. */
  hasLeft = false

  readonly #startedAt: number
  #failure: GatewayError | undefined

  constructor(steps: CarriageSteps, request: IncomingMessage, response: ServerResponse, { config, allow, plan }: MatchedRoute) {
    this.#startedAt = steps.now()
    this.steps = steps
    this.request = request
    this.response = response
    this.requestId = steps.requestId(request)
    this.route = config
    this.allow = allow
    this.plan = plan
  }

  get publicOrigin(): string {
    return this.steps.publicOrigin
  }

  /** Nobody waits for an answer from upstream any more. */
  get isOver(): boolean {
    return this.hasLeft || this.#failure !== undefined
  }

  /** Ends the request early: by an answer, or by cutting the connection where an answer has begun. */
  fail(thrown: unknown): void {
    if (this.isOver || this.response.writableEnded) return
    const error = asGatewayError(thrown)
    this.#failure = error
    this.call?.abort('the request failed')
    if (this.response.headersSent) {
      breakOff(this.response)
      return
    }
    this.steps.answerError(this.request, this.response, error)
    discardRest(this.request)
  }

  /** Does `work`, and fails by what that throws. */
  attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Ends an answer that has begun, from our side: with its last words, or by cutting the connection where there are none to say. */
  finish(lastWords: string | undefined, failure?: GatewayError): void {
    if (this.isOver || this.response.writableEnded) return
    this.#failure = failure
    const { response } = this
    if (lastWords === undefined) breakOff(response)
    else {
      response.end(lastWords)
      const patience = setTimeout(() => response.destroy(), MOST_FINISHING_MILLISECONDS)
      response.once('close', () => clearTimeout(patience))
    }
    this.call?.abort('the answer was ended')
  }

  /** The connection has become a tunnel: as a request it is over. */
  switched(): void {
    this.response.statusCode = 101
    this.#tell(false)
  }

  /** How an event stream ended that nobody of ours has ended. */
  get outcome(): LiveOutcome {
    if (this.#failure !== undefined) return 'upstream_lost'
    return this.response.writableFinished ? 'upstream_closed' : 'client_closed'
  }

  /** The response is closed: complete, or its client has left. */
  leave(): void {
    this.hasLeft = true
    const isComplete = this.response.writableFinished
    if (!isComplete) this.call?.abort('the client left')
    this.#tell(!isComplete && this.#failure === undefined)
  }

  #tell(aborted: boolean): void {
    const milliseconds = this.steps.now() - this.#startedAt
    this.steps.reportRequest(requestLineOf(this, { failure: this.#failure, aborted, milliseconds }))
  }
}
