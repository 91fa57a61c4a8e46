import { Pool } from 'undici'
import type { RouteConfig } from '../config/config.ts'

/** The connections to one upstream. */
export interface UpstreamPools {
  readonly calls: Pool
  /** Apart, so that open event streams never leave a call without a connection. */
  readonly streams: Pool
}

export interface Upstreams {
  poolsOf(route: RouteConfig): UpstreamPools
  /** Ends whatever is still in flight. */
  close(): Promise<void>
}

const MOST_CALLS = 256
const MOST_STREAMS = 4096
// Below what servers commonly keep (5 s in Node), which a server's own `Keep-Alive: timeout=…` overrules.
const KEEP_ALIVE_MILLISECONDS = 4000
const MOST_HEADER_BYTES = 32 * 1024

/** One pool for each upstream and kind of call; they come from the configuration alone and are made once (RFC 10017 §6.1.3.6). */
export function createUpstreams(routes: readonly RouteConfig[]): Upstreams {
  const known = new Map<string, UpstreamPools>()
  const ofRoute = new Map<RouteConfig, UpstreamPools>()
  for (const route of routes) {
    const key = `${route.origin} ${route.connectTimeoutMilliseconds}`
    const pools = known.get(key) ?? { calls: createPool(route, MOST_CALLS), streams: createPool(route, MOST_STREAMS) }
    known.set(key, pools)
    ofRoute.set(route, pools)
  }

  return {
    poolsOf(route) {
      const pools = ofRoute.get(route)
      if (pools === undefined) throw new Error('a route that was not configured')
      return pools
    },
    async close() {
      await Promise.all([...known.values()].flatMap(({ calls, streams }) => [calls.destroy(), streams.destroy()]))
    },
  }
}

function createPool({ origin, connectTimeoutMilliseconds }: RouteConfig, connections: number): Pool {
  return new Pool(origin, {
    connections,
    pipelining: 1,
    allowH2: false,
    connectTimeout: connectTimeoutMilliseconds,
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    maxHeaderSize: MOST_HEADER_BYTES,
    // We bound the silence ourselves: only once the type is known can an event stream be let be.
    bodyTimeout: 0,
  })
}
