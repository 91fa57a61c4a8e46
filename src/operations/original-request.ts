import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'

/** Where proxies ask for a decision on the private listener. */
export const AUTHORIZE = '/authorize'

const [METHOD, PROTO, HOST, URI] = ['x-forwarded-method', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri'] as const
const NAMING: ReadonlySet<string> = new Set([METHOD, PROTO, HOST, URI])

/**
 * Makes a question of the request that it is about: from here on its method, target and host are the original's. Two forms:
 *
 * - `GET /authorize` with `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`, each exactly once (nginx, Traefik's ForwardAuth).
 * - `/authorize` followed by the original target, by the original method and `Host` (Envoy's ext_authz with a path prefix). Headers that
 *   would name a method or a target too are refused there: there must be one answer to what is decided on.
 *
 * Everything else that a decision reads (cookie, proof) stands in the request as the proxy passed it on.
 *
 * @throws GatewayError `request_invalid` where the original is not named, or named twice
 */
export function takeOriginal(request: IncomingMessage): void {
  const { headers, url = '' } = request
  refuseNamedTwice(request.rawHeaders)
  if (url !== AUTHORIZE) {
    if (headers[METHOD] !== undefined || headers[URI] !== undefined) throw unclear('the original is named in two ways')
    request.url = url.slice(AUTHORIZE.length)
    return
  }
  if (request.method !== 'GET') throw new GatewayError('method_not_allowed', { allow: ['GET'] })
  named(request, PROTO)
  request.method = named(request, METHOD)
  request.url = named(request, URI)
  headers.host = named(request, HOST)
}

function named({ headers }: IncomingMessage, name: string): string {
  const value = headers[name]
  if (typeof value === 'string' && value !== '') return value
  throw unclear(`no ${name}`)
}

/** Node joins repeated headers, and a joined one might read like something else. */
function refuseNamedTwice(rawHeaders: readonly string[]): void {
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (seen.has(name)) throw unclear(`two of ${name}`)
    if (NAMING.has(name)) seen.add(name)
  }
}

function unclear(note: string): GatewayError {
  return new GatewayError('request_invalid', { note })
}
