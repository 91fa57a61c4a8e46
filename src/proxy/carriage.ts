import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { RouteConfig } from '../config/config.ts'
import { asGatewayError, type FailureCode, GatewayError } from '../errors.ts'
import type { RequestLine } from '../report/request-line.ts'
import type { LiveSession } from '../session/records.ts'
import { discardRest } from './discard-rest.ts'
import type { MatchedRoute } from './match-route.ts'
import type { CarrySteps } from './steps.ts'
import type { AnswerBase, HeadersByName, ReadUpstreamHeaders } from './upstream-headers.ts'
import { isLostConnection, upstreamFailure } from './upstream-failure.ts'

const SAFE_TO_REPEAT = new Set(['GET', 'HEAD', 'OPTIONS'])
// Up to it, an answer that is there whole goes out in one write, headers included.
const MOST_JOINED_OCTETS = 16 * 1024
const SESSION_NAME_CHARACTERS = 12

/** What is the same for every carriage. */
export interface CarriageSteps {
  readonly answerError: CarrySteps['answerError']
  readonly reportRequest: CarrySteps['reportRequest']
  readonly now: CarrySteps['now']
  readonly readUpstreamHeaders: ReadUpstreamHeaders
  readonly publicOrigin: string
}

/**
 * One request on its way: undici's handler, and all that is known of the call.
 *
 * A class, since the six functions of a handler would otherwise be made anew for every request.
 *
 * | State | Until |
 * | --- | --- |
 * | waiting | `onRequestStart`: a connection is there |
 * | sent | `onResponseStart`: the final headers are there |
 * | answering | the last piece is written, or the upstream breaks off (`response.destroy()`: the browser can tell) |
 * | left | the response is closed; whatever undici says after that is ignored |
 */
export class Carriage implements Dispatcher.DispatchHandler, AnswerBase {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly route: RouteConfig
  /** Methods, for `Allow`. */
  readonly allow: readonly string[]
  readonly requestId: string
  session: LiveSession | undefined
  /** What the upstream is asked for. */
  target = ''
  /** The connection to the browser is gone, or the answer is complete. */
  hasLeft = false

  readonly #steps: CarriageSteps
  readonly #startedAt: number
  #code: FailureCode | undefined
  #pool: Dispatcher | undefined
  #call: Dispatcher.DispatchOptions | undefined
  #controller: Dispatcher.DispatchController | undefined
  #waiting: NodeJS.Timeout | undefined
  #silence: NodeJS.Timeout | undefined
  #hasBegun = false
  #isRepeated = false
  #isEventStream = false
  #isPaused = false
  #hasWritten = false
  #octetsLeft = -1

  constructor(
    steps: CarriageSteps,
    request: IncomingMessage,
    response: ServerResponse,
    matched: MatchedRoute,
    requestId: string,
  ) {
    this.#steps = steps
    this.request = request
    this.response = response
    this.route = matched.config
    this.allow = matched.allow
    this.requestId = requestId
    this.#startedAt = steps.now()
  }

  get publicOrigin(): string {
    return this.#steps.publicOrigin
  }

  /** Sends the call; from here on undici tells what happens. */
  dispatch(pool: Dispatcher, headers: string[], body: Readable | null): void {
    this.#pool = pool
    this.#call = {
      path: this.target,
      method: this.request.method ?? 'GET',
      headers,
      body,
      headersTimeout: this.route.headersTimeoutMilliseconds,
    }
    this.#send(pool, this.#call)
  }

  /** Ends the request early: by an answer, or by cutting the connection where an answer has begun. */
  fail(thrown: unknown): void {
    if (this.hasLeft || this.#code !== undefined || this.response.writableEnded) return
    const error = asGatewayError(thrown)
    this.#code = error.code
    this.#abort('the request failed')
    if (this.response.headersSent) {
      this.response.destroy()
      return
    }
    this.#steps.answerError(this.request, this.response, error)
    discardRest(this.request)
  }

  /** The response is closed: complete, or its client has left. */
  leave(): void {
    if (this.hasLeft) return
    this.hasLeft = true
    clearTimeout(this.#waiting)
    clearTimeout(this.#silence)
    const isComplete = this.response.writableFinished
    if (!isComplete) this.#abort('the client left')
    this.#report(!isComplete && this.#code === undefined)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#waiting)
    this.#controller = controller
    if (this.hasLeft || this.#code !== undefined) this.#abort('too late')
  }

  onResponseStarted(): void {
    this.#hasBegun = true
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, given: HeadersByName): void {
    // 1xx: early hints would make the page's browser load what an API names, so none is passed on.
    if (status < 200 || this.hasLeft) return
    const { headers, contentLength, isEventStream } = this.#steps.readUpstreamHeaders(status, given, this)
    this.response.writeHead(status, headers)
    this.#isEventStream = isEventStream
    this.#octetsLeft = contentLength ?? -1
    setImmediate(stayOpen, this)
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.hasLeft) return
    if (this.#octetsLeft === piece.length && piece.length <= MOST_JOINED_OCTETS && this.request.method !== 'HEAD') {
      // Complete: one string with the headers, one write.
      this.response.end(piece.toString('latin1'), 'latin1')
      return
    }
    if (this.#octetsLeft !== -1) this.#octetsLeft -= piece.length
    this.#hasWritten = true
    this.#silence?.refresh()
    if (this.response.write(piece)) return
    this.#isPaused = true
    controller.pause()
    this.response.once('drain', () => {
      this.#isPaused = false
      this.#silence?.refresh()
      controller.resume()
    })
  }

  onResponseEnd(): void {
    clearTimeout(this.#silence)
    if (!this.response.writableEnded) this.response.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#waiting)
    clearTimeout(this.#silence)
    if (this.hasLeft) return
    if (this.#mayRepeat(error)) {
      this.#isRepeated = true
      this.#controller = undefined
      this.#send(this.#pool, this.#call)
      return
    }
    this.fail(upstreamFailure(error, this.#hasBegun))
  }

  /** The answer was not there whole: its headers go out, and silence is bounded, except in an event stream. */
  stayOpen(): void {
    if (this.hasLeft || this.response.writableEnded) return
    if (!this.#hasWritten) this.response.flushHeaders()
    if (!this.#isEventStream) this.#silence = setTimeout(fallSilent, this.route.bodyTimeoutMilliseconds, this)
  }

  fallSilent(): void {
    // Paused, it is the browser that takes nothing any more.
    if (this.#isPaused) this.response.destroy()
    else this.fail(new GatewayError('upstream_timed_out'))
  }

  #send(pool: Dispatcher | undefined, call: Dispatcher.DispatchOptions | undefined): void {
    if (pool === undefined || call === undefined) return
    // undici's own timeouts begin with a connection; waiting for a free one needs a bound too.
    if (!pool.dispatch(call, this) && this.#controller === undefined) {
      this.#waiting = setTimeout(fallSilent, this.route.headersTimeoutMilliseconds, this)
    }
  }

  #abort(why: string): void {
    const body = this.#call?.body
    this.#controller?.abort(new GatewayError('internal', { note: why }))
    if (body instanceof Readable) body.destroy()
  }

  /** A connection that was kept alive may close just as we use it; only what changes nothing is sent again, and only once. */
  #mayRepeat(error: Error): boolean {
    return (
      !this.#isRepeated &&
      !this.#hasBegun &&
      this.#call?.body === null &&
      SAFE_TO_REPEAT.has(this.#call.method) &&
      isLostConnection(error)
    )
  }

  #report(aborted: boolean): void {
    const { request, session } = this
    const url = request.url ?? ''
    const queryAt = url.indexOf('?')
    const line: Draft<RequestLine> = {
      lane: 'carrying',
      requestId: this.requestId,
      method: request.method ?? '',
      path: queryAt === -1 ? url : url.slice(0, queryAt),
      route: this.route.prefix,
      status: this.response.statusCode,
      milliseconds: this.#steps.now() - this.#startedAt,
      upstream: this.route.origin,
      aborted,
    }
    if (this.#code !== undefined) line.code = this.#code
    if (session !== undefined) {
      line.session = session.ticket.id.slice(0, SESSION_NAME_CHARACTERS)
      line.subject = session.record.subject
    }
    this.#steps.reportRequest(line)
  }
}

type Draft<Shape> = { -readonly [Member in keyof Shape]: Shape[Member] }

function stayOpen(carriage: Carriage): void {
  carriage.stayOpen()
}

function fallSilent(carriage: Carriage): void {
  carriage.fallSilent()
}
