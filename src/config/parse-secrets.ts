import { findWeakness } from './find-weakness.ts'
import type { Refusal } from './refusal.ts'
import { Secret } from './secret.ts'

/** How to make a server key; printed wherever one is missing or weak. */
export const MAKE_A_KEY = "a random one, made by: openssl rand -base64 48 | tr -d '\\n'"

/** A key of this server: 43 characters hold 256 random bits in base64. */
export function parseServerKey(text: string): Secret | Refusal {
  const weakness = findWeakness(text, 43, 8)
  return weakness === undefined ? new Secret(text) : { refused: weakness, write: MAKE_A_KEY }
}

/** The secret that the provider gave this client; it made it, so only what nobody should accept is refused. */
export function parseClientSecret(text: string): Secret | Refusal {
  const weakness = findWeakness(text, 16, 5)
  if (weakness === undefined) return new Secret(text)
  return {
    refused: weakness,
    write: 'the secret that the provider made for this client (a random one of at least 16 characters)',
  }
}

/** A password that somebody else chose for us to show: taken as it is, unless it could not be meant. */
export function parseSentinelPassword(text: string): Secret | Refusal {
  if (text !== '' && !/\p{Cc}/u.test(text)) return new Secret(text)
  return { refused: 'is empty or holds a control character.', write: 'the password that the sentinels ask for, or leave it out' }
}
