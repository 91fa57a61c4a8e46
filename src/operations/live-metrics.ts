import { Counter, Gauge, type Registry } from 'prom-client'
import type { LiveOutcome } from '../report/events.ts'
import { createLabelBound } from './label-bound.ts'

const MOST_ROUTES = 500

/** WebSockets, handshakes included, and event streams that are open. */
export interface OpenConnections {
  readonly tunnels: number
  readonly streams: number
}

/** Counts what outlives its request. */
export interface LiveMetrics {
  readonly closed: (kind: 'tunnel' | 'stream', route: string, outcome: LiveOutcome) => void
  readonly open: (connections: OpenConnections) => void
}

export function createLiveMetrics(registry: Registry): LiveMetrics {
  const registers = [registry]
  const closed = new Counter({
    name: 'coatcheck_live_connections_closed_total',
    help: 'WebSockets (tunnel) and event streams (stream) that were closed, by kind, route and outcome.',
    labelNames: ['kind', 'route', 'outcome'],
    registers,
  })
  const tunnels = new Gauge({
    name: 'coatcheck_websockets_open',
    help: 'WebSockets that are open now, handshakes included.',
    aggregator: 'sum',
    registers,
  })
  const streams = new Gauge({
    name: 'coatcheck_event_streams_open',
    help: 'Event streams that are open now.',
    aggregator: 'sum',
    registers,
  })
  const boundRoute = createLabelBound(MOST_ROUTES)

  return {
    closed: (kind, route, outcome) => closed.labels(kind, boundRoute(route), outcome).inc(),
    open(connections) {
      tunnels.set(connections.tunnels)
      streams.set(connections.streams)
    },
  }
}
