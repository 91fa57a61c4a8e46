import { GatewayError } from '../errors.ts'
import type { LiveEnding } from '../live/live-connection.ts'

/** What a request failed by that was ended from our side before it was answered. */
export function failureOfEnding(ending: LiveEnding): GatewayError {
  return ending.kind === 'going_away'
    ? new GatewayError('draining')
    : new GatewayError('session_missing', { reason: ending.reason })
}
