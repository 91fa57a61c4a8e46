import type { Dispatcher } from 'undici'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether a call of which no answer had begun may be sent again: what changes something is never sent twice (RFC 9110 §9.2.2), and a
 * body is gone once it was read.
 */
export function isRepeatable({ method, body }: Dispatcher.DispatchOptions): boolean {
  return body === null && SAFE_METHODS.has(method)
}
