import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'
import { Answer } from './answer.ts'
import type { Carriage } from './carriage.ts'
import { isLongerThanDiscarded } from './discard-rest.ts'
import { passOver } from './interim-answers.ts'
import { stayOpen, timeOut } from './call-turns.ts'
import { isRepeatable } from './is-repeatable.ts'
import type { UpstreamAddress } from './upstream-address.ts'
import type { UpstreamBalance } from './upstream-balance.ts'
import { isTakenOver } from './is-taken-over.ts'
import { forgetBody } from './request-body.ts'
import { isConnectionFailure, isLostConnection, upstreamFailure } from './upstream-failure.ts'
import type { HeadersByName } from './upstream-headers.ts'

/**
 * The call to the upstream: undici's handler.
 *
 * | State | Until |
 * | --- | --- |
 * | waiting | `onRequestStart`: a connection is there |
 * | sent | `onResponseStart`: the final headers are there |
 * | answering | the last piece is written, or the upstream breaks off: the connection is cut, so that the browser can tell |
 * | over | the carriage is; whatever undici says after that is ignored |
 */
export class Call implements Dispatcher.DispatchHandler {
  readonly #carriage: Carriage
  readonly #upstream: UpstreamBalance
  readonly #isStream: boolean
  readonly #options: Dispatcher.DispatchOptions
  #address: UpstreamAddress
  #controller: Dispatcher.DispatchController | undefined
  #answer: Answer | undefined
  #waiting: NodeJS.Timeout | undefined
  #hasBegun = false
  #isRepeated = false
  #interimAnswers = 0

  constructor(carriage: Carriage, upstream: UpstreamBalance, headers: string[], body: Readable | null, isStream: boolean) {
    const { target, route, request } = carriage
    this.#carriage = carriage
    this.#upstream = upstream
    this.#isStream = isStream
    this.#options = {
      path: target,
      method: request.method ?? 'GET',
      headers,
      body,
      headersTimeout: route.headersTimeoutMilliseconds,
    }
    this.#address = upstream.pick(this.#options)
  }

  /** Where it is, or was last, sent to. */
  get address(): string {
    return this.#address.name
  }

  send(): void {
    this.#address.inFlight += 1
    const isFree = this.#address.poolFor(this.#options, this.#isStream).dispatch(this.#options, this)
    // undici's own timeouts begin with a connection; waiting for a free one needs a bound too.
    if (!isFree && this.#controller === undefined && !this.#isOver) {
      this.#waiting = setTimeout(timeOut, this.#carriage.route.headersTimeoutMilliseconds, this)
    }
  }

  abort(why: string): void {
    this.#stopWaiting()
    this.#controller?.abort(new GatewayError('internal', { note: why }))
    forgetBody(this.#options.body)
  }

  /** The upstream, or the way to it, takes too long. */
  timeOut(): void {
    this.#carriage.fail(new GatewayError('upstream_timed_out'))
  }

  /** The turn in which the answer began is over. */
  stayOpen(): void {
    if (!this.#isOver) this.#answer?.stayOpen(this.#carriage, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#waiting)
    this.#controller = controller
    this.#address.connected()
    if (this.#isOver) this.abort('too late')
  }

  onResponseStarted(): void {
    this.#hasBegun = true
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, given: HeadersByName): void {
    if (this.#isOver) return
    const { request, response, steps } = this.#carriage
    if (status < 200) return void (this.#interimAnswers = passOver(this.#interimAnswers))
    if (status === 401 && isTakenOver(this.#carriage, given['www-authenticate'], this.#options.body !== null)) {
      return this.abort('something else takes the place of its answer')
    }
    if (this.#options.body !== null && isLongerThanDiscarded(request)) response.shouldKeepAlive = false
    this.#answer = new Answer(response, controller, steps.readUpstreamHeaders(status, given, this.#carriage))
    setImmediate(stayOpen, this)
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (!this.#isOver) this.#answer?.write(piece)
  }

  onResponseEnd(): void {
    // Before the connection can be closed behind an answer that came early.
    forgetBody(this.#options.body)
    this.#answer?.end()
    this.#address.inFlight -= 1
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#stopWaiting()
    this.#address.inFlight -= 1
    const isUnconnected = this.#controller === undefined && isConnectionFailure(error)
    if (isUnconnected) this.#address.failed(error)
    if (this.#isOver) return
    if (!this.#mayRepeat(error, isUnconnected)) {
      this.#carriage.fail(upstreamFailure(error, this.#hasBegun))
      return
    }
    this.#isRepeated = true
    this.#controller = undefined
    this.#address = this.#upstream.pick(this.#options, this.#address)
    this.send()
  }

  /** Nobody waits for this answer: the carriage has ended, or goes on with another call. */
  get #isOver(): boolean {
    return this.#carriage.isOver || this.#carriage.call !== this
  }

  /** Once, before any of the answer: elsewhere where nobody was reached, anywhere where a kept connection closed just then (RFC 9112 §9.3.1). */
  #mayRepeat(error: Error, isUnconnected: boolean): boolean {
    if (this.#isRepeated || this.#hasBegun || !isRepeatable(this.#options)) return false
    return isUnconnected ? this.#upstream.hasOthers : isLostConnection(error)
  }

  #stopWaiting(): void {
    clearTimeout(this.#waiting)
    this.#answer?.stop()
  }
}
