import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'

/** Twice what RFC 9112 §3 asks for; all of a request's headers may have twice that. */
const MOST_TARGET_CHARACTERS = 16_384

interface Parts {
  readonly origin: string
  readonly host: string
  readonly secure: boolean
  readonly isTrustedPeer: (request: IncomingMessage) => boolean
}

/**
 * Refuses requests for another host or scheme than the base URL's; the listener's own address says nothing, a proxy may stand before it.
 * Also those whose target cannot be told: two of `Host` (RFC 9112 §3.2), or a target that is too long (§3).
 */
export type RefuseForeignTarget = (request: IncomingMessage) => void

export function createRefuseForeignTarget({ origin, host, secure, isTrustedPeer }: Parts): RefuseForeignTarget {
  return function refuseForeignTarget(request) {
    const target = request.url ?? ''
    if (target.length > MOST_TARGET_CHARACTERS) throw new GatewayError('target_too_long')
    if (hasTwoHosts(request.rawHeaders)) throw new GatewayError('request_invalid', { note: 'two of Host' })
    if (!target.startsWith('/')) takeAbsoluteForm(request, target)
    else if (!isOurs(request.headers.host)) throw new GatewayError('host_unknown')
    const scheme = request.headers['x-forwarded-proto']
    if (secure && scheme !== undefined && scheme !== 'https' && isTrustedPeer(request)) {
      throw new GatewayError('https_required', { note: 'the proxy says that the browser speaks http' })
    }
    const expectation = request.headers.expect
    if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') throw new GatewayError('expectation_failed')
  }

  /** Names of hosts know no case (RFC 9110 §4.2.3). */
  function isOurs(given: string | undefined): boolean {
    return given === host || given?.toLowerCase() === host
  }

  /** RFC 9112 §3.2.2: the target's own host counts, and `Host` does not; only ours is served. */
  function takeAbsoluteForm(request: IncomingMessage, target: string): void {
    if (target.slice(0, origin.length + 1).toLowerCase() !== `${origin}/`) throw new GatewayError('host_unknown')
    request.url = target.slice(origin.length)
    request.headers.host = host
  }
}

/** Node's parser takes the first and drops the others. This is on every call's way: nothing is made but for names of that length. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && (name === 'Host' || name.toLowerCase() === 'host')) hosts += 1
  }
  return hosts > 1
}
