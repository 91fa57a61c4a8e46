import type { Config, RedisStoreConfig } from '../config/config.ts'
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
  const name = nameOf(store)
  if (inspection.kind === 'failed')
    return [{ level: 'fail', about, says: `Redis at ${name} does not do what is needed: ${explainCode(inspection.code)}.` }]
  return [
    { level: 'ok', about, says: `Redis at ${name} writes and reads.` },
    ...inspection.warnings.map((says): Finding => ({ level: 'warn', about, says })),
  ]
}

/** Where it is, without user and password. */
function nameOf({ url, sentinel }: RedisStoreConfig): string {
  if (sentinel) {
    const sentinels = sentinel.addresses.map(({ host, port }) => `${host}:${port}`).join(', ')
    return `${sentinel.name} (by the sentinels at ${sentinels})`
  }
  const where = new URL(url.reveal().replace(/^(unix:\/\/)[^/]*@/, '$1'))
  return where.protocol === 'unix:' ? where.pathname : where.host
}
