import { describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../support/cluster.ts'
import { outage } from '../../support/outage.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { until } from '../../support/until.ts'

const GRACE_MILLISECONDS = 4_000
const DOWN_MILLISECONDS = 6_000

async function withCluster(
  args: readonly string[],
  story: (cluster: Cluster, redis: RedisServer, cookies: readonly string[]) => Promise<void>,
): Promise<void> {
  const redis = await startRedis({ args })
  const cluster = await startCluster({ store: redis.url, env: { COATCHECK_STORE_OUTAGE_GRACE: `${GRACE_MILLISECONDS}ms` } })
  try {
    const cookies: string[] = []
    for (const person of ['ada', 'bo', 'cy', 'di', 'ed', 'fay']) cookies.push(await cluster.signIn(person))
    await story(cluster, redis, cookies)
  } finally {
    await cluster.stop()
    await redis.stop()
  }
}

const times = { graceMilliseconds: GRACE_MILLISECONDS, downMilliseconds: DOWN_MILLISECONDS }

// With thirty seconds and the default grace, and printed figures: npm run bench:refresh.
describe('three gateways under a steady load of people who are signed in, whose Redis', () => {
  test('is killed and starts again with its records: nobody is signed out, 503 comes only after the grace, and all goes on', async () => {
    await withCluster(['--appendonly', 'yes', '--appendfsync', 'always'], async (cluster, redis, cookies) => {
      const came = await outage({ cluster, cookies, ...times, begin: () => redis.kill(), end: () => redis.start() })
      expect(Object.keys(came.withinGrace)).toEqual(['200'])
      expect(came.afterGrace[503]).toBeGreaterThan(0)
      expect(Object.keys({ ...came.afterGrace, 200: 0 }).sort()).toEqual(['200', '503'])
      expect(came).toMatchObject({ reasons: {}, cookiesSet: 0, lost: 0 })
      expect(came.firstGoodMilliseconds).toBeLessThan(Number.POSITIVE_INFINITY)
      for (const { process } of cluster.instances) {
        const states = process.logs('store_state').map(({ state }) => state)
        // Once per change, and once more per cause: the connection that broke, the address that refuses.
        expect(states.join(' ')).toMatch(/^connected (?:lost ){1,3}connected$/)
      }
    })
  })

  test('is killed and starts again empty: each of them is told so by a clean 401 with its reason, and no cookie is touched', async () => {
    await withCluster([], async (cluster, redis, cookies) => {
      await redis.kill()
      await redis.start()
      for (const index of cluster.instances.keys()) {
        await until('it is connected again', async () => (await cluster.call(index, cookies[0] ?? '')).status === 401)
        for (const cookie of cookies) {
          const answer = await cluster.call(index, cookie)
          expect([answer.status, answer.headers['coatcheck-reason'], answer.headers['set-cookie']]).toEqual([
            401,
            'expired',
            undefined,
          ])
        }
      }
    })
  })

  test('is frozen and thaws: nobody is signed out, 503 comes only after the grace, and all goes on', async () => {
    await withCluster([], async (cluster, redis, cookies) => {
      const came = await outage({ cluster, cookies, ...times, begin: () => redis.freeze(), end: () => redis.thaw() })
      expect(Object.keys(came.withinGrace)).toEqual(['200'])
      expect(came.afterGrace[503]).toBeGreaterThan(0)
      expect(came).toMatchObject({ reasons: {}, cookiesSet: 0, lost: 0 })
      expect(came.firstGoodMilliseconds).toBeLessThan(Number.POSITIVE_INFINITY)
    })
  })
})
