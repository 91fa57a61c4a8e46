import type { TokenEndpointResponse } from 'openid-client'

import { GatewayError } from '../errors.ts'
import { parseSeconds } from './parse-seconds.ts'
import type { TokenSet } from './port.ts'

/** RFC 6749 appendix A.12, without the space: what can stand in an `Authorization` header as it is. */
const HEADER_SAFE = /^[\x21-\x7e]+$/

/**
 * The tokens of an answer as plain values.
 *
 * Throws `provider_answer_invalid` for a type that we could not use (RFC 6749 §7.1) and for an access token that would break the
 * header it is sent in.
 */
export function readTokens(answer: TokenEndpointResponse): Omit<TokenSet, 'idToken' | 'identity'> {
  if (answer.token_type !== 'bearer') throw new GatewayError('provider_answer_invalid', { note: 'token_type is not bearer' })
  if (!HEADER_SAFE.test(answer.access_token)) {
    throw new GatewayError('provider_answer_invalid', { note: 'the access token cannot be sent in a header' })
  }
  return {
    accessToken: answer.access_token,
    expiresInSeconds: answer.expires_in,
    refreshToken: answer.refresh_token,
    // Keycloak's name, and the other common one; Keycloak says 0 for a token without an end.
    refreshTokenExpiresInSeconds: parseSeconds(answer['refresh_expires_in'] ?? answer['refresh_token_expires_in']),
    scope: answer.scope,
  }
}
