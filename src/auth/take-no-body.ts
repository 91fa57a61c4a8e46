import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import { GatewayError } from '../errors.ts'
import { discardRest, isLongerThanDiscarded } from '../proxy/discard-rest.ts'

/** Room for a form that a browser sends of itself; none of our endpoints reads it. */
const MOST_OCTETS = 16_384

/**
 * Takes whatever body a request brings and forgets it, within bounds of size and time: Node would read one of any size.
 *
 * @throws GatewayError `body_too_large` for one that says so itself.
 */
export function takeNoBody(request: IncomingMessage, response: ServerResponse): void {
  if (isLongerThanDiscarded(request)) response.shouldKeepAlive = false
  discardRest(request)
  if (Number(request.headers['content-length'] ?? 0) > MOST_OCTETS) throw new GatewayError('body_too_large')
}

/** The same, for whatever comes after our endpoints. */
export const forgetBody: RequestHandler = (request, response, next) => {
  takeNoBody(request, response)
  next()
}
