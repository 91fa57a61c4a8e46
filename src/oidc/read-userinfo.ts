import { fetchUserInfo } from 'openid-client'

import { plainClaims } from './plain-claims.ts'
import type { Identity } from './port.ts'
import type { ProviderClient } from './provider-client.ts'
import { translateError } from './translate-error.ts'

/**
 * Adds what the userinfo endpoint says; the ID token's own claims win.
 *
 * Rejects where the answer is about somebody else (OpenID Connect Core §5.3.2), or where it is signed, wrongly.
 */
export async function readUserinfo(client: ProviderClient, identity: Identity, accessToken: string): Promise<Identity> {
  const told = await fetchUserInfo(client.verifying, accessToken, identity.subject).catch((error: unknown) => {
    throw translateError(error)
  })
  return { ...identity, claims: { ...plainClaims(told), ...identity.claims } }
}
