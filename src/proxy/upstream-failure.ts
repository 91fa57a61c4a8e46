import { type FailureCode, GatewayError } from '../errors.ts'

// The parser's errors have a name of their own, and a code for some of them only.
const PARSER_ERROR = 'HTTPParserError'

// A stream or session that the other side ended out of turn.
const HTTP2_ERRORS = 'ERR_HTTP2_'

/** What undici's and the system's error codes come to. */
const FAILURE_OF: Readonly<Record<string, FailureCode>> = {
  UND_ERR_CONNECT_TIMEOUT: 'upstream_timed_out',
  UND_ERR_HEADERS_TIMEOUT: 'upstream_timed_out',
  UND_ERR_BODY_TIMEOUT: 'upstream_timed_out',
  ETIMEDOUT: 'upstream_timed_out',
  UND_ERR_HEADERS_OVERFLOW: 'upstream_answer_invalid',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'upstream_answer_invalid',
  ERR_INVALID_CHAR: 'upstream_answer_invalid',
  ERR_INVALID_HTTP_TOKEN: 'upstream_answer_invalid',
  ERR_HTTP_INVALID_STATUS_CODE: 'upstream_answer_invalid',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'request_invalid',
  UND_ERR_INVALID_ARG: 'request_invalid',
  UND_ERR_NOT_SUPPORTED: 'request_invalid',
  UND_ERR_DESTROYED: 'draining',
  UND_ERR_CLOSED: 'draining',
}

const LOST_CONNECTION = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** Whether the connection went away under the request, as an idle one may at any time (RFC 9112 §9.3.1). */
export function isLostConnection(error: unknown): boolean {
  return LOST_CONNECTION.has(codeOf(error) ?? '')
}

/**
 * The table's row for what undici reports. `hasBegun`: some of the answer was there, so that whatever went wrong, it is a broken answer.
 *
 * An error without a code is a fault of ours.
 */
export function upstreamFailure(error: unknown, hasBegun: boolean): GatewayError {
  if (error instanceof GatewayError) return error
  const code = codeOf(error)
  if (code === undefined) return new GatewayError('internal', { cause: error })
  if (code === PARSER_ERROR || code.startsWith('HPE_')) {
    return new GatewayError('upstream_answer_invalid', { cause: error, note: code })
  }
  const failure = Object.hasOwn(FAILURE_OF, code) ? FAILURE_OF[code] : undefined
  // Refused, unresolved, untrusted certificate, no route: whatever it is called, we did not get through.
  const otherwise = hasBegun || code.startsWith(HTTP2_ERRORS) ? 'upstream_answer_invalid' : 'upstream_unreachable'
  return new GatewayError(failure ?? otherwise, { cause: error, note: code })
}

/** Whether what ended a call that never had a connection is that there is none to be had; else it was the call itself, or we. */
export function isConnectionFailure(error: unknown): boolean {
  const { code } = upstreamFailure(error, false)
  return code === 'upstream_unreachable' || code === 'upstream_timed_out'
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if ('name' in error && error.name === PARSER_ERROR) return PARSER_ERROR
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
