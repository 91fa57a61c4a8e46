import type { Config } from '../config/config.ts'
import { createNamespace } from '../store/namespace.ts'
import { explainCode } from './explain-code.ts'
import type { Finding } from './finding.ts'

const about = 'store'

/** Looks whether the store takes and gives records, and what it says against keeping sessions there. */
export async function checkStore({ store, baseUrl, provider }: Config): Promise<readonly Finding[]> {
  if (store.kind === 'memory') return [{ level: 'ok', about, says: 'Sessions live in the memory of the process.' }]
  // Loaded only where it is used: the Redis client is what takes longest to load.
  const { inspectRedis } = await import('../store/inspect-redis.ts')
  const namespace = createNamespace({ baseUrl: baseUrl.origin, clientId: provider.clientId })
  const inspection = await inspectRedis(store, namespace)
  const where = new URL(store.url.reveal().replace(/^(unix:\/\/)[^/]*@/, '$1'))
  const name = where.protocol === 'unix:' ? where.pathname : where.host
  if (inspection.kind === 'failed')
    return [{ level: 'fail', about, says: `Redis at ${name} does not do what is needed: ${explainCode(inspection.code)}.` }]
  return [
    { level: 'ok', about, says: `Redis at ${name} writes and reads.` },
    ...inspection.warnings.map((says): Finding => ({ level: 'warn', about, says })),
  ]
}
