import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'
import { initiatorOf } from './fetch-metadata.ts'

/**
 * What a request must show besides the cookie, since pages of sibling hosts send that too:
 * `header`: `X-CSRF: 1`, on every method; `same-origin`: Fetch metadata that says so, where no header can be set;
 * `form`: the header, or a form with our exact `Origin`; `origin`: our exact `Origin`, for WebSocket handshakes, which can have no
 * header and carry no Fetch metadata (RFC 6455 §10.2); `none`: nothing, for what acts on no session.
 */
export type Proof = 'header' | 'same-origin' | 'form' | 'origin' | 'none'

export type RefuseForgedRequest = (request: IncomingMessage, proof: Proof) => void

/**
 * Refuses what another origin may have caused (RFC 10017 §6.1.3.3); `origin` is our own, as browsers write it.
 *
 * Whatever the proof, it refuses programs for service workers (Service Workers §"Service worker script request"): one that came from an
 * API could answer for every page below its own path, in this origin, long after the page is gone that installed it.
 */
export function createRefuseForgedRequest(origin: string): RefuseForgedRequest {
  return function refuseForgedRequest(request, proof) {
    const { headers } = request
    if (headers['service-worker'] !== undefined) throw forged('for a service worker')
    if (proof === 'none') return
    const initiator = initiatorOf(request)
    // Where the browser says anything at all about the origin, all of it has to be ours.
    if (initiator !== 'same-origin' && initiator !== 'unsaid') throw forged(`caused by ${initiator}`)
    if (headers.origin !== undefined && headers.origin !== origin) throw forged('another Origin')

    if (proof === 'same-origin') {
      if (initiator !== 'same-origin') throw forged('no Fetch metadata')
      return
    }
    if (proof === 'origin') {
      if (headers.origin === undefined) throw forged('no Origin')
      return
    }
    if (headers['x-csrf'] === '1') return
    if (proof === 'form' && headers.origin === origin) return
    throw forged('no X-CSRF header')
  }
}

function forged(note: string): GatewayError {
  return new GatewayError('request_forged', { note })
}
