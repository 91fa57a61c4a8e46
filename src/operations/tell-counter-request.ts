import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GatewayError } from '../errors.ts'
import { backgroundOf } from '../report/describe-error.ts'
import type { ReportRequest } from '../report/request-line.ts'

interface Steps {
  readonly reportRequest: ReportRequest
  readonly requestIdOf: (request: IncomingMessage) => string
  /** What the answer was ended with, if it was an error. */
  readonly failureOf: (response: ServerResponse) => GatewayError | undefined
  readonly now: () => number
}

/** Tells of a request of the counter lane when its answer is over; `endpoint` is its name in our own table. */
export type TellCounterRequest = (
  request: IncomingMessage,
  response: ServerResponse & { readonly locals?: Readonly<Record<string, unknown>> },
) => void

export function createTellCounterRequest({ reportRequest, requestIdOf, failureOf, now }: Steps): TellCounterRequest {
  return function tellCounterRequest(request, response) {
    const startedAt = now()
    const [path = ''] = (request.url ?? '').split('?', 1)
    response.once('close', () => {
      const failure = failureOf(response)
      const note = failure && backgroundOf(failure)
      const endpoint: unknown = response.locals?.['endpoint']
      reportRequest({
        lane: 'counter',
        requestId: requestIdOf(request),
        method: request.method ?? '',
        path,
        route: typeof endpoint === 'string' ? endpoint : 'none',
        status: response.statusCode,
        milliseconds: now() - startedAt,
        ...(failure ? { code: failure.code } : {}),
        ...(note === undefined ? {} : { note }),
        aborted: !response.writableFinished,
      })
    })
  }
}
