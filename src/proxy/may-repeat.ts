import type { Dispatcher } from 'undici'
import { isLostConnection } from './upstream-failure.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether a call may be sent again of which no answer had begun: a connection that was kept alive may close just as it is used
 * (RFC 9112 §9.3.1), but what changes something is never sent twice (RFC 9110 §9.2.2).
 */
export function mayRepeat({ method, body }: Dispatcher.DispatchOptions, error: unknown): boolean {
  return body === null && SAFE_METHODS.has(method) && isLostConnection(error)
}
