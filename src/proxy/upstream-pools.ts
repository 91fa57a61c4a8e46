import type { RouteConfig } from '../config/config.ts'
import { type AddressSteps, UpstreamAddress } from './upstream-address.ts'
import { UpstreamBalance } from './upstream-balance.ts'

export interface Upstreams {
  /** The addresses of a route's upstream, to choose from. */
  balanceOf(route: RouteConfig): UpstreamBalance
  /** Ends whatever is still in flight. */
  close(): Promise<void>
}

/** The connections to all upstreams; they come from the configuration alone and are made once (RFC 10017 §6.1.3.6). */
export function createUpstreams(routes: readonly RouteConfig[], steps: AddressSteps): Upstreams {
  const known = new Map<string, UpstreamAddress>()
  const ofRoute = new Map<RouteConfig, UpstreamBalance>()
  for (const route of routes) {
    const addresses = route.addresses.map((address) => {
      const { ca, certificate, key, serverName } = route.tls
      // Routes share what is reached in the same way.
      const way = [address.name, route.connectTimeoutMilliseconds, route.http2, ca, certificate, key?.reveal(), serverName]
      const shared = known.get(JSON.stringify(way)) ?? new UpstreamAddress(address, route, steps)
      known.set(JSON.stringify(way), shared)
      return shared
    })
    ofRoute.set(route, new UpstreamBalance(addresses))
  }

  return {
    balanceOf(route) {
      const balance = ofRoute.get(route)
      if (balance === undefined) throw new Error('a route that was not configured')
      return balance
    },
    async close() {
      await Promise.all([...known.values()].map((address) => address.close()))
    },
  }
}
