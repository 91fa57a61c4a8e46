import type { RedisClient } from './redis-client.ts'
import { isRefusal } from './redis-failure.ts'

/** What a server says it is (`ROLE`). */
export interface RedisRole {
  readonly isPrimary: boolean
  /** Replicas that are connected and up to date enough to follow. */
  readonly replicas: number
}

/** Undefined where the server does not tell: not every user may ask, and proxies do not know. */
export async function readRole(client: Pick<RedisClient, 'send'>): Promise<RedisRole | undefined> {
  try {
    const reply = await client.send(['ROLE'])
    if (!Array.isArray(reply)) return undefined
    const replicas: unknown = reply[2]
    return { isPrimary: reply[0] === 'master', replicas: Array.isArray(replicas) ? replicas.length : 0 }
  } catch (failure) {
    if (isRefusal(failure)) return undefined
    throw failure
  }
}
