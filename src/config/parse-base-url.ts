import { parseHttpUrl } from './parse-http-url.ts'
import { isRefusal } from './refusal.ts'
import type { Refusal } from './refusal.ts'

export interface BaseUrl {
  readonly origin: string
  readonly host: string
  readonly secure: boolean
}

const EXAMPLE = 'https://app.example.com'

/**
 * The origin that browsers see. https, since no cookie of ours may travel in clear; `http://localhost` alone is let through, which
 * browsers hold to be trustworthy. No path: the redirect URI is made of it and must be the same bytes every time.
 */
export function parseBaseUrl(text: string): BaseUrl | Refusal {
  const parsed = parseHttpUrl(text, EXAMPLE)
  if (isRefusal(parsed)) return parsed
  const { url, path } = parsed
  if (path !== '' && path !== '/') return { refused: 'has a path.', write: `scheme, host and port only, such as ${EXAMPLE}` }
  const secure = url.protocol === 'https:'
  if (!secure && url.hostname !== 'localhost') {
    return {
      refused: 'is not https, so cookies and answers would travel in clear.',
      write: `an https address, such as ${EXAMPLE} (only for development: http://localhost:8080, by that name)`,
    }
  }
  return { origin: url.origin, host: url.host, secure }
}
