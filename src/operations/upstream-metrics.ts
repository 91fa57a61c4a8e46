import { Counter, Gauge, type Registry } from 'prom-client'
import { createLabelBound } from './label-bound.ts'

const MOST_ADDRESSES = 500

/** What is counted of upstreams, by address. */
export interface UpstreamMetrics {
  upstreamState(address: string, state: 'reachable' | 'unreachable'): void
  upstreamConnectionFailed(address: string): void
}

/** Which addresses of upstreams are in use, and how often a connection to one failed; they come from the configuration. */
export function createUpstreamMetrics(registry: Registry): UpstreamMetrics {
  const registers = [registry]
  const labelNames = ['address'] as const
  const reachable = new Gauge({
    name: 'coatcheck_upstream_reachable',
    help: 'Whether an address of an upstream is in use (1) or out after a connection failed (0), by address.',
    labelNames,
    // Of several processes: out where any of them left it out.
    aggregator: 'min',
    registers,
  })
  const failures = new Counter({
    name: 'coatcheck_upstream_connection_failures_total',
    help: 'Connections to upstreams that did not come about, by address.',
    labelNames,
    registers,
  })
  const boundAddress = createLabelBound(MOST_ADDRESSES)

  return {
    upstreamState(address, state) {
      const label = boundAddress(address)
      reachable.labels(label).set(state === 'reachable' ? 1 : 0)
      // From zero, so that the first failure shows up as a rate.
      failures.labels(label).inc(0)
    },
    upstreamConnectionFailed: (address) => failures.labels(boundAddress(address)).inc(),
  }
}
