import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client'

/** The metrics of one process, as they travel to another one. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[]

const COUNTS: ReadonlySet<string> = new Set(['counter', 'histogram'])

/** The text format of several processes' metrics: each one added up, or whatever its `aggregator` says. */
export function renderSnapshots(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics()
}

/** What processes that are gone have counted; what they were at the end (their gauges) is over. */
export async function mergeCounts(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  const counts = snapshots.map((snapshot) => snapshot.filter(({ type }) => COUNTS.has(String(type))))
  return AggregatorRegistry.aggregate(counts).getMetricsAsJSON()
}
