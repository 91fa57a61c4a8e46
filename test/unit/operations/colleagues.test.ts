import { describe, expect, test } from '@jest/globals'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type Readiness, readinessOfAll } from '../../../src/operations/colleagues.ts'
import { mergeCounts, renderSnapshots } from '../../../src/operations/merge-snapshots.ts'
import { createMetrics } from '../../../src/operations/metrics.ts'

const READY: Readiness = { store: 'ready', provider: 'ready', draining: false }

describe('several processes are ready', () => {
  test('when all that serve are', () => {
    expect(readinessOfAll([READY, READY])).toEqual({ ready: true, ...READY })
    expect(readinessOfAll([READY])).toEqual({ ready: true, ...READY })
  })

  test.each<[string, readonly (Readiness | undefined)[], Partial<Readiness>]>([
    ['one has no store', [READY, { ...READY, store: 'unavailable' }], { store: 'unavailable' }],
    ['one has no provider', [{ ...READY, provider: 'unavailable' }, READY], { provider: 'unavailable' }],
    ['one drains', [READY, { ...READY, draining: true }], { draining: true }],
    ['one does not answer', [READY, undefined], { store: 'unavailable', provider: 'unavailable' }],
    ['none serves', [], {}],
  ])('not when %s', (_, all, missing) => {
    expect(readinessOfAll(all)).toMatchObject({ ready: false, ...missing })
  })
})

function snapshotOf(count: number) {
  const registers = [new Registry()]
  new Counter({ name: 'c', help: 'h', labelNames: ['l'], registers }).labels('a').inc(count)
  new Gauge({ name: 'g', help: 'h', registers }).set(count)
  new Histogram({ name: 't', help: 'h', buckets: [1, 10], registers }).observe(count)
  return registers[0]?.getMetricsAsJSON() ?? Promise.resolve([])
}

describe('the metrics of several processes', () => {
  test('are added up, and those that cannot be are the worst of all', async () => {
    const gauges = { tunnels: 0, streams: 0, inFlight: 2, providerReady: true, storeLive: true, draining: false }
    const [one, other] = [createMetrics({ version: '1' }), createMetrics({ version: '1' })]
    one.sessionBegan()
    other.sessionBegan()
    const text = await renderSnapshots([
      await one.snapshot(gauges),
      await other.snapshot({ ...gauges, storeLive: false, draining: true }),
    ])
    for (const line of [
      'sessions_begun_total 2',
      'requests_in_flight 4',
      'workers 2',
      'provider_ready 1',
      'store_live 0',
      'draining 1',
      'build_info{version="1"} 1',
    ])
      expect(text).toContain(`coatcheck_${line}\n`)
  })

  test('go on being counted when one is gone, but for what it was at the end', async () => {
    const gone = await mergeCounts([await snapshotOf(3), await snapshotOf(4)])
    const text = await renderSnapshots([await snapshotOf(5), await mergeCounts([gone, await snapshotOf(20)])])
    for (const line of ['c{l="a"} 32', 'g 5', 't_count 4', 't_sum 32', 't_bucket{le="10"} 3', 't_bucket{le="+Inf"} 4'])
      expect(text).toContain(`${line}\n`)
  })
})
