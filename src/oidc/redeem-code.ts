import { authorizationCodeGrant } from 'openid-client'

import type { ProviderConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import { identify } from './identify.ts'
import type { CodeRedemption, TokenSet } from './port.ts'
import type { ProviderClient } from './provider-client.ts'
import { readTokens } from './read-tokens.ts'
import { readUserinfo } from './read-userinfo.ts'
import { translateError } from './translate-error.ts'

/** RFC 7636 §4.1. */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/

interface Steps {
  readonly config: ProviderConfig
  readonly redirectUri: string
  readonly now: () => number
}

/** Turns the answer of the authorization endpoint into tokens and a verified person. */
export type RedeemCode = (client: ProviderClient, redemption: CodeRedemption) => Promise<TokenSet>

/**
 * Makes the redemption, in this order: `iss` (RFC 9207 §2.4) and `state` of the answer; its error, which wins over a code; the one
 * token call, never repeated; the ID token, nonce first; and only then userinfo.
 */
export function createRedeemCode({ config, redirectUri, now }: Steps): RedeemCode {
  return async function redeemCode(client, redemption) {
    // The library takes an empty verifier for "no PKCE".
    if (!VERIFIER.test(redemption.codeVerifier)) throw new GatewayError('internal', { note: 'a login without a verifier' })

    const answer = await askForTokens(client, redemption)
    const tokens = readTokens(answer)
    const idToken = answer.id_token
    const claims = answer.claims()
    if (idToken === undefined || claims === undefined) {
      throw new GatewayError('provider_answer_invalid', { note: 'no id token' })
    }
    const found = await identify(client, config, { idToken, claims, accessToken: tokens.accessToken }, now())
    if (found.kind === 'unchecked') throw found.error
    const { identity } = found
    return {
      ...tokens,
      idToken,
      identity: config.userinfo ? await readUserinfo(client, identity, tokens.accessToken) : identity,
    }
  }

  function askForTokens(client: ProviderClient, redemption: CodeRedemption) {
    // The library derives `redirect_uri` from this URL: it is made of configuration, never of what a request said.
    const currentUrl = new URL(redirectUri)
    currentUrl.search = redemption.answer.toString()
    return authorizationCodeGrant(client.usual, currentUrl, {
      expectedState: redemption.state,
      expectedNonce: redemption.nonce,
      pkceCodeVerifier: redemption.codeVerifier,
      idTokenExpected: true,
      ...(redemption.maxAgeSeconds === undefined ? {} : { maxAge: redemption.maxAgeSeconds }),
    }).catch((error: unknown) => {
      throw translateError(error)
    })
  }
}
