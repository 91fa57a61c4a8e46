import * as fc from 'fast-check'

/** Texts whose characters are octets, each from `from` to `to`. */
export function octets(from: number, to: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.integer({ min: from, max: to }).map((code) => String.fromCharCode(code)), maxLength })
}

/** Every octet as an escape. */
export function escapeAll(text: string): string {
  return [...Buffer.from(text, 'latin1')].map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('')
}

/** One decoding as a lenient reader does it: each escape by itself, whatever surrounds it. */
export function decodeOnce(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/** Texts put together from what is known to hurt, from it escaped once and twice, and from anything. */
export function hostileText(words: readonly string[], most: number): fc.Arbitrary<string> {
  const word = fc.constantFrom(...words)
  const piece = fc.oneof(
    { weight: 4, arbitrary: word },
    { weight: 2, arbitrary: word.map(escapeAll) },
    { weight: 1, arbitrary: word.map((text) => escapeAll(escapeAll(text))) },
    { weight: 2, arbitrary: octets(0x21, 0x7e, 6) },
    { weight: 1, arbitrary: octets(0x00, 0xff, 4) },
    { weight: 1, arbitrary: fc.stringMatching(/^[a-z0-9/._-]{0,12}$/) },
  )
  return fc.array(piece, { maxLength: most }).map((pieces) => pieces.join(''))
}

/** What somebody may do to a text, here and there. */
export interface Edit {
  readonly at: number
  readonly drop: number
  readonly put: string
}

/** A few edits; `at` is a share of the text's length, so that they fit any. */
export function edits(put: fc.Arbitrary<string>, most = 4): fc.Arbitrary<readonly Edit[]> {
  const at = fc.integer({ min: 0, max: 10_000 }).map((share) => share / 10_000)
  return fc.array(fc.record({ at, drop: fc.nat(6), put }), { minLength: 1, maxLength: most })
}

/** The text with the edits made to it, one after the other. */
export function edited(text: string, changes: readonly Edit[]): string {
  return changes.reduce((changed, { at, drop, put }) => {
    const from = Math.floor(at * changed.length)
    return changed.slice(0, from) + put + changed.slice(from + drop)
  }, text)
}
