import { isLoopback } from './is-loopback.ts'
import { parseHttpUrl } from './parse-http-url.ts'
import { isRefusal } from './refusal.ts'
import type { Refusal } from './refusal.ts'

const EXAMPLE = 'https://idp.example.com'

/** An issuer identifier (OpenID Connect Discovery §3), kept byte for byte: it is compared so, slash at the end included. */
export function parseIssuer(text: string): string | Refusal {
  const parsed = parseHttpUrl(text, EXAMPLE)
  if (isRefusal(parsed)) return parsed
  const { url, path } = parsed
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return {
      refused: 'is not https.',
      write: `the https address of the provider, such as ${EXAMPLE} (http only on this machine)`,
    }
  }
  if (path.includes('/.well-known/')) {
    return {
      refused: 'is the address of the metadata.',
      write: 'what stands before /.well-known/ in it: the issuer, as the metadata names it',
    }
  }
  return text
}
