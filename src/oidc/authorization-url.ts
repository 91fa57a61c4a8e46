import { buildAuthorizationUrl } from 'openid-client'

import type { ProviderConfig } from '../config/config.ts'
import type { LoginRequest } from './port.ts'
import type { ProviderClient } from './provider-client.ts'

interface Steps {
  readonly config: ProviderConfig
  readonly redirectUri: string
}

/** Where the browser goes to sign in. */
export type AuthorizationUrl = (client: ProviderClient, request: LoginRequest) => URL

/** Makes the authorization request (OpenID Connect Core §3.1.2.1), always with an S256 challenge, `state` and `nonce`. */
export function createAuthorizationUrl({ config, redirectUri }: Steps): AuthorizationUrl {
  return function authorizationUrl(client, request) {
    const asked = {
      prompt: promptFor(config.scopes, request.prompt),
      login_hint: request.loginHint,
      acr_values: request.acrValues,
      max_age: request.maxAgeSeconds?.toString(),
      ui_locales: request.uiLocales,
    }
    return buildAuthorizationUrl(client.usual, {
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: config.scopes.join(' '),
      state: request.state,
      nonce: request.nonce,
      code_challenge: request.codeChallenge,
      code_challenge_method: 'S256',
      ...Object.fromEntries(Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    })
  }
}

/** OpenID Connect Core §11: `offline_access` is asked for together with consent, or a provider must ignore it. */
function promptFor(scopes: readonly string[], prompt: string | undefined): string | undefined {
  if (!scopes.includes('offline_access')) return prompt
  const asked = prompt?.split(' ') ?? []
  return asked.includes('none') || asked.includes('consent') ? prompt : [...asked, 'consent'].join(' ')
}
