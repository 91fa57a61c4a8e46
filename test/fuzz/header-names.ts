/** Names that a client may say, and that pass as they are. */
export const SAFE_NAMES = [
  'X-Plain',
  'x-plain',
  'Accept-Language',
  'X-A',
  'X-B',
  'If-None-Match',
  'User-Agent',
  'Content-Language',
]

/** Names that only we may say, or nobody. */
export const HOSTILE_NAMES = [
  ['Cookie', 'Cookie2', 'Authorization', 'DPoP', 'X-Forwarded-For', 'X-Forwarded-User', 'X-Forwarded-Host', 'Forwarded'],
  ['X-User-Id', 'X_User_Id', 'X.User.Id', 'X-Session', 'Remote-User', 'X-Real-IP', 'Client-Cert', 'Proxy', 'Proxy-Authorization'],
  [
    'TE',
    'Trailer',
    'Upgrade',
    'Keep-Alive',
    'X-Original-URL',
    'X-HTTP-Method-Override',
    'X-Access-Token',
    'X-Api-Key',
    'Baggage',
  ],
  [
    'OIDC-Claim',
    'X-Accel-Redirect',
    'Via',
    'X-Request-Id',
    '__proto__',
    'constructor',
    'Max-Forwards',
    'Traceparent',
    'Tracestate',
  ],
].flat()

/** Names that the gateway says itself. */
export const OUR_NAMES = [
  ['host', 'connection', 'authorization', 'via', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-request-id'],
  ['content-length', 'transfer-encoding'],
].flat()

/** What may not reach an upstream. Written down apart from the product's own list, and looser than it: "_" and "." count as "-". */
export const FORBIDDEN_IN_REQUESTS =
  /^(?:cookie2?|dpop|proxy(?:-.*)?|te|trailer|upgrade|keep-alive|http2-settings|expect|forwarded|x-forwarded-(?!for$|proto$|host$).*|x-real-ip|true-client-ip|x-(?:user|session|auth|remote|client|original|rewrite|http|accel|jwt|oidc)(?:-.*)?|remote-.*|client-cert.*|oidc-.*|x-csrf|.*-token|.*-api-key|x-api-key|x-email|x-groups|x-roles?|baggage)$/

/** What may not reach a browser. */
export const FORBIDDEN_IN_ANSWERS =
  /^(?:set-cookie2?|clear-site-data|strict-transport-security|service-worker-allowed|access-control-.*|alt-svc|refresh|nel|report-to|sourcemap|x-accel-.*|x-sendfile|proxy-.*|dpop-nonce|server|x-powered-by|te|trailer|upgrade|coatcheck-.*)$/

/** A name as a careless reader takes it. */
export function foldName(name: string): string {
  return name.toLowerCase().replaceAll(/[_.]/g, '-')
}
