import type { ServerMetadata } from 'openid-client'

/** Signatures with a provider's public key. No MAC: its key is the client secret. Never `none`. */
const ACCEPTED = [
  'RS256',
  'PS256',
  'ES256',
  'EdDSA',
  'Ed25519',
  'RS384',
  'PS384',
  'ES384',
  'RS512',
  'PS512',
  'ES512',
] as const satisfies readonly string[]

/**
 * The algorithms that an ID token may be signed with: the configured one and no other (OpenID Connect Core §3.1.3.7, 7), else
 * every one that the provider advertises and we accept; RS256 where it advertises none (Discovery §3 makes the member required,
 * Core §2 makes RS256 the default). Empty: no token of this provider can be verified.
 */
export function signingAlgorithms(metadata: ServerMetadata, configured: string | undefined): readonly string[] {
  const candidates = configured === undefined ? (metadata.id_token_signing_alg_values_supported ?? ['RS256']) : [configured]
  return ACCEPTED.filter((algorithm) => candidates.includes(algorithm))
}
