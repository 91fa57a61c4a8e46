import type { ListenAddress } from './config.ts'

/** Proxies that say where requests come from. */
export interface NetworkConfig {
  /** Peers (CIDR) whose forwarding headers count. */
  readonly trustedProxies: readonly string[]
}

/** Proxies that carry requests themselves, and ask. */
export interface ForwardAuthConfig {
  /** Peers (CIDR) that may ask for decisions; none: it is off. */
  readonly peers: readonly string[]
  /** Undefined: the private listener answers. */
  readonly listen: ListenAddress | undefined
  readonly identityHeaders: readonly IdentityHeader[]
}

/** A claim that a decision tells in a header. */
export interface IdentityHeader {
  readonly header: string
  readonly claim: string
}
