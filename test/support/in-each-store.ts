import type { RedisServer } from './redis-server.ts'

/** Tells the same of sessions in memory and of sessions in Redis, beside each other; rejects when both are through, with what failed. */
export async function inEachStore(redis: RedisServer, tell: (store: string) => Promise<void>): Promise<void> {
  const told = await Promise.allSettled(['memory:', redis.url].map(tell))
  const failures = told.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  if (failures.length > 0) throw failures[0]
}
