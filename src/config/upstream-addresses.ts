import { z } from 'zod'
import { parseUpstream, type Upstream } from './parse-upstream.ts'
import type { Refusal } from './refusal.ts'
import { isRefusal } from './refusal.ts'

const MOST_ADDRESSES = 32

/** One address of an upstream or several, as a list or as one text with `|` between them. */
export function addresses() {
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.split('|').map((part) => part.trim()) : value),
    z
      .array(z.string())
      .min(1)
      .max(MOST_ADDRESSES)
      .transform((all, context): readonly Upstream[] =>
        all.flatMap((text, index) => {
          const outcome = parseUpstream(text)
          if (!isRefusal(outcome)) return [outcome]
          const path = all.length === 1 ? [] : [index]
          context.issues.push({
            code: 'custom',
            path,
            message: outcome.refused,
            params: { write: outcome.write },
            input: undefined,
          })
          return []
        }),
      ),
  )
}

/** The name in an upstream's certificate: a host name, in lower case or not. */
export function parseServerName(text: string): string | Refusal {
  if (/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(text) && text.length <= 253 && !/^[\d.]+$/.test(text)) return text.toLowerCase()
  return { refused: 'is not a host name.', write: 'the name in the certificate, such as api.internal' }
}
