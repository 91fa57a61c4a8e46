import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { GatewayError } from '../errors.ts'
import { discardRest } from './discard-rest.ts'

// Larger than the pieces that sockets deliver, so that a steady sender is not stopped after each of them.
const MOST_WAITING_OCTETS = 256 * 1024

/** The bounds of a body. */
export interface BodyBounds {
  readonly mostBodyBytes: number
  /** Between two pieces, while pieces are asked for. */
  readonly bodyTimeoutMilliseconds: number
}

/**
 * A request's body, piece by piece as the upstream takes it; the request itself survives when the upstream stops taking.
 *
 * Ends in `body_too_large` where a body that did not say its length exceeds the bound, in `request_timed_out` where its sender
 * falls silent.
 */
export function createRequestBody(request: IncomingMessage, { mostBodyBytes, bodyTimeoutMilliseconds }: BodyBounds): Readable {
  let left = mostBodyBytes
  let silence: NodeJS.Timeout | undefined

  const body = new Readable({
    highWaterMark: MOST_WAITING_OCTETS,
    read() {
      silence ??= setTimeout(fallSilent, bodyTimeoutMilliseconds)
      request.resume()
    },
    destroy(error, done) {
      stopListening()
      discardRest(request)
      done(error)
    },
  })

  function take(piece: Buffer): void {
    left -= piece.length
    if (left < 0) {
      body.destroy(new GatewayError('body_too_large'))
    } else if (body.push(piece)) {
      silence?.refresh()
    } else {
      clearTimeout(silence)
      silence = undefined
      request.pause()
    }
  }

  function end(): void {
    stopListening()
    body.push(null)
  }

  function fallSilent(): void {
    body.destroy(new GatewayError('request_timed_out'))
  }

  function stopListening(): void {
    clearTimeout(silence)
    request.off('data', take).off('end', end)
  }

  request.on('data', take).once('end', end).pause()
  return body
}

/** Nobody wants what is left of a body, if anything is; its sender is given time to read the answer. */
export function forgetBody(body: unknown): void {
  if (body instanceof Readable) body.destroy()
}
