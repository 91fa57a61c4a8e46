import { refreshTokenGrant, ResponseBodyError } from 'openid-client'

import type { ProviderConfig } from '../config/config.ts'
import { identify } from './identify.ts'
import type { Identity, Refreshable, RefreshAnswer } from './port.ts'
import type { ProviderClient } from './provider-client.ts'
import { readTokens } from './read-tokens.ts'
import { readUserinfo } from './read-userinfo.ts'
import { translateError } from './translate-error.ts'

interface Steps {
  readonly config: ProviderConfig
  readonly now: () => number
}

/** Goes on from a grant; never rejects. */
export type Refresh = (client: ProviderClient, grant: Refreshable) => Promise<RefreshAnswer>

/**
 * Makes the refresh (RFC 6749 §6, OpenID Connect Core §12.2).
 *
 * `refused` is the provider's own `invalid_grant` and nothing else. An answer that is about another person or another sign-in, or
 * that cannot be verified, is not used at all: `unavailable`, like every other failure.
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
    const answer = await refreshTokenGrant(client.patient, refreshToken)
    const tokens = readTokens(answer)
    const idToken = answer.id_token
    const claims = answer.claims()
    // Core §12.2: a refresh need not bring an ID token.
    if (idToken === undefined || claims === undefined) return { ...tokens, idToken: undefined, identity: undefined }

    const original = { subject, authTime }
    const identity = await identify(client, config, { idToken, claims, accessToken: tokens.accessToken, original }, now())
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

/** RFC 6749 §5.2: the grant is gone. 401 is met in practice. */
function isInvalidGrant(error: unknown): boolean {
  return error instanceof ResponseBodyError && error.error === 'invalid_grant' && (error.status === 400 || error.status === 401)
}

/** Says why no token came, in the port's words. */
export function unavailable(thrown: unknown): RefreshAnswer {
  const error = translateError(thrown)
  return { kind: 'unavailable', error, retryAfterSeconds: error.detail.retryAfterSeconds }
}
