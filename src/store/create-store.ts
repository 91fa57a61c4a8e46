import type { StoreConfig } from '../config/config.ts'
import type { Report } from '../report/events.ts'
import { createMemoryStore } from './memory-store.ts'
import type { Store } from './port.ts'

/**
 * The configured store. It resolves although Redis is away: calls reject with `store_unavailable` until it is there, and
 * `link.live` says so. The memory store never loads the Redis client, which keeps its start short.
 */
export async function createStore(
  config: StoreConfig,
  steps: { readonly report: Report; readonly now: () => number },
): Promise<Store> {
  if (config.kind === 'memory') return createMemoryStore({ mostRecords: config.mostRecords, ...steps })
  const { createRedisStore } = await import('./redis-store.ts')
  return createRedisStore(config, steps)
}
