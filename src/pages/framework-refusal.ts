import { type FailureCode, GatewayError } from '../errors.ts'

const CODES: ReadonlyMap<number, FailureCode> = new Map([
  [404, 'not_found'],
  [412, 'precondition_failed'],
  [416, 'range_not_satisfiable'],
])

/**
 * The table's row for what Express and its parts refuse by themselves, such as a path that cannot be decoded or a range of a file that
 * has none; anything else comes back as it is.
 */
export function frameworkRefusal(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('status' in thrown) || !('statusCode' in thrown)) return thrown
  const { status, statusCode } = thrown
  // Both, as `http-errors` sets them: errors of other libraries hold the status of somebody else's answer.
  if (typeof status !== 'number' || status !== statusCode || status < 400 || status > 499) return thrown
  const contentRange = contentRangeOf(thrown)
  return new GatewayError(CODES.get(status) ?? 'request_invalid', {
    cause: thrown,
    ...(contentRange === undefined ? {} : { contentRange }),
  })
}

function contentRangeOf(thrown: Error): string | undefined {
  if (!('headers' in thrown) || typeof thrown.headers !== 'object' || thrown.headers === null) return undefined
  const range: unknown = Reflect.get(thrown.headers, 'Content-Range')
  return typeof range === 'string' ? range : undefined
}
