import type { FailureCode } from '../errors.ts'
import type { RequestLine } from '../report/request-line.ts'
import type { Carriage } from './carriage.ts'

const SESSION_NAME_CHARACTERS = 12

type Draft<Shape> = { -readonly [Member in keyof Shape]: Shape[Member] }

/** How a carriage ended, and what it ended with. */
interface Ending {
  readonly code: FailureCode | undefined
  readonly aborted: boolean
  readonly milliseconds: number
}

/** What the request log and the metrics are told of a carried request: names, never a query, never a secret. */
export function requestLineOf({ request, response, route, requestId, session }: Carriage, ending: Ending): RequestLine {
  const url = request.url ?? ''
  const queryAt = url.indexOf('?')
  const line: Draft<RequestLine> = {
    lane: 'carrying',
    requestId,
    method: request.method ?? '',
    path: queryAt === -1 ? url : url.slice(0, queryAt),
    route: route.prefix,
    status: response.statusCode,
    milliseconds: ending.milliseconds,
    upstream: route.origin,
    aborted: ending.aborted,
  }
  if (ending.code !== undefined) line.code = ending.code
  if (session !== undefined) {
    line.session = session.ticket.id.slice(0, SESSION_NAME_CHARACTERS)
    line.subject = session.record.subject
  }
  return line
}
