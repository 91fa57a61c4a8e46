import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const SHAPE = /^[A-Za-z0-9_-]{8,64}$/
const ID = Symbol('request id')

export type RequestIdOf = (request: IncomingMessage & { [ID]?: string }) => string

/**
 * One id per request, from nginx to the upstream and into every error: the trusted proxy's own, if it is one, else a new one,
 * of which only the first half is random: it has to be unique, and nobody gains by guessing it.
 *
 * The same request always gets the same answer.
 */
export function createRequestIdOf(isTrustedPeer: (request: IncomingMessage) => boolean): RequestIdOf {
  const instance = randomBytes(6).toString('base64url')
  let count = 0

  return function requestIdOf(request) {
    return (request[ID] ??= given(request) ?? `${instance}-${(count += 1).toString(36)}`)
  }

  function given(request: IncomingMessage): string | undefined {
    const id = request.headers['x-request-id']
    return typeof id === 'string' && SHAPE.test(id) && isTrustedPeer(request) ? id : undefined
  }
}
