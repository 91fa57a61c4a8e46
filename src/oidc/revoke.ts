import { tokenRevocation } from 'openid-client'

import type { Provider } from './port.ts'
import type { ProviderClient } from './provider-client.ts'
import { translateError } from './translate-error.ts'

/**
 * Revokes a token (RFC 7009 §2.1), once; a token that the provider does not know counts as revoked (§2.2).
 *
 * False where there is no such endpoint, or where it does not take this kind of token (§2.2.1). Rejects with `GatewayError`.
 */
export async function revoke(client: ProviderClient, ...[token, hint]: Parameters<Provider['revoke']>): Promise<boolean> {
  if (client.metadata.revocation_endpoint === undefined) return false
  try {
    await tokenRevocation(client.usual, token, { token_type_hint: hint })
    return true
  } catch (error) {
    if (isUnsupported(error)) return false
    throw translateError(error)
  }
}

function isUnsupported(error: unknown): boolean {
  return error instanceof Error && 'error' in error && error.error === 'unsupported_token_type'
}
