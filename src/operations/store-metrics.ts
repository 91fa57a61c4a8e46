import { Counter, Histogram, type Registry } from 'prom-client'
import type { ObserveStore } from '../report/store-observation.ts'
import { createLabelBound } from './label-bound.ts'
import { secondsOf } from './seconds.ts'

const MOST_OPERATIONS = 100

/** Counts what the store is asked, and how long it takes, by operation. */
export function createStoreMetrics(registry: Registry): ObserveStore {
  const registers = [registry]
  const labelNames = ['operation'] as const
  const seconds = new Histogram({
    name: 'coatcheck_store_operation_seconds',
    help: 'How long the store took, by operation.',
    labelNames,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    registers,
  })
  const errors = new Counter({
    name: 'coatcheck_store_errors_total',
    help: 'Store operations that failed, by operation.',
    labelNames,
    registers,
  })
  const boundOperation = createLabelBound(MOST_OPERATIONS)

  return function storeAnswered(operation, milliseconds, failed) {
    const label = boundOperation(operation)
    seconds.labels(label).observe(secondsOf(milliseconds))
    if (failed) errors.labels(label).inc()
  }
}
