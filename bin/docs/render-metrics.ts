import { createMetrics } from '../../src/operations/metrics.ts'
import { markdownTable } from './markdown-table.ts'

/** Every metric of the gateway's own, as `/metrics` itself describes it; those of the runtime are left out. */
export async function renderMetrics(): Promise<string> {
  const metrics = createMetrics({ version: 'any' })
  const text = await metrics.render({
    inFlight: 0,
    tunnels: 0,
    streams: 0,
    providerReady: true,
    storeLive: true,
    draining: false,
  })
  const rows = [...text.matchAll(/^# HELP (coatcheck_\S+) (.+)\n# TYPE \S+ (\w+)$/gm)].map(
    ([, name = '', help = '', type = '']) => [`\`${name}\``, type, help],
  )
  return markdownTable(['Metric', 'Type', 'Tells'], rows)
}
