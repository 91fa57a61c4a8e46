import type { Refusal } from './refusal.ts'

/** A client identifier: visible ASCII (RFC 6749 appendix A.1). */
export function parseClientId(text: string): string | Refusal {
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^<.*>$/.test(text)) return text
  return {
    refused: 'is empty, a placeholder, or holds a character that no client id has.',
    write: 'the client id that the provider gave you',
  }
}

/** A scope token (RFC 6749 §3.3). */
export function parseScope(word: string): string | Refusal {
  if (/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word)) return word
  return { refused: 'is not a scope.', write: 'scopes with spaces between them, such as openid profile offline_access' }
}

/** A class of sign-in, as it stands in `acr_values` (OpenID Connect Core §3.1.2.1). */
export function parseAcr(word: string): string | Refusal {
  if (/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word)) return word
  return { refused: 'is not an acr.', write: 'what the provider calls its classes of sign-in, such as urn:example:strong' }
}

/** The name of one claim; there is no way to say "all of them". */
export function parseClaim(word: string): string | Refusal {
  if (/^[\x21-\x7e]+$/.test(word) && !word.includes('*')) return word
  return {
    refused: 'is not the name of a claim; they are shown by name only.',
    write: 'each claim by its name, such as sub, name, email',
  }
}
