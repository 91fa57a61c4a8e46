import express, { type Request, type RequestHandler, type Response } from 'express'
import { GatewayError } from '../errors.ts'
import { frameworkRefusal } from '../pages/framework-refusal.ts'
import { isNavigation } from '../security/fetch-metadata.ts'
import type { SetResponseHeaders } from '../security/response-headers.ts'

/** Serves the application's own page from a folder: its files, and `index.html` for every deep link into it. */
export function createStaticPage(folder: string, setPageHeaders: SetResponseHeaders): readonly RequestHandler[] {
  const file = express.static(folder, { dotfiles: 'ignore', redirect: false, cacheControl: false })

  return [
    function pageHeaders(request, response, next) {
      setPageHeaders(request, response)
      // Files are asked for again each time, and answered from the browser's cache where they are the same.
      response.set('Cache-Control', 'no-cache')
      response.locals['endpoint'] = 'static'
      next()
    },
    file,
    async function deepLink(request: Request, response: Response) {
      if (!['GET', 'HEAD'].includes(request.method) || !isNavigation(request)) throw new GatewayError('not_found')
      await new Promise<void>((resolve, reject) => {
        response.sendFile('index.html', { root: folder, cacheControl: false }, (error?: Error) =>
          error ? reject(unsent(error)) : resolve(),
        )
      })
    },
  ]
}

/** A page that cannot be read is none. */
function unsent(error: Error): unknown {
  const refusal = frameworkRefusal(error)
  return refusal instanceof GatewayError ? refusal : new GatewayError('not_found', { cause: error })
}
