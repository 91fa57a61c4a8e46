/** What becomes of a request header: carried, dropped, or read by us first. */
export type RequestVerdict =
  | 'carried'
  | 'dropped'
  | 'connection'
  | 'length'
  | 'coding'
  | 'expect'
  | 'via'
  | 'trace'
  | 'hops'
  | 'accept'

const READ_BY_US: Readonly<Record<string, RequestVerdict>> = {
  connection: 'connection',
  'content-length': 'length',
  'transfer-encoding': 'coding',
  expect: 'expect',
  via: 'via',
  traceparent: 'trace',
  tracestate: 'trace',
  'max-forwards': 'hops',
  accept: 'accept',
}

// Anything else could pass for one of the names below where an upstream folds "_" or "." into "-".
const PLAIN_NAME = /^[a-z0-9-]+$/

// Of this connection alone (RFC 9110 §7.6.1).
const OF_CONNECTION = 'host keep-alive te trailer upgrade http2-settings'.split(' ')
// The session's token is the only credential that an upstream gets.
const CREDENTIALS = 'authorization cookie cookie2 dpop token api-key apikey x-csrf sudo'.split(' ')
// Who is asking, and from where, is ours to say.
const IDENTITY = 'x-email x-groups x-role x-roles x-subject x-request-id baggage'.split(' ')
const FORWARDING =
  'forwarded true-client-ip client-ip fastly-client-ip fly-client-ip do-connecting-ip x-originating-ip x-host x-scheme x-url-scheme front-end-https'.split(
    ' ',
  )
// `Proxy` becomes HTTP_PROXY in CGI programs; the others turn a request into another one, or reach a server's own switches.
const SWITCHES = 'proxy x-method-override x-script-name x-sendfile-type'.split(' ')

const DROPPED = new Set([...OF_CONNECTION, ...CREDENTIALS, ...IDENTITY, ...FORWARDING, ...SWITCHES])

const DROPPED_BEGINNINGS = [
  'proxy- x-proxy- coatcheck- x-coatcheck-',
  'x-forward x-real- x-cluster- x-client- x-remote- remote- cf- x-azure- x-appengine- x-envoy-',
  'x-auth x-user x-webauth- x-session x-jwt x-oidc oidc- x-consumer- x-credential- x-token- impersonate- x-impersonate',
  'x-amzn-oidc- x-amzn-mtls- x-ms-client-principal x-ms-token- x-goog-authenticated- x-goog-iap- x-pomerium- x-vouch-',
  'x-serverless-authorization x-apigateway-api-userinfo x-endpoint-api-userinfo tailscale-user-',
  'client-cert x-ssl- ssl- x-tls- x-arr-',
  'x-original- x-rewrite- x-override- x-http- x-middleware- x-accel-',
].flatMap((line) => line.split(' '))

const DROPPED_ENDINGS = ['-token', '-api-key', '-jwt', '-jwt-assertion']

/** Judges a request header by its name; case does not matter, and look-alikes of "-" are not carried at all. */
export function judgeRequestHeader(name: string): RequestVerdict {
  const folded = name.toLowerCase()
  if (Object.hasOwn(READ_BY_US, folded)) return READ_BY_US[folded] ?? 'dropped'
  if (!PLAIN_NAME.test(folded) || DROPPED.has(folded)) return 'dropped'
  if (DROPPED_BEGINNINGS.some((beginning) => folded.startsWith(beginning))) return 'dropped'
  if (DROPPED_ENDINGS.some((ending) => folded.endsWith(ending))) return 'dropped'
  return 'carried'
}
