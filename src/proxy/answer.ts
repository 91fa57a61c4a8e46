import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { breakOff } from './break-off.ts'
import type { Carriage } from './carriage.ts'
import { keepLive } from './keep-live.ts'
import type { UpstreamHeaders } from './upstream-headers.ts'

// Up to it, an answer that is there whole goes out in one write, headers included.
const MOST_JOINED_OCTETS = 16 * 1024

// Two ends of lines, of which the second ends an empty one; CR LF is a single one.
const EMPTY_LINE = /(?:\n\n|\r\r|\n\r|\n\r\n|\r\r\n)$/

/** Whom to tell when an upstream stops in the middle of its answer. */
interface Waiting {
  timeOut(): void
}

/**
 * An upstream's answer on its way to the browser: pieces are written as they come and asked for as they are taken.
 *
 * A class, as a carriage is: one is made for every request.
 */
export class Answer {
  readonly #response: ServerResponse
  readonly #controller: Dispatcher.DispatchController
  readonly isEventStream: boolean
  /** Something of ours can be put in after an event: nothing counts the octets or encodes them. */
  readonly #isOpenText: boolean
  #lastOctets = ''
  #octetsLeft: number
  #silence: NodeJS.Timeout | undefined
  #leave: (() => void) | undefined
  #isPaused = false
  #hasWritten = false

  constructor(response: ServerResponse, controller: Dispatcher.DispatchController, read: UpstreamHeaders) {
    this.#response = response
    this.#controller = controller
    this.isEventStream = read.isEventStream
    this.#isOpenText = read.isEventStream && read.contentLength === undefined && !isEncoded(read.headers)
    this.#octetsLeft = read.contentLength ?? -1
    response.writeHead(read.status, read.headers)
  }

  /** An event stream that holds whole events so far (HTML Living Standard, 9.2.5: an event ends with an empty line). */
  get isBetweenEvents(): boolean {
    return this.#isOpenText && (this.#lastOctets === '' || EMPTY_LINE.test(this.#lastOctets))
  }

  write(piece: Buffer): void {
    if (this.#octetsLeft === piece.length && piece.length <= MOST_JOINED_OCTETS) {
      // Complete: one string with the headers, one write.
      this.#response.end(piece.toString('latin1'), 'latin1')
      return
    }
    if (this.#octetsLeft !== -1) this.#octetsLeft -= piece.length
    this.#hasWritten = true
    if (this.#isOpenText) this.#lastOctets = (this.#lastOctets + piece.toString('latin1', piece.length - 3)).slice(-3)
    this.#silence?.refresh()
    if (this.#response.write(piece)) return
    this.#isPaused = true
    this.#controller.pause()
    this.#response.once('drain', () => this.#resume())
  }

  end(): void {
    this.stop()
    if (!this.#response.writableEnded) this.#response.end()
  }

  /**
   * Once the turn in which the answer began is over: the headers of what is not whole yet go out, its silence is bounded, and its
   * session knows of it.
   */
  stayOpen(carriage: Carriage, waiting: Waiting): void {
    if (this.#response.writableEnded || this.#response.destroyed) return
    if (!this.#hasWritten) this.#response.flushHeaders()
    // An event stream may be silent for as long as it likes.
    if (!this.isEventStream) this.#silence = setTimeout(() => this.#fallSilent(waiting), carriage.route.bodyTimeoutMilliseconds)
    this.#leave = keepLive(carriage, this)
  }

  /** Nothing is waited for any more. */
  stop(): void {
    clearTimeout(this.#silence)
    this.#leave?.()
  }

  #resume(): void {
    this.#isPaused = false
    this.#silence?.refresh()
    this.#controller.resume()
  }

  #fallSilent(waiting: Waiting): void {
    // Paused, it is the browser that takes nothing any more.
    if (this.#isPaused) breakOff(this.#response)
    else waiting.timeOut()
  }
}

function isEncoded(headers: readonly string[]): boolean {
  return headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-encoding')
}
