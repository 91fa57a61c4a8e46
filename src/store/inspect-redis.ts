import { randomUUID } from 'node:crypto'
import type { RedisStoreConfig } from '../config/config.ts'
import type { Report } from '../report/events.ts'
import { createOpenServer } from './open-server.ts'
import { failureOf, nameFailure } from './redis-failure.ts'
import { createServerWarnings } from './redis-warnings.ts'

/** What a look at the store found. */
export type StoreInspection =
  | { readonly kind: 'well'; readonly warnings: readonly string[] }
  | { readonly kind: 'failed'; readonly code: string }

const HANDSHAKE_MILLISECONDS = 2_000
const PROBE_MILLISECONDS = 1_000

/**
 * Connects once, as the gateway would, writes, reads and removes one record under `namespace`, and asks what the server says
 * about itself. Never rejects; holds no password.
 */
export async function inspectRedis(config: RedisStoreConfig, namespace: string): Promise<StoreInspection> {
  const over = new AbortController()
  const broken = Promise.withResolvers<never>()
  const late = setTimeout(
    () => broken.reject(failureOf('ETIMEDOUT')),
    HANDSHAKE_MILLISECONDS * (2 + (config.sentinel?.addresses.length ?? 0)),
  )
  const steps = {
    handshakeMilliseconds: HANDSHAKE_MILLISECONDS,
    signal: over.signal,
    onChange: () => undefined,
    onBroken: broken.reject,
  }
  try {
    return await Promise.race([look(), broken.promise])
  } catch (error) {
    return { kind: 'failed', code: nameFailure(error) }
  } finally {
    clearTimeout(late)
    over.abort()
  }

  async function look(): Promise<StoreInspection> {
    const client = await createOpenServer(config)(steps)
    try {
      const key = `${namespace}:check:${randomUUID()}`
      await client.send(['SET', key, '1', 'PX', String(PROBE_MILLISECONDS)])
      await client.send(['GET', key])
      await client.send(['DEL', key])
      const warnings: string[] = []
      const collect: Report = (_name, fields) => {
        if ('note' in fields && fields.note !== undefined) warnings.push(fields.note)
      }
      await createServerWarnings(collect)(client)
      return { kind: 'well', warnings }
    } finally {
      client.destroy()
    }
  }
}
