import type { GatewayError } from '../errors.ts'
import { backgroundOf } from '../report/describe-error.ts'
import type { RequestLine } from '../report/request-line.ts'
import { sessionName } from '../session/session-name.ts'
import type { Carriage } from './carriage.ts'

type Draft<Shape> = { -readonly [Member in keyof Shape]: Shape[Member] }

/** How a carriage ended, and what it ended with. */
interface Ending {
  readonly failure: GatewayError | undefined
  readonly aborted: boolean
  readonly milliseconds: number
}

/** What the request log and the metrics are told of a carried request: names, never a query, never a secret. */
export function requestLineOf({ request, response, route, requestId, session, call }: Carriage, ending: Ending): RequestLine {
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
    upstream: call?.address ?? route.addresses[0]?.name ?? '',
    aborted: ending.aborted,
  }
  if (ending.failure !== undefined) {
    line.code = ending.failure.code
    const note = backgroundOf(ending.failure)
    if (note !== undefined) line.note = note
  }
  if (session !== undefined) {
    line.session = sessionName(session.ticket.id)
    line.subject = session.record.subject
  }
  return line
}
