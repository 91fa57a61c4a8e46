import type { GatewayError } from '../errors.ts'
import type { Weather } from '../report/weather.ts'

/** What a login sends to the provider; every value was made here or came through an allow list. */
export interface LoginRequest {
  readonly state: string
  readonly nonce: string
  /** S256 of the verifier (RFC 7636 §4.2); `plain` does not exist here. */
  readonly codeChallenge: string
  readonly prompt?: string
  readonly loginHint?: string
  readonly acrValues?: string
  readonly maxAgeSeconds?: number
  readonly uiLocales?: string
}

/** What the browser came back with, and the secrets of the login transaction that was taken for it. */
export interface CodeRedemption {
  /** The callback's parameters, each known to occur once. */
  readonly answer: URLSearchParams
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly maxAgeSeconds?: number
}

/** Tokens that were just issued, the ID token validated in full, its signature included. */
export interface TokenSet {
  readonly accessToken: string
  /** Seconds (RFC 6749 §5.1); undefined where the provider did not say, or said something that is no positive number. */
  readonly expiresInSeconds: number | undefined
  readonly refreshToken: string | undefined
  /** Seconds, where the provider tells how long its refresh token is good for: no standard member, but a common one. */
  readonly refreshTokenExpiresInSeconds: number | undefined
  readonly idToken: string
  readonly scope: string | undefined
  readonly identity: Identity
}

/** The validated claims of an ID token, and of userinfo where that is configured. */
export interface Identity {
  readonly issuer: string
  readonly subject: string
  readonly providerSession: string | undefined
  readonly acr: string | undefined
  /** Epoch seconds. */
  readonly authTime: number | undefined
  /** All claims, as issued; who shows them cuts them down by an allow list. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** A logout token that was verified in full: whose sessions the provider has ended. */
export interface LogoutToken {
  readonly issuer: string
  /** Its `jti`. */
  readonly tokenId: string
  /** At least one of the two is there. */
  readonly subject: string | undefined
  readonly providerSession: string | undefined
  /** Epoch milliseconds; later nobody accepts it any more. */
  readonly usableUntil: number
}

/** The grant that a refresh goes on from. */
export interface Refreshable {
  readonly refreshToken: string
  readonly issuer: string
  readonly subject: string
  readonly authTime: number | undefined
}

/**
 * What a refresh came to. Only the provider's own `invalid_grant` ends a grant; everything else is weather.
 *
 * An ID token or identity that is undefined was not sent, or could not be verified or completed: what was there before stays.
 */
export type RefreshAnswer =
  | {
      readonly kind: 'refreshed'
      readonly tokens: Omit<TokenSet, 'idToken' | 'identity'> & {
        readonly idToken: string | undefined
        readonly identity: Identity | undefined
      }
    }
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'unavailable'
      readonly reason: Weather
      readonly error: GatewayError
      readonly retryAfterSeconds: number | undefined
    }

/**
 * The provider, as the rest of the gateway knows it: values in, values out.
 *
 * While there is no metadata, methods reject with `GatewayError('provider_unavailable')`, and `refresh`, which never rejects, answers
 * `unavailable`. Nothing rejects with an error of the library.
 */
export interface Provider {
  readonly state: 'ready' | 'unavailable'
  /** The authorization request (OpenID Connect Core §3.1.2.1). */
  authorizationUrl(request: LoginRequest): Promise<URL>
  /** Redeems the code, once. Rejects with `login_denied`, `login_interaction_required`, `login_refused`, `provider_answer_invalid` or `provider_unavailable`. */
  redeemCode(redemption: CodeRedemption): Promise<TokenSet>
  refresh(grant: Refreshable): Promise<RefreshAnswer>
  /** Revokes a token (RFC 7009); false where the provider offers no way. */
  revoke(token: string, hint: 'refresh_token' | 'access_token'): Promise<boolean>
  /** Where a browser goes to be signed out there too (RP-Initiated Logout §2); undefined where the provider has no such endpoint. */
  endSessionUrl(logout: {
    readonly idToken: string
    readonly state: string
    readonly logoutHint: string | undefined
  }): Promise<URL | undefined>
  /** Verifies a logout token (Back-Channel Logout 1.0 §2.6). Rejects with `logout_token_invalid`, or `provider_unavailable` where it cannot be told. */
  verifyLogoutToken(token: string): Promise<LogoutToken>
  /** Begins to look for the metadata, now and again; resolves when the first attempt has ended, well or not. */
  start(): Promise<void>
  stop(): void
}
