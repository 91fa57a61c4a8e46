import { ErrorReply } from 'redis'

const REPLY_CODE = /^[A-Z]{2,}/
/** How servers and proxies say that they do not know, or do not allow, RESP3 or client tracking. */
const TRACKING_REFUSED = /^(?:NOPROTO|NOPERM|ERR (?:unknown|unsupported|syntax|.*(?:HELLO|TRACKING|subcommand)))/i
/** A failure of the way to Redis that neither the server nor the system has a code for. */
export function failureOf(code: string, cause?: unknown): Error {
  return Object.assign(new Error(code, { cause }), { code })
}

/** One word for a failure: the server's own code (`OOM`, `READONLY`), the system's (`ECONNREFUSED`), or the error's class. Holds no secret. */
export function nameFailure(failure: unknown): string {
  if (failure instanceof ErrorReply) return REPLY_CODE.exec(failure.message)?.[0] ?? 'ERR'
  if (typeof failure !== 'object' || failure === null) return 'unknown'
  return 'code' in failure && typeof failure.code === 'string' ? failure.code : failure.constructor.name
}

/** Whether the server answered, if only to refuse. */
export function isRefusal(failure: unknown): failure is ErrorReply {
  return failure instanceof ErrorReply
}

export function isTrackingRefusal(failure: unknown): boolean {
  return isRefusal(failure) && TRACKING_REFUSED.test(failure.message)
}
