import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { storm } from '../../support/refresh-storm.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

// The long form, ten thousand refreshes of two hundred sessions: npm run bench:refresh.
test('no session is lost, and no refresh token is used twice, while clients hang up, the store refuses writes and the provider fails', async () => {
  const came = await storm({
    redis,
    sessions: 40,
    refreshes: 200,
    odds: { hangUp: 10, refusedWrite: 50, unansweredWrite: 1_000, providerError: 20 },
  })
  expect(came).toMatchObject({ lost: 0, signedOut: 0, reuses: 0 })
  expect(came.refreshes).toBeGreaterThanOrEqual(200)
  expect(came.failedWrites).toBeGreaterThan(0)
  expect(came.providerErrors).toBeGreaterThan(0)
  expect(came.callsByStatus[0]).toBeGreaterThan(0)
})
