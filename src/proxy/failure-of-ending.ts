import { GatewayError } from '../errors.ts'
import type { LiveEnding } from '../live/live-connection.ts'

/** What a request failed by that was ended from our side before it was answered. */
export function failureOfEnding(ending: LiveEnding): GatewayError {
  switch (ending.kind) {
    case 'going_away':
      return new GatewayError('draining')
    case 'session_unknown':
      return new GatewayError('store_unavailable', { note: 'for longer than the grace' })
    case 'session_ended':
      return new GatewayError('session_missing', { reason: ending.reason })
    default:
      return ending satisfies never
  }
}
