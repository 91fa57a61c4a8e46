import { buildEndSessionUrl } from 'openid-client'

import type { Provider } from './port.ts'
import type { ProviderClient } from './provider-client.ts'

/** Servers and proxies refuse request lines from 8 kB on, some from 4. */
const MOST_CHARACTERS = 4_000

type Logout = Parameters<Provider['endSessionUrl']>[0]

/**
 * Where a browser signs out at the provider (RP-Initiated Logout §2); undefined where there is no such endpoint.
 *
 * An ID token that would make the URL too long is left out; `client_id` and `logout_hint` then say who signs out where.
 */
export function endSessionUrl(client: ProviderClient, postLogoutRedirectUri: string, logout: Logout): URL | undefined {
  if (client.metadata.end_session_endpoint === undefined) return undefined

  const always = { post_logout_redirect_uri: postLogoutRedirectUri, state: logout.state }
  const hinted = buildEndSessionUrl(client.usual, { ...always, id_token_hint: logout.idToken })
  if (hinted.href.length <= MOST_CHARACTERS) return hinted

  const { logoutHint } = logout
  const unhinted = buildEndSessionUrl(client.usual, always)
  if (logoutHint !== undefined) unhinted.searchParams.set('logout_hint', logoutHint)
  return unhinted
}
