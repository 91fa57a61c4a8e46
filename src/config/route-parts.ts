import type { Secret } from './secret.ts'

/** What a route says of its upstream, and of the headers both ways. */
export interface RouteParts {
  /** The upstream: one address or several of the same API; there is at least one. */
  readonly addresses: readonly AddressConfig[]
  readonly requestHeaders: RequestHeadersConfig
  readonly responseHeaders: ResponseHeadersConfig
  /** Names of cookies that pass, both ways. */
  readonly cookies: readonly string[]
  /** Whether the upstream's `Cache-Control` holds. */
  readonly cache: 'never' | 'upstream'
  readonly tls: UpstreamTlsConfig
  /** Whether HTTP/2 is spoken where it is offered over TLS. */
  readonly http2: boolean
}

/** One address of an upstream. */
export interface AddressConfig {
  /** As logs and metrics tell it. */
  readonly name: string
  /** Scheme, host, port. */
  readonly origin: string
  /** A socket of this machine in place of host and port. */
  readonly socketPath: string | undefined
}

/** What an upstream is told besides what a client said; a name in `drop` is lower case. */
export interface RequestHeadersConfig {
  readonly add: readonly (readonly [name: string, value: Secret])[]
  readonly drop: readonly string[]
}

/** What the page is told besides what the upstream said; a name in `drop` is lower case. */
export interface ResponseHeadersConfig {
  readonly add: readonly (readonly [name: string, value: string])[]
  readonly drop: readonly string[]
}

/** For https alone; all of it is PEM text. */
export interface UpstreamTlsConfig {
  /** Trusted in place of the public authorities. */
  readonly ca: string | undefined
  readonly certificate: string | undefined
  readonly key: Secret | undefined
  readonly serverName: string | undefined
}
