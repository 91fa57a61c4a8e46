import type { Refusal } from './refusal.ts'

// Of one connection, or how long a message is (RFC 9110 §7.6.1, RFC 9112 §6).
const FRAMING =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|content-length|expect|host|proxy(?:-.*)?)$/
const OURS_IN_REQUESTS = /^(?:via|forwarded|x-forwarded-.*|x-request-id|x-csrf|traceparent|tracestate|max-forwards|coatcheck-.*)$/
const OURS_IN_ANSWERS =
  /^(?:cache-control|vary|x-request-id|content-security-policy|x-content-type-options|cross-origin-resource-policy|referrer-policy|date|coatcheck-.*)$/
/** What would act on the page's whole origin, on the browser or on a cache; nginx or the page says it, not one API. */
const OF_THE_ORIGIN = new RegExp(
  [
    'set-.*|clear-site-data|service-worker-.*|strict-transport-security|expect-ct|alt-svc|refresh|location|link|www-authenticate',
    'access-control-.*|cross-origin-.*|content-(?:security-policy|type|encoding|range|location|disposition).*|x-frame-options',
    'public-key-pins.*|attribution-reporting-.*|sec-.*|secure-session-.*|origin-agent-cluster|timing-allow-origin|use-as-dictionary',
    'report-to|reporting-endpoints|nel|(?:x-)?sourcemap|speculation-rules|supports-loading-mode|observe-browsing-topics',
    'permissions-policy|feature-policy|document-policy|integrity-policy|accept-ch|critical-ch|activate-storage-access',
    'x-permitted-cross-domain-policies|x-xss-protection|x-dns-prefetch-control|authorization|cookie|dpop.*|authentication-.*',
    'optional-www-authenticate|surrogate-control|edge-control|.*cdn-cache-control|x-accel-.*|x-litespeed-.*|x-sendfile',
    'x-lighttpd-send-file|x-reproxy-url|expires|pragma|age|server|x-powered-by|x-aspnet.*',
  ]
    .map((names) => `^(?:${names})$`)
    .join('|'),
)

const PLAIN_NAME = /^[a-z0-9-]+$/

const NOT_PLAIN: Refusal = {
  refused: 'is not the plain name of a header.',
  write: 'a name of letters, digits and hyphens, such as X-Tenant',
}

/** Judges what a route would add to requests; `Authorization` is for the contradictions to judge. */
export function refuseRequestHeader(name: string): Refusal | undefined {
  const folded = name.toLowerCase()
  if (!PLAIN_NAME.test(folded)) return NOT_PLAIN
  if (FRAMING.test(folded)) return { refused: 'belongs to the connection, or frames the message.', write: 'other headers only' }
  if (/^cookie2?$/.test(folded)) {
    return { refused: 'is carried only where the route lists cookies by name.', write: 'the names of those cookies, in cookies' }
  }
  if (OURS_IN_REQUESTS.test(folded)) return { refused: 'is what the gateway itself says or drops.', write: 'other headers only' }
  return undefined
}

/** Judges what a route would drop from requests. */
export function refuseRequestDrop(name: string): Refusal | undefined {
  if (name.toLowerCase() !== 'authorization') return refuseRequestHeader(name)
  return { refused: "is never a client's: it is the person's token, or what the route adds.", write: 'other headers only' }
}

/** Judges what a route would add to answers. */
export function refuseResponseHeader(name: string): Refusal | undefined {
  const refusal = refuseResponseDrop(name)
  if (refusal !== undefined) return refusal
  if (!OF_THE_ORIGIN.test(name.toLowerCase())) return undefined
  return {
    refused: "acts on the page's whole origin, on the browser or on caches, or describes the body.",
    write: 'headers that scripts of the page read; the others are for nginx and the page to say',
  }
}

/** Judges what a route would drop from answers. */
export function refuseResponseDrop(name: string): Refusal | undefined {
  const folded = name.toLowerCase()
  if (!PLAIN_NAME.test(folded)) return NOT_PLAIN
  if (FRAMING.test(folded)) return { refused: 'belongs to the connection, or frames the message.', write: 'other headers only' }
  if (OURS_IN_ANSWERS.test(folded)) return { refused: 'is what the gateway itself says.', write: 'other headers only' }
  return undefined
}
