import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const SHAPE = /^[A-Za-z0-9_-]{8,64}$/

export type RequestIdOf = (request: IncomingMessage) => string

/**
 * One id per request, from nginx to the upstream and into every error: the trusted proxy's own, if it is one, else a new one.
 *
 * The same request always gets the same answer.
 */
export function createRequestIdOf(isTrustedPeer: (request: IncomingMessage) => boolean): RequestIdOf {
  const ids = new WeakMap<IncomingMessage, string>()

  return function requestIdOf(request) {
    const known = ids.get(request)
    if (known !== undefined) return known
    const given = request.headers['x-request-id']
    const id =
      typeof given === 'string' && SHAPE.test(given) && isTrustedPeer(request) ? given : randomBytes(12).toString('base64url')
    ids.set(request, id)
    return id
  }
}
