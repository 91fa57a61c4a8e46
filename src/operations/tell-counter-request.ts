import type { Request, Response } from 'express'
import type { GatewayError } from '../errors.ts'
import type { ReportRequest } from '../report/request-line.ts'

interface Steps {
  readonly reportRequest: ReportRequest
  readonly requestIdOf: (request: Request) => string
  /** What the answer was ended with, if it was an error. */
  readonly failureOf: (response: Response) => GatewayError | undefined
  readonly now: () => number
}

/** Tells of a request of the counter lane when its answer is over; `endpoint` is its name in our own table. */
export type TellCounterRequest = (request: Request, response: Response, path: string) => void

export function createTellCounterRequest({ reportRequest, requestIdOf, failureOf, now }: Steps): TellCounterRequest {
  return function tellCounterRequest(request, response, path) {
    const startedAt = now()
    response.once('close', () => {
      const failure = failureOf(response)
      const endpoint: unknown = response.locals['endpoint']
      reportRequest({
        lane: 'counter',
        requestId: requestIdOf(request),
        method: request.method,
        path,
        route: typeof endpoint === 'string' ? endpoint : 'none',
        status: response.statusCode,
        milliseconds: now() - startedAt,
        ...(failure ? { code: failure.code } : {}),
        aborted: !response.writableFinished,
      })
    })
  }
}
