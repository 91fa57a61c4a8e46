import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'

// 16 octets in base64 (RFC 6455 §4.1).
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const PASSED_ON = new Set(['sec-websocket-accept', 'sec-websocket-protocol', 'sec-websocket-extensions'])

/**
 * Whether a request asks for a WebSocket, and for nothing else: `GET` of HTTP/1.1, no body, `websocket` alone in `Upgrade` (RFC 6455 §4.1).
 * Any other `Upgrade` is ignored, as RFC 9110 §7.8 allows.
 */
export function asksForWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['transfer-encoding'] === undefined &&
    (headers['content-length'] ?? '0') === '0'
  )
}

/** The `Sec-WebSocket-Accept` that the handshake has to be answered with (RFC 6455 §4.2.2); throws where it is none. */
export function expectedAccept({ headersDistinct }: IncomingMessage): string {
  if (single(headersDistinct['sec-websocket-version']) !== '13') throw new GatewayError('websocket_version')
  const key = single(headersDistinct['sec-websocket-key'])
  if (key === undefined || !KEY.test(key)) throw new GatewayError('request_invalid', { note: 'no Sec-WebSocket-Key' })
  return createHash('sha1').update(`${key}${KEY_SUFFIX}`).digest('base64')
}

/** Whether an upstream's 101 is the answer to our handshake (RFC 6455 §4.1); Node has seen that `Connection` says `upgrade`. */
export function isAccepted({ headersDistinct }: IncomingMessage, accept: string): boolean {
  return (
    single(headersDistinct.upgrade)?.toLowerCase() === 'websocket' && single(headersDistinct['sec-websocket-accept']) === accept
  )
}

/** The 101 for the client: what belongs to the handshake, and nothing else of the upstream's. */
export function switchingProtocols({ rawHeaders }: IncomingMessage, requestId: string): string {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `X-Request-Id: ${requestId}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (PASSED_ON.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[at + 1]}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

function single(values: readonly string[] | undefined): string | undefined {
  return values?.length === 1 ? values[0] : undefined
}
