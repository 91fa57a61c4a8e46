import type { EndReason } from '../errors.ts'

/** The secret in the cookie: 256 random bits, base64url. Only `readTicket` and `beginSession` make one. */
export type SessionSecret = string & { readonly __brand: 'SessionSecret' }

/** The session's name in the store: base64url(SHA-256(secret)). It opens nothing. */
export type SessionId = string & { readonly __brand: 'SessionId' }

/** An access token; a brand, so that no other string can be attached to a request. */
export type AccessToken = string & { readonly __brand: 'AccessToken' }

/** What the session cookie proved: a secret whose signature verified. */
export interface Ticket {
  readonly secret: SessionSecret
  readonly id: SessionId
}

/** Written once, when the session begins. Times are epoch milliseconds. */
export interface SessionRecord {
  readonly issuer: string
  readonly clientId: string
  readonly subject: string
  /** The provider's `sid`, where it names one. */
  readonly providerSession: string | undefined
  readonly createdAt: number
  readonly absoluteExpiresAt: number
  /** Whether its cookie outlives the browser. */
  readonly isRemembered?: boolean
}

/** What may change, under a version that only ever grows. Times are epoch milliseconds. */
export interface GrantRecord {
  readonly version: number
  readonly accessToken: AccessToken
  /** When the access token ends; undefined where the provider did not say (RFC 6749 §5.1). */
  readonly accessTokenExpiresAt: number | undefined
  readonly issuedAt: number
  /** Whether it took the place of one that was good by its time, and that an upstream had refused: a second refusal is believed, by every gateway. */
  readonly cameOfRefusal?: boolean
  readonly refreshToken: string | undefined
  /** When the refresh token ends; undefined where there is none, or where the provider did not say. */
  readonly refreshTokenExpiresAt?: number | undefined
  readonly idToken: string
  readonly scope: string | undefined
  /** Claims of the ID token (and userinfo), already cut down to those that may be shown. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly acr: string | undefined
  readonly authTime: number | undefined
  /** The idle timeout that rules made of all claims; undefined where none says one. A refresh makes it stricter, never looser. */
  readonly idleTimeoutMilliseconds?: number | undefined
}

/** A session that may be used now: opened, judged, frozen. */
export interface LiveSession {
  readonly ticket: Ticket
  readonly record: SessionRecord
  readonly grant: GrantRecord
  /** Only where another session has taken its place: this one carries what is on its way, until `record.absoluteExpiresAt`. */
  readonly successor?: SessionId
}

/** What became of the session that a ticket names. */
export type Verdict =
  | { readonly kind: 'live'; readonly session: LiveSession }
  | { readonly kind: 'ended'; readonly reason: EndReason }
