import type { IDToken } from 'openid-client'

import type { ProviderConfig } from '../config/config.ts'
import type { GatewayError } from '../errors.ts'
import type { IdTokenContext } from './id-token-rules.ts'
import { verifyIdTokenRules } from './id-token-rules.ts'
import { plainClaims } from './plain-claims.ts'
import type { Identity } from './port.ts'
import type { ProviderClient } from './provider-client.ts'

/** An ID token whose claims the library has validated, and what came with it. */
interface Candidate {
  readonly idToken: string
  readonly claims: IDToken
  readonly accessToken: string
  readonly original?: IdTokenContext['original']
}

/** Who an ID token is about; `unchecked`: all else about it is right, and the keys that would verify it cannot be had. */
export type Identification =
  | { readonly kind: 'identified'; readonly identity: Identity }
  | { readonly kind: 'unchecked'; readonly error: GatewayError }

/**
 * Who the ID token is about: the rest of its rules hold, and its signature is by a key of the provider, always, not only where
 * OpenID Connect Core §3.1.3.7, 6 demands it.
 *
 * Rejects with `provider_answer_invalid` for a token that is wrong, whatever the keys are.
 */
export async function identify(
  client: ProviderClient,
  { clientId, clockToleranceSeconds }: ProviderConfig,
  { original, ...candidate }: Candidate,
  now: number,
): Promise<Identification> {
  verifyIdTokenRules({ ...candidate, clientId, clockToleranceSeconds, now, ...(original ? { original } : {}) })
  const verdict = await client.keys.verify(candidate.idToken, client.idTokenAlgorithms)
  if (verdict.kind === 'unchecked') return verdict
  if (verdict.kind === 'wrong') throw verdict.error
  return { kind: 'identified', identity: identityOf(candidate.claims) }
}

function identityOf(claims: IDToken): Identity {
  return {
    issuer: claims.iss,
    subject: claims.sub,
    providerSession: textOf(claims['sid']),
    acr: textOf(claims.acr),
    authTime: typeof claims.auth_time === 'number' ? claims.auth_time : undefined,
    claims: plainClaims(claims),
  }
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' ? claim : undefined
}
