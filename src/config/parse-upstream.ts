import { parseHttpUrl } from './parse-http-url.ts'
import { isCanonicalPath } from './parse-path.ts'
import { isRefusal } from './refusal.ts'
import type { Refusal } from './refusal.ts'

export interface Upstream {
  readonly origin: string
  readonly path: string
  readonly hostname: string
  /** With the scheme's own where none was written. */
  readonly port: number
  readonly secure: boolean
}

const EXAMPLE = 'http://localhost:3000/'

/** Where a route leads: one explicit host (RFC 10017 §6.1.3.6) and the path that replaces the prefix. */
export function parseUpstream(text: string): Upstream | Refusal {
  const parsed = parseHttpUrl(text, EXAMPLE)
  if (isRefusal(parsed)) return parsed
  const { url } = parsed
  const path = parsed.path === '' ? '/' : parsed.path
  if (!path.endsWith('/')) {
    return {
      refused: 'has a path that does not end with a slash.',
      write: 'the same with a slash at the end: the prefix is replaced by it',
    }
  }
  if (!isCanonicalPath(path)) {
    return {
      refused: 'has a path that is not canonical.',
      write: 'a path without empty segments, dot segments, percent-encoding and wildcards',
    }
  }
  const secure = url.protocol === 'https:'
  return { origin: url.origin, path, hostname: url.hostname, port: Number(url.port || (secure ? 443 : 80)), secure }
}
