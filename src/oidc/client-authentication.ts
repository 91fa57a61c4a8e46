import type { ClientAuth, ServerMetadata } from 'openid-client'
import { ClientSecretPost, None } from 'openid-client'

import type { ProviderConfig } from '../config/config.ts'

/**
 * How we prove to the token endpoint who we are: exactly one method a request (OAuth 2.1 §2.4).
 *
 * `auto` is Basic, the default of OpenID Connect Discovery §3, unless the metadata lists only post.
 */
export function chooseClientAuthentication(config: ProviderConfig, metadata: ServerMetadata): ClientAuth {
  const secret = config.clientSecret?.reveal()
  if (config.clientAuth === 'none' || secret === undefined || secret === '') return None()
  if (config.clientAuth === 'client_secret_post') return ClientSecretPost(secret)
  if (config.clientAuth === 'auto' && listsOnlyPost(metadata)) return ClientSecretPost(secret)
  return basic(secret)
}

function listsOnlyPost(metadata: ServerMetadata): boolean {
  const listed = metadata.token_endpoint_auth_methods_supported
  return listed !== undefined && listed.includes('client_secret_post') && !listed.includes('client_secret_basic')
}

/**
 * RFC 6749 §2.3.1: id and secret are form-encoded, then joined, then put in base64.
 *
 * The library's own method also escapes `-`, `_` and `.`, which form encoding leaves alone: providers that forget to decode
 * would then not know a client id such as a UUID.
 */
function basic(secret: string): ClientAuth {
  return function authenticate(_server, client, _body, headers) {
    const credentials = `${formEncode(client.client_id)}:${formEncode(secret)}`
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`)
  }
}

function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}
