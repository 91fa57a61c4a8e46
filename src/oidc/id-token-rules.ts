import { createHash, timingSafeEqual } from 'node:crypto'

import { decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose'
import type { IDToken } from 'openid-client'

import { GatewayError } from '../errors.ts'

/** A token that was just issued is not older than this, whatever the clocks. */
const OLDEST_SECONDS = 3600
/** The end of the year 9999: beyond it a date is no date. */
const LAST_SECOND = 253_402_300_799
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** What an ID token is held against, beyond what the library checks. */
export interface IdTokenContext {
  readonly idToken: string
  readonly claims: IDToken
  /** The access token that was issued with it. */
  readonly accessToken: string
  readonly clientId: string
  readonly clockToleranceSeconds: number
  /** Epoch milliseconds. */
  readonly now: number
  /** At a refresh: who the grant belongs to (OpenID Connect Core §12.2). */
  readonly original?: { readonly subject: string; readonly authTime: number | undefined }
}

type Rule = (context: IdTokenContext & { readonly header: ProtectedHeaderParameters }) => boolean

/** The rules by the name that goes to the log. */
const RULES: Readonly<Record<string, Rule>> = {
  // RFC 8725 §3.11: a logout token or an access token is no ID token, though the same keys sign it.
  typ: ({ header }) => isTypeOfIdToken(header.typ),
  events: ({ claims }) => !names(claims['events'], LOGOUT_EVENT),
  // Core §3.1.3.7, 3: audiences besides us are not trusted.
  aud: ({ claims, clientId }) =>
    [claims.aud].flat().every((audience) => audience === clientId) && [claims.aud].flat().length === 1,
  azp: ({ claims, clientId }) => isAbsent(claims.azp) || claims.azp === clientId,
  // Core §2: at most 255 ASCII characters.
  sub: ({ claims }) => /^[\x20-\x7e]{1,255}$/.test(claims.sub),
  exp: ({ claims }) => claims.exp <= LAST_SECOND,
  iat: ({ claims, now, clockToleranceSeconds }) => {
    const age = now / 1000 - claims.iat
    return age <= OLDEST_SECONDS + clockToleranceSeconds && age >= -clockToleranceSeconds
  },
  at_hash: ({ claims, header, accessToken }) =>
    isAbsent(claims['at_hash']) || isHashOf(claims['at_hash'], accessToken, header.alg),
  'same sub': ({ claims, original }) => original === undefined || claims.sub === original.subject,
  'same auth_time': ({ claims, original }) =>
    original?.authTime === undefined || isAbsent(claims.auth_time) || claims.auth_time === original.authTime,
}

/**
 * Holds an ID token against the rules that the library leaves to its users: kind, foreign audiences, `azp`, form of `sub`, dates,
 * `at_hash` (OpenID Connect Core §3.1.3.7, §3.1.3.8), and at a refresh the same person and the same sign-in (§12.2).
 *
 * Signature, `iss`, `nonce`, expiry and `max_age` are checked elsewhere. Throws `provider_answer_invalid` with the rule's name.
 */
export function verifyIdTokenRules(context: IdTokenContext): void {
  const whole = { ...context, header: readHeader(context.idToken) }
  for (const [name, holds] of Object.entries(RULES)) if (!holds(whole)) throw wrong(name)
}

/** The library is content with a header that is no text (RFC 7515 §5.2, 3: UTF-8), and jose is not. */
function readHeader(idToken: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(idToken)
  } catch (error) {
    throw wrong('header', error)
  }
}

function wrong(rule: string, cause?: unknown): GatewayError {
  return new GatewayError('provider_answer_invalid', { note: `id token: ${rule}`, cause })
}

/** Core §2: a claim whose value is null is as good as none. */
function isAbsent(claim: unknown): boolean {
  return claim === undefined || claim === null
}

function isTypeOfIdToken(type: unknown): boolean {
  if (isAbsent(type)) return true
  if (typeof type !== 'string') return false
  return ['jwt', 'id_token+jwt'].includes(type.toLowerCase().replace(/^application\//, ''))
}

function names(events: unknown, event: string): boolean {
  return typeof events === 'object' && events !== null && Object.hasOwn(events, event)
}

/** Core §3.1.3.6: the left half of the access token's hash, by the hash of the signature's algorithm. */
function isHashOf(claim: unknown, accessToken: string, algorithm: string | undefined): boolean {
  if (typeof claim !== 'string') return false
  const whole = createHash(hashOf(algorithm)).update(accessToken, 'ascii').digest()
  const expected = Buffer.from(whole.subarray(0, whole.length / 2).toString('base64url'))
  const given = Buffer.from(claim)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function hashOf(algorithm: string | undefined): string {
  // Ed25519 hashes with SHA-512 itself (RFC 8032 §5.1), and providers use it here too.
  return /^(?:RS|PS|ES)(?:256|384)$/.test(algorithm ?? '') ? `sha${algorithm?.slice(2)}` : 'sha512'
}
