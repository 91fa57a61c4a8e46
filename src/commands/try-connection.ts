import { connect, type Socket } from 'node:net'
import { connect as connectSecurely, type TLSSocket } from 'node:tls'
import type { RouteConfig } from '../config/config.ts'
import type { AddressConfig } from '../config/route-parts.ts'

/** How it went; the protocol is what TLS agreed on, if anything. */
export type ConnectionOutcome =
  | { readonly kind: 'connected'; readonly protocol: string | undefined }
  | { readonly kind: 'failed'; readonly code: string }

// A server that wants a certificate says so only after the handshake (RFC 8446 §4.6.2); one that says nothing is content.
const MOST_SECOND_THOUGHTS_MILLISECONDS = 500

/** Connects to an address as its route would, and says goodbye at once. */
export function tryConnection(address: AddressConfig, route: RouteConfig): Promise<ConnectionOutcome> {
  const timeout = route.connectTimeoutMilliseconds
  return new Promise((resolve) => {
    const isSecure = address.socketPath === undefined && address.origin.startsWith('https:')
    const socket = isSecure ? openSecurely(address, route) : open(address)
    const deadline = setTimeout(() => settle({ kind: 'failed', code: `no answer within ${timeout} ms` }), timeout)
    let patience: NodeJS.Timeout | undefined

    function settle(outcome: ConnectionOutcome): void {
      clearTimeout(deadline)
      clearTimeout(patience)
      socket.destroy()
      resolve(outcome)
    }

    function connected(): void {
      const protocol = 'alpnProtocol' in socket && typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined
      const outcome: ConnectionOutcome = { kind: 'connected', protocol }
      if (!isSecure) return settle(outcome)
      patience = setTimeout(() => settle(outcome), MOST_SECOND_THOUGHTS_MILLISECONDS)
      socket.once('end', () => settle(outcome)).resume()
      socket.end()
    }

    socket.once(isSecure ? 'secureConnect' : 'connect', connected)
    socket.on('error', (error: NodeJS.ErrnoException) => settle({ kind: 'failed', code: error.code ?? error.name }))
  })
}

function open({ origin, socketPath }: AddressConfig): Socket {
  return socketPath === undefined ? connect(whereOf(origin)) : connect({ path: socketPath })
}

function openSecurely({ origin }: AddressConfig, { tls, http2 }: RouteConfig): TLSSocket {
  const { ca, certificate, key, serverName } = tls
  const { host, port } = whereOf(origin)
  const isNamed = /[a-z]/i.test(host) && !host.includes(':')
  return connectSecurely({
    host,
    port,
    servername: serverName ?? (isNamed ? host : ''),
    ALPNProtocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key: key.reveal() }),
  })
}

function whereOf(origin: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(origin)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || (protocol === 'https:' ? 443 : 80)) }
}
