import { createHash } from 'node:crypto'
import type { Request, Response } from 'express'
import type { Asset } from '../pages/assets.ts'

/** Serves the browser client. It is asked for again each time, so that a page never runs one of another gateway's version for long. */
export function createClientScript({ type, body }: Asset) {
  const tag = `"${createHash('sha256').update(body).digest('base64url')}"`

  return function clientScript(request: Request, response: Response): void {
    response.set('Cache-Control', 'no-cache').set('Content-Type', type).set('ETag', tag)
    // Express compares the tag with what the browser has, and leaves the body out where it is the same (RFC 9110 §13.1.2).
    if (request.fresh) response.status(304).end()
    else response.send(body)
  }
}
