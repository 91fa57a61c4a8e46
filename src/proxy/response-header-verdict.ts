/** What becomes of a response header: passed, dropped, or read by us first. */
export type ResponseVerdict =
  | 'passed'
  | 'dropped'
  | 'connection'
  | 'length'
  | 'coding'
  | 'type'
  | 'date'
  | 'location'
  | 'challenge'
  | 'link'
  | 'vary'

const READ_BY_US: Readonly<Record<string, ResponseVerdict>> = {
  connection: 'connection',
  'content-length': 'length',
  'transfer-encoding': 'coding',
  'content-type': 'type',
  date: 'date',
  location: 'location',
  'content-location': 'location',
  'www-authenticate': 'challenge',
  link: 'link',
  vary: 'vary',
}

const DROPPED = new Set(
  [
    // Of that connection alone (RFC 9110 §7.6.1); trailers are not carried, so neither is their announcement.
    'keep-alive te trailer upgrade http2-settings',
    // Said by us instead.
    'content-security-policy content-security-policy-report-only x-frame-options x-content-type-options referrer-policy',
    'cache-control expires pragma age x-request-id',
    // They would act on the page's whole origin, or on the browser.
    'set-cookie set-cookie2 set-login clear-site-data service-worker-allowed strict-transport-security expect-ct alt-svc refresh',
    'report-to reporting-endpoints nel sourcemap x-sourcemap speculation-rules supports-loading-mode origin-agent-cluster',
    'permissions-policy feature-policy document-policy integrity-policy accept-ch critical-ch timing-allow-origin',
    'use-as-dictionary observe-browsing-topics activate-storage-access x-permitted-cross-domain-policies x-xss-protection',
    'x-dns-prefetch-control',
    // Credentials, and what is between us and the upstream about them.
    'authorization cookie dpop dpop-nonce authentication-info authentication-control optional-www-authenticate',
    // They steer caches and servers on the way; nginx would obey them.
    'surrogate-control edge-control x-sendfile x-lighttpd-send-file x-reproxy-url',
    // What the upstream is made of.
    'server x-powered-by',
  ].flatMap((line) => line.split(' ')),
)

const DROPPED_BEGINNINGS = [
  'access-control- cross-origin- public-key-pins attribution-reporting- sec- secure-session-',
  'proxy- x-accel- x-litespeed- x-aspnet coatcheck-',
].flatMap((line) => line.split(' '))

const DROPPED_ENDINGS = ['cdn-cache-control']

/** Judges a response header by its name; "_" and "." count as "-", as whoever comes after us may fold them. */
export function judgeResponseHeader(name: string): ResponseVerdict {
  const folded = name.toLowerCase().replaceAll(/[_.]/g, '-')
  if (Object.hasOwn(READ_BY_US, folded)) return READ_BY_US[folded] ?? 'dropped'
  if (DROPPED.has(folded)) return 'dropped'
  if (DROPPED_BEGINNINGS.some((beginning) => folded.startsWith(beginning))) return 'dropped'
  if (DROPPED_ENDINGS.some((ending) => folded.endsWith(ending))) return 'dropped'
  return 'passed'
}
