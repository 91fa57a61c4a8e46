import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'

/** Twice what RFC 9112 §3 asks for; all of a request's headers may have twice that. */
const MOST_TARGET_CHARACTERS = 16_384

// RFC 9110 §7.2: a host as in a URI (RFC 3986 §3.2.2), without userinfo, and perhaps a port.
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w\-.~!$&'()*+,;=]|%[\da-f]{2})+)(?::\d*)?$/i
const ABSOLUTE = /^[a-z][a-z\d+\-.]*:\/\//i

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
    if (target.startsWith('/') || isForTheServer(request)) refuseForeignHost(request.headers.host)
    else takeAbsoluteForm(request, target)
    const scheme = request.headers['x-forwarded-proto']
    if (secure && scheme !== undefined && scheme !== 'https' && isTrustedPeer(request)) {
      throw new GatewayError('https_required', { note: 'the proxy says that the browser speaks http' })
    }
    // RFC 9110 §10.1.1: HTTP/1.0 expects nothing.
    const expectation = request.httpVersionMinor === 0 ? undefined : request.headers.expect
    if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') throw new GatewayError('expectation_failed')
  }

  /** Names of hosts know no case (RFC 9110 §4.2.3). */
  function isOurs(given: string | undefined): boolean {
    return given === host || given?.toLowerCase() === host
  }

  function refuseForeignHost(given: string | undefined): void {
    if (isOurs(given)) return
    // RFC 9112 §3.2. HTTP/1.0 knows requests without one.
    if (given !== undefined && !HOST.test(given)) throw new GatewayError('request_invalid', { note: 'Host is none' })
    throw new GatewayError('host_unknown')
  }

  /** RFC 9112 §3.2.2: the target's own host counts, and `Host` does not; only ours is served. */
  function takeAbsoluteForm(request: IncomingMessage, target: string): void {
    if (!ABSOLUTE.test(target)) throw new GatewayError('request_invalid', { note: 'the target has no form' })
    const rest = target.slice(origin.length)
    const isPart = rest === '' || rest.startsWith('/') || rest.startsWith('?')
    if (!isPart || target.slice(0, origin.length).toLowerCase() !== origin) throw new GatewayError('host_unknown')
    request.url = rest.startsWith('/') ? rest : `/${rest}`
    request.headers.host = host
  }
}

/** RFC 9112 §3.2.4: `OPTIONS *` asks about the server as a whole. */
function isForTheServer({ method, url }: IncomingMessage): boolean {
  return method === 'OPTIONS' && url === '*'
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
