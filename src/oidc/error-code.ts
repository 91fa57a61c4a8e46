const READABLE = /^[A-Za-z0-9_.:-]{1,64}$/

/**
 * A code that came from outside, fit for a log line: letters, digits and `_.:-`, 64 at most, else the word `unreadable`.
 *
 * RFC 6749 §4.1.2.1 allows more, but nothing registered uses more, and this is the only text of a provider that travels on.
 */
export function readableCode(code: unknown): string {
  return typeof code === 'string' && READABLE.test(code) ? code : 'unreadable'
}
