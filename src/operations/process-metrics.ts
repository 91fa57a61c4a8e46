import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'

/** What a process is: the runtime's own metrics, its version, and that it is one more of those that serve together. */
export function countProcess(registry: Registry, version: string): void {
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const build = { name: 'coatcheck_build_info', help: 'Always 1; the version is a label.', labelNames: ['version'] }
  new Gauge({ ...build, aggregator: 'first', registers }).labels(version).set(1)
  const workers = { name: 'coatcheck_workers', help: 'Processes that serve together on this machine.' }
  new Gauge({ ...workers, aggregator: 'sum', registers }).set(1)
}
