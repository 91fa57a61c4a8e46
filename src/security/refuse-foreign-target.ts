import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'

interface Parts {
  readonly origin: string
  readonly host: string
  readonly secure: boolean
  readonly isTrustedPeer: (request: IncomingMessage) => boolean
}

/** Refuses requests for another host or scheme than the base URL's; the listener's own address says nothing, a proxy may stand before it. */
export type RefuseForeignTarget = (request: IncomingMessage) => void

export function createRefuseForeignTarget({ origin, host, secure, isTrustedPeer }: Parts): RefuseForeignTarget {
  return function refuseForeignTarget(request) {
    const target = request.url ?? ''
    if (!target.startsWith('/')) takeAbsoluteForm(request, target)
    else if (request.headers.host !== host) throw new GatewayError('host_unknown')
    const scheme = request.headers['x-forwarded-proto']
    if (secure && scheme !== undefined && scheme !== 'https' && isTrustedPeer(request)) {
      throw new GatewayError('https_required', { note: 'the proxy says that the browser speaks http' })
    }
    const expectation = request.headers.expect
    if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') throw new GatewayError('expectation_failed')
  }

  /** RFC 9112 §3.2.2: the target's own host counts, and `Host` does not; only ours is served. */
  function takeAbsoluteForm(request: IncomingMessage, target: string): void {
    if (!target.startsWith(`${origin}/`)) throw new GatewayError('host_unknown')
    request.url = target.slice(origin.length)
    request.headers.host = host
  }
}
