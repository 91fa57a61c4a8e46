import type { Secret } from './secret.ts'

/** The provider, and the client that we are there. */
export interface ProviderConfig {
  /** The issuer identifier, exactly as configured (OpenID Connect Discovery §4.3 compares it byte for byte). */
  readonly issuer: string
  readonly clientId: string
  /** Undefined for a public client only. */
  readonly clientSecret: Secret | undefined
  /** `auto`: Basic unless the metadata lists only post. */
  readonly clientAuth: 'auto' | 'client_secret_basic' | 'client_secret_post' | 'none'
  readonly scopes: readonly string[]
  /** Claims of the ID token that `GET /bff/session` may show. */
  readonly claims: readonly string[]
  readonly timeoutMilliseconds: number
  /** The token call's own timeout when it refreshes: an abandoned rotation is a lost session. */
  readonly refreshTimeoutMilliseconds: number
  /** An access token is renewed this long before its end, but never before half of its life is over. */
  readonly refreshLeewayMilliseconds: number
  /** How long a request without a good access token waits for one. */
  readonly refreshWaitMilliseconds: number
  readonly clockToleranceSeconds: number
  /** JWS algorithm that ID tokens must have; undefined: the first of RS256, PS256, ES256, EdDSA that the metadata lists. */
  readonly idTokenAlgorithm: string | undefined
  /** A logged exception for a provider whose metadata does not say S256. */
  readonly assumeS256: boolean
  /** Whether claims come from the userinfo endpoint too. */
  readonly userinfo: boolean
  /** `required`: a logout token has to call itself `logout+jwt`; `any`: it may also say nothing, or `JWT`. */
  readonly logoutTokenType: 'any' | 'required'
  /** Whether a frame of the provider's may end the sessions of one of its own. */
  readonly frontchannelLogout: boolean
  /** How often changed metadata is looked for. */
  readonly metadataRefreshMilliseconds: number
}
