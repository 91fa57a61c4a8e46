import express, { type Express, type Request, type Response } from 'express'
import { GatewayError } from '../errors.ts'
import type { TellCounterRequest } from '../operations/tell-counter-request.ts'
import type { RequestIdOf } from '../security/request-id.ts'
import type { SetResponseHeaders } from '../security/response-headers.ts'

interface Steps {
  readonly tell: TellCounterRequest
  readonly setResponseHeaders: SetResponseHeaders
  readonly requestIdOf: RequestIdOf
}

/** The counter lane without its endpoints: paths match exactly, queries are nobody's objects, and every request is told of and has an id. */
export function createCounter({ tell, setResponseHeaders, requestIdOf }: Steps): Express {
  const counter = express().disable('x-powered-by').disable('etag').set('query parser', false)
  return counter
    .enable('strict routing')
    .enable('case sensitive routing')
    .use((request: Request, response: Response, next) => {
      tell(request, response)
      setResponseHeaders(request, response)
      response.set('X-Request-Id', requestIdOf(request))
      // RFC 9112 §3.2: none has a fragment. Express would leave it out, and turn the backslashes before it into slashes.
      if (request.url.includes('#')) throw new GatewayError('request_invalid', { note: 'a fragment in the target' })
      next()
    })
}
