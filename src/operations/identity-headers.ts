import type { IdentityHeader } from '../config/network-config.ts'
import { GatewayError } from '../errors.ts'
import type { LiveSession } from '../session/records.ts'

/** Names and values in turns, of every configured header; throws `identity_unusable` rather than leave one out. */
export type IdentityHeadersOf = (session: LiveSession) => readonly string[]

// Visible ASCII with spaces inside, and not longer than a name or an address is.
const PLAIN = /^[!-~](?:[ -~]{0,254}[!-~])?$/
// What looks like an address has to be one: two of them, or one with a name before it, are read differently by everyone.
const ADDRESS = /^[^@\s,;:<>"()[\]\\]+@[^@\s,;:<>"()[\]\\]+$/

/**
 * Claims as headers, for APIs that read no token.
 *
 * A claim that is missing, no text, or not plain is a denial: an API that finds no name would fall back to something, and one that finds a
 * strange one might read it as somebody else's.
 */
export function createIdentityHeadersOf(configured: readonly IdentityHeader[]): IdentityHeadersOf {
  return function identityHeadersOf({ grant }) {
    return configured.flatMap(({ header, claim }) => [header, plainClaim(grant.claims, claim)])
  }
}

function plainClaim(claims: Readonly<Record<string, unknown>>, claim: string): string {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined
  if (typeof value === 'string' && PLAIN.test(value) && (!value.includes('@') || ADDRESS.test(value))) return value
  throw new GatewayError('identity_unusable', { note: `the claim ${claim} is missing or not plain` })
}
