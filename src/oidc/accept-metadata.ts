import type { ServerMetadata } from 'openid-client'

import type { ProviderConfig } from '../config/config.ts'
import { isLoopback } from '../config/is-loopback.ts'
import { GatewayError } from '../errors.ts'
import { signingAlgorithms } from './signing-algorithms.ts'

const REQUIRED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const
const OPTIONAL = ['userinfo_endpoint', 'revocation_endpoint', 'end_session_endpoint'] as const

/**
 * Refuses metadata that must not be used, with `provider_answer_invalid` and a note for whoever runs this gateway.
 *
 * The issuer is compared byte for byte (OpenID Connect Discovery §4.3); endpoints are https, or http on loopback where the issuer
 * is that too; S256 is advertised (RFC 9700 §2.1.1) or assumed by configuration; some algorithm of the ID token is acceptable.
 */
export function acceptMetadata(metadata: ServerMetadata, config: ProviderConfig): void {
  if (metadata.issuer !== config.issuer) {
    refuse('the metadata names another issuer than the configured one: they must be equal in every character')
  }
  const required = config.userinfo ? [...REQUIRED, 'userinfo_endpoint' as const] : REQUIRED
  for (const name of required) if (metadata[name] === undefined) refuse(`the metadata has no ${name}`)

  const plainAllowed = isPlainLoopback(new URL(config.issuer))
  for (const name of [...REQUIRED, ...OPTIONAL]) {
    const value: unknown = metadata[name]
    if (value !== undefined && !isEndpoint(value, plainAllowed)) refuse(`the metadata's ${name} is no https URL`)
  }
  if (!advertisesS256(metadata) && !config.assumeS256) {
    refuse('the metadata does not list S256 in code_challenge_methods_supported; if the provider does support it, set assumeS256')
  }
  if (signingAlgorithms(metadata, config.idTokenAlgorithm).length === 0) {
    refuse('the provider signs ID tokens with no algorithm that is accepted here (RS, PS, ES, EdDSA)')
  }
}

/** Whether the provider says that it checks S256 challenges (RFC 8414 §2). */
export function advertisesS256(metadata: ServerMetadata): boolean {
  return metadata.code_challenge_methods_supported?.includes('S256') === true
}

function isEndpoint(value: unknown, plainAllowed: boolean): boolean {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (url === null || url.hash !== '' || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (plainAllowed && isPlainLoopback(url))
}

function isPlainLoopback(url: URL): boolean {
  return url.protocol === 'http:' && isLoopback(url.hostname)
}

function refuse(note: string): never {
  throw new GatewayError('provider_answer_invalid', { note })
}
