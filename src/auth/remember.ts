import type { SessionConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import { valueOf } from './parameters.ts'

/**
 * Whether a session that a login makes is to outlive the browser: as the person chose, where the operator leaves it to them. Where it
 * is not for them to choose the parameter says nothing, so that a page's links need not know.
 */
export function isRemembered(query: URLSearchParams, rememberMe: SessionConfig['rememberMe']): boolean {
  const chosen = valueOf(query, 'remember')
  if (chosen !== undefined && chosen !== 'true' && chosen !== 'false')
    throw new GatewayError('request_invalid', { note: 'remember is true or false, or is left out' })
  return rememberMe === 'always' || (rememberMe === 'offered' && chosen === 'true')
}
