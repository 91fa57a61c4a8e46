import { GatewayError } from '../errors.ts'

const RETRY_AFTER_SECONDS = 1

/** The one failure of a store; `note` says which operation failed and how, never what was read or written. */
export function unavailable(note: string, cause?: unknown): GatewayError {
  return new GatewayError('store_unavailable', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    note,
    ...(cause === undefined ? {} : { cause }),
  })
}
