import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setTimeout as pause } from 'node:timers/promises'
import { type Cluster, startCluster } from '../../support/cluster.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { until } from '../../support/until.ts'

let redis: RedisServer
let cluster: Cluster
/** Of people whose access tokens have ended, and who called nobody since; each test takes one. */
const cookies: string[] = []
beforeAll(async () => {
  redis = await startRedis()
  cluster = await startCluster({ store: redis.url, provider: { accessTokenSeconds: 4, renewedTokenSeconds: 3600 } })
  for (let person = 0; person < 3; person += 1) cookies.push(await cluster.signIn())
  await expired(Date.now())
})
afterAll(async () => {
  await cluster.stop()
  await redis.stop()
})

/** Until nothing is left of the access token that a session began with. */
async function expired(begun: number): Promise<void> {
  await until('the access token has ended', () => Date.now() > begun + 4_000)
}

describe('three gateways on one Redis, and a provider that ends a grant whose refresh token comes twice', () => {
  test.each([
    ['three seconds', 3_000],
    ['longer than a lease lives without being renewed', 6_000],
  ])(
    'two hundred requests at the end of a token make one token call that takes %s, and all of them succeed',
    async (_, takes) => {
      const cookie = cookies.pop() ?? ''
      const before = cluster.provider.counts.token
      cluster.provider.beforeTokenAnswer = () => pause(takes)
      try {
        const calls = await Promise.all(Array.from({ length: 200 }, (_, n) => cluster.call(n % 3, cookie)))
        expect(calls.filter(({ status }) => status === 200)).toHaveLength(200)
        expect(cluster.provider.counts.token - before).toBe(1)
        expect(cluster.provider.revokedGrants()).toBe(0)
      } finally {
        cluster.provider.beforeTokenAnswer = undefined
      }
    },
  )

  test('whose clients all hang up in the middle of a refresh keep the session, with new tokens', async () => {
    const cookie = await cluster.signIn()
    await cluster.call(0, cookie)
    const token = () => cluster.upstream.last().values('authorization')[0]
    const first = token()
    await expired(Date.now())
    const answered = Promise.withResolvers<void>()
    const hungUp = Promise.withResolvers<void>()
    const before = cluster.provider.counts.token
    cluster.provider.beforeTokenAnswer = () => answered.promise
    try {
      const calls = Array.from({ length: 30 }, (_, n) => cluster.call(n % 3, cookie, '/api/x', { givenUpAt: hungUp.promise }))
      await until('the provider is asked', () => cluster.provider.counts.token > before)
      hungUp.resolve()
      expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 0))
    } finally {
      cluster.provider.beforeTokenAnswer = undefined
      answered.resolve()
    }
    expect((await cluster.call(1, cookie)).status).toBe(200)
    expect(token()).not.toBe(first)
    expect(cluster.provider.counts.token).toBe(before + 1)
    expect(cluster.provider.revokedGrants()).toBe(0)
  })

  test('of which one is killed while it holds the lease: another refreshes as soon as the lease has lapsed', async () => {
    const extra = await cluster.join()
    const index = cluster.instances.indexOf(extra)
    const cookie = cookies.pop() ?? ''
    // The provider never sees the call of the one that is killed, so that its refresh token is still good.
    let asked = 0
    cluster.provider.intercept = (endpoint) => endpoint === 'token' && (asked += 1) === 1
    try {
      const doomed = cluster.call(index, cookie)
      await until('the doomed one has the lease', () => asked === 1)
      extra.process.kill('SIGKILL')
      expect((await doomed).status).toBe(0)
      const calls = await Promise.all([0, 1, 2, 0, 1, 2].map((n) => cluster.call(n, cookie)))
      expect(calls.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
      expect(asked).toBe(2)
    } finally {
      cluster.provider.intercept = undefined
    }
  })
})
