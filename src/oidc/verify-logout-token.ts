import { decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from 'jose'

import type { ProviderConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import { findBrokenRule, OLDEST_LOGOUT_TOKEN_SECONDS } from './logout-token-rules.ts'
import type { LogoutToken } from './port.ts'
import type { ProviderClient } from './provider-client.ts'

/** Three parts: an encrypted one, of five, is none that we registered for. */
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/

/**
 * What a logout token says, once all of its rules hold and it is signed by a key of the provider (OpenID Connect Back-Channel Logout 1.0
 * §2.6). What costs nothing is checked first, so that junk costs no signature and no question to the provider.
 *
 * Rejects with `logout_token_invalid`, or with `provider_unavailable` where the keys that would tell cannot be had.
 */
export async function verifyLogoutToken(
  client: ProviderClient,
  { issuer, clientId, clockToleranceSeconds, logoutTokenType }: ProviderConfig,
  token: string,
  now: number,
): Promise<LogoutToken> {
  const { header, claims } = readParts(token)
  const broken = findBrokenRule({
    header,
    claims,
    issuer,
    clientId,
    algorithms: client.idTokenAlgorithms,
    typeRequired: logoutTokenType === 'required',
    clockToleranceSeconds,
    at: now / 1000,
  })
  if (broken !== undefined) throw invalid(broken)

  const verdict = await client.keys.verify(token, client.idTokenAlgorithms)
  if (verdict.kind === 'wrong') throw invalid(verdict.error.message)
  if (verdict.kind === 'unchecked')
    throw new GatewayError('provider_unavailable', { note: `logout token: ${verdict.error.message}`, retryAfterSeconds: 5 })

  const { jti = '', sub: subject, sid, exp = 0, iat = 0 } = claims
  const usableUntil = Math.min(exp, iat + OLDEST_LOGOUT_TOKEN_SECONDS) + clockToleranceSeconds
  return {
    issuer,
    tokenId: jti,
    subject,
    providerSession: typeof sid === 'string' ? sid : undefined,
    usableUntil: usableUntil * 1000,
  }
}

function readParts(token: string): { readonly header: ProtectedHeaderParameters; readonly claims: JWTPayload } {
  if (!COMPACT_JWS.test(token)) throw invalid('form')
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) }
  } catch {
    throw invalid('form')
  }
}

function invalid(rule: string): GatewayError {
  return new GatewayError('logout_token_invalid', { note: `logout token: ${rule}` })
}
