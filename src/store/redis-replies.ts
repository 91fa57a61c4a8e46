/** Readers of Redis' answers. An answer of another shape is a failure, never "absent". */

export function readText(reply: unknown): string | undefined {
  if (reply === null) return undefined
  if (typeof reply === 'string') return reply
  throw new TypeError(`Redis answered with ${typeof reply} instead of a string.`)
}

export function readTexts(reply: unknown): readonly (string | undefined)[] {
  if (!Array.isArray(reply)) throw new TypeError(`Redis answered with ${typeof reply} instead of a list.`)
  return reply.map(readText)
}

export function readNumber(reply: unknown): number {
  if (typeof reply === 'number') return reply
  throw new TypeError(`Redis answered with ${typeof reply} instead of a number.`)
}

export function readSwap(reply: unknown): 'written' | 'conflict' | 'absent' {
  if (reply === 'written' || reply === 'conflict' || reply === 'absent') return reply
  throw new TypeError('Redis answered a swap with something else.')
}
