import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { RouteConfig } from '../config/config.ts'
import type { AddressConfig } from '../config/route-parts.ts'
import { GatewayError } from '../errors.ts'

/** A connection of its own to one address of a route's upstream, half-open where one end is done; a failure is its `error`. */
export function dial({ origin, socketPath }: AddressConfig, route: RouteConfig): Socket {
  const { protocol, hostname, port } = new URL(origin)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const isSecure = protocol === 'https:'
  const there = socketPath === undefined ? { host, port: Number(port) || (isSecure ? 443 : 80) } : { path: socketPath }
  const place = { ...there, allowHalfOpen: true, noDelay: true }
  const socket = isSecure ? connectTls({ ...place, ...tlsOptions(route, host) }) : connect(place)

  const patience = setTimeout(() => socket.destroy(new GatewayError('upstream_timed_out')), route.connectTimeoutMilliseconds)
  const isThere = () => clearTimeout(patience)
  return socket.once(isSecure ? 'secureConnect' : 'connect', isThere).once('close', isThere)
}

function tlsOptions({ tls: { ca, certificate, key, serverName } }: RouteConfig, host: string): ConnectionOptions {
  const name = serverName ?? (isIP(host) === 0 ? host : undefined)
  return {
    // HTTP/2 has another way of its own (RFC 8441), which is not spoken here.
    ALPNProtocols: ['http/1.1'],
    ...(name === undefined ? {} : { servername: name }),
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key: key.reveal() }),
  }
}
