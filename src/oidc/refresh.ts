import { refreshTokenGrant, ResponseBodyError } from 'openid-client'

import type { ProviderConfig } from '../config/config.ts'
import { identify } from './identify.ts'
import { identifyPatiently } from './identify-patiently.ts'
import type { Identity, Refreshable, RefreshAnswer } from './port.ts'
import type { ProviderClient } from './provider-client.ts'
import { readTokens } from './read-tokens.ts'
import { readUserinfo } from './read-userinfo.ts'
import { translateError } from './translate-error.ts'

const GRANT_IS_GONE: ReadonlySet<number> = new Set([400, 401, 403])

interface Steps {
  readonly config: ProviderConfig
  readonly now: () => number
}

/** Goes on from a grant; never rejects. */
export type Refresh = (client: ProviderClient, grant: Refreshable) => Promise<RefreshAnswer>

/**
 * Makes the refresh (RFC 6749 §6, OpenID Connect Core §12.2).
 *
 * `refused` is the provider's own `invalid_grant` and nothing else. An answer whose ID token is wrong (another person, another
 * sign-in, no signature of the provider) is not used at all: `unavailable`, like every other failure. Where the keys to tell cannot
 * be had, its tokens are used and its ID token is not.
 */
export function createRefresh({ config, now }: Steps): Refresh {
  return async function refresh(client, grant) {
    try {
      return { kind: 'refreshed', tokens: await askForTokens(client, grant) }
    } catch (error) {
      if (isInvalidGrant(error)) return { kind: 'refused' }
      return unavailable(error)
    }
  }

  async function askForTokens(client: ProviderClient, { refreshToken, subject, authTime }: Refreshable) {
    const startedAt = now()
    const answer = await refreshTokenGrant(client.patient, refreshToken)
    const tokens = readTokens(answer)
    const idToken = answer.id_token
    const claims = answer.claims()
    const nothingNew = { ...tokens, idToken: undefined, identity: undefined }
    // Core §12.2: a refresh need not bring an ID token.
    if (idToken === undefined || claims === undefined) return nothingNew

    const candidate = { idToken, claims, accessToken: tokens.accessToken, original: { subject, authTime } }
    const left = config.refreshTimeoutMilliseconds - (now() - startedAt)
    const identity = await identifyPatiently(() => identify(client, config, candidate, now()), left)
    // The old refresh token is spent by now; to lose the new one for want of a key would sign the person out. The tokens came from
    // the token endpoint itself, over TLS and to an authenticated client, which Core §3.1.3.7, 6 lets stand for the signature; and
    // §12.2 lets an answer come without an ID token. So they are good, and the ID token is as good as absent: nothing that it
    // claims is used, and the old one, which was verified, stays.
    if (identity === undefined) return nothingNew
    if (!config.userinfo) return { ...tokens, idToken, identity }
    return { ...tokens, idToken, identity: await completed(client, identity, tokens.accessToken) }
  }
}

/**
 * The old refresh token may be spent by now: nothing about userinfo, not even an answer about somebody else, may lose the new one.
 * Without it nobody knows what the claims are now, and the old ones stay.
 */
function completed(client: ProviderClient, identity: Identity, accessToken: string): Promise<Identity | undefined> {
  return readUserinfo(client, identity, accessToken).catch(() => undefined)
}

/**
 * RFC 6749 §5.2: the grant is gone. 401 and 403 are met in practice; Auth0 says 403 of every refresh token that it does not know any
 * more. A 4xx of another kind, or a 5xx, comes of something in between, whatever it says.
 */
function isInvalidGrant(error: unknown): boolean {
  return error instanceof ResponseBodyError && error.error === 'invalid_grant' && GRANT_IS_GONE.has(error.status)
}

/** Says why no token came, in the port's words. */
export function unavailable(thrown: unknown): RefreshAnswer {
  const error = translateError(thrown)
  const { weather: reason = 'malformed', retryAfterSeconds } = error.detail
  return { kind: 'unavailable', reason, error, retryAfterSeconds }
}
