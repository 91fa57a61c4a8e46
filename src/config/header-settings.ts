import { z } from 'zod'
import type { Refusal } from './refusal.ts'
import { words } from './setting-kinds.ts'

type Judge = (name: string) => Refusal | undefined

/** A header and its value, as written. */
export type HeaderLine = readonly [name: string, value: string]

// RFC 9110 §5.5, without what only old messages hold: no line break, no white space at an end.
const PLAIN_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const LONGEST_VALUE = 8192

/** Headers by name. */
export function headerLines(refuse: Judge) {
  return z.record(z.string(), z.string()).transform((all, context): readonly HeaderLine[] => {
    const seen = new Set<string>()
    const lines = Object.entries(all)
    for (const [name, value] of lines) {
      const refusal = refuse(name) ?? refuseTwice(name, seen) ?? refuseValue(value)
      if (refusal === undefined) continue
      context.issues.push({
        code: 'custom',
        path: [name],
        message: refusal.refused,
        params: { write: refusal.write },
        input: undefined,
      })
    }
    return lines
  })
}

/** Names of headers, lower case. */
export function headerNames(refuse: Judge) {
  return words((name) => refuse(name) ?? name.toLowerCase())
}

function refuseTwice(name: string, seen: Set<string>): Refusal | undefined {
  const folded = name.toLowerCase()
  if (seen.has(folded)) return { refused: 'is there twice; case makes no difference.', write: 'each header once' }
  seen.add(folded)
  return undefined
}

function refuseValue(value: string): Refusal | undefined {
  if (PLAIN_VALUE.test(value) && value.length <= LONGEST_VALUE) return undefined
  return {
    refused: 'has a value that is empty or too long, or holds a line break, white space at an end or a character outside ASCII.',
    write: 'one line of visible ASCII',
  }
}

/** A cookie that an upstream may set and is told: never one of ours, and none that browsers tie to the whole origin. */
export function parseCookieName(name: string): string | Refusal {
  const folded = name.toLowerCase()
  if (!/^[!#$%&'*+.^`|~\w-]+$/.test(name)) {
    return { refused: 'is not the name of a cookie.', write: 'each cookie by its whole name, such as basket' }
  }
  if (folded.startsWith('coatcheck') || folded.startsWith('__host-') || folded.startsWith('__http-')) {
    return {
      refused: 'is a name of ours, or has a prefix that ties a cookie to the whole origin.',
      write: "names that do not begin with __Host-, __Http- or coatcheck; a route's cookies live below its prefix only",
    }
  }
  return name
}
