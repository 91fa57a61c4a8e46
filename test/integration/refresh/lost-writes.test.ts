import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../support/cluster.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { until } from '../../support/until.ts'

const TOKEN_MILLISECONDS = 4_000

let redis: RedisServer
let cluster: Cluster
beforeAll(async () => {
  redis = await startRedis()
  cluster = await startCluster({ store: redis.url, provider: { accessTokenSeconds: TOKEN_MILLISECONDS / 1_000 } })
})
afterAll(async () => {
  await cluster.stop()
  await redis.stop()
})

/** Redis, as it was when it was last saved: what it was told since is gone, as after a crash or when a replica lags. */
async function loseLastWrites(): Promise<void> {
  // Whoever sees it come back puts the grant back at once: nobody looks until we have seen that it was lost.
  for (const { process } of cluster.instances) process.kill('SIGSTOP')
  try {
    await redis.kill()
    await redis.start()
    expect(await versions()).toEqual([1])
  } finally {
    for (const { process } of cluster.instances) process.kill('SIGCONT')
  }
}

const versions = async () =>
  [...(await redis.dump())].filter(([key]) => key.endsWith(':grant')).map(([, grant]) => Number.parseInt(grant, 10))

async function refreshed(cookie: string, instance: number): Promise<void> {
  const before = cluster.provider.counts.token
  await until('its token was renewed', async () => {
    expect((await cluster.call(instance, cookie)).status).toBe(200)
    return cluster.provider.counts.token > before
  })
}

test('a Redis that comes back without the last refresh of a session gets it again, and nobody sends a refresh token that is spent', async () => {
  const cookie = await cluster.signIn()
  await redis.command('SAVE')
  await refreshed(cookie, 0)
  await until('the new grant is written', async () => (await versions()).includes(2))
  // Another instance saw it too: whoever is there first puts it back.
  expect((await cluster.call(1, cookie)).status).toBe(200)

  await loseLastWrites()
  await until('the grant is put back', async () => (await versions()).includes(2))
  for (const instance of [0, 1, 2]) await refreshed(cookie, instance)
  expect(cluster.provider.revokedGrants()).toBe(0)
})
