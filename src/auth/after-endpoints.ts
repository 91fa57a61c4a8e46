import type { Express, NextFunction, Request, Response } from 'express'
import { frameworkRefusal } from '../pages/framework-refusal.ts'
import type { SetResponseHeaders } from '../security/response-headers.ts'
import { nothingHere } from './nothing-here.ts'
import { createStaticPage } from './static-page.ts'
import { forgetBody } from './take-no-body.ts'

interface Steps {
  readonly prefix: string
  /** Undefined: somebody else serves the page. */
  readonly staticFolder: string | undefined
  readonly setPageHeaders: SetResponseHeaders
  readonly answerError: (request: Request, response: Response, error: unknown) => void
}

/** What comes after our endpoints: nothing below the prefix; then the page, where we serve it; then 404; and the answer to every error. */
export function mountAfterEndpoints(counter: Express, { prefix, staticFolder, setPageHeaders, answerError }: Steps): void {
  counter.use(forgetBody)
  counter.use(prefix, nothingHere)
  if (staticFolder !== undefined) counter.use(...createStaticPage(staticFolder, setPageHeaders))
  counter.use(nothingHere)
  counter.use((error: unknown, request: Request, response: Response, _next: NextFunction) =>
    answerError(request, response, frameworkRefusal(error)),
  )
}
