import { afterEach, describe, expect, test } from '@jest/globals'
import { createBrowser } from '../support/browser.ts'
import { startCluster } from '../support/cluster.ts'
import { logoutToken, sendLogout } from '../support/logout-token.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { signOutAtProvider } from '../support/sign-out-at-provider.ts'
import { createStops } from '../support/stops.ts'
import { tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

const running = createStops()
afterEach(running.stopAll)

async function withRedis(): Promise<RedisServer> {
  const redis = await startRedis()
  running.add(() => redis.stop())
  return redis
}

describe('two gateways on one Redis, and a certified provider', () => {
  test('a logout at the provider ends what was begun at either, at both, and nobody else', async () => {
    const redis = await withRedis()
    const cluster = await startCluster({ store: redis.url, instances: 2, backchannel: true })
    running.add(cluster.stop)
    const { origin, instances } = cluster
    const at = { host: '127.0.0.1', port: instances[0]?.port ?? 0 }
    const browser = createBrowser({ hosts: { localhost: at } })
    const cookies: string[] = []
    for (const { port } of instances) {
      at.port = port
      browser.jar.drop('coatcheck')
      await browser.navigate(`${origin}/bff/login`, { from: `${origin}/` })
      cookies.push(`coatcheck=${browser.cookie('coatcheck')?.value}`)
    }
    const bystander = await cluster.signIn('bob')
    const ask = async (cookie: string) =>
      Promise.all(
        [0, 1].map(async (index) => {
          const { status, headers } = await cluster.call(index, cookie)
          return [status, headers['coatcheck-reason']]
        }),
      )
    for (const cookie of [...cookies, bystander])
      expect(await ask(cookie)).toEqual([
        [200, undefined],
        [200, undefined],
      ])

    await signOutAtProvider(browser, cluster.provider)
    const gone = [401, 'ended_by_provider']
    for (const cookie of cookies)
      await until('it has ended at both', async () => (await ask(cookie)).every(([status]) => status === 401))
    for (const cookie of cookies) expect(await ask(cookie)).toEqual([gone, gone])
    expect(await ask(bystander)).toEqual([
      [200, undefined],
      [200, undefined],
    ])
    const ended = await Promise.all(
      instances.map(({ metric }) => metric('coatcheck_backchannel_logouts_total', { outcome: 'ended' })),
    )
    expect(ended[0]).toBe(1)
  })
})

describe('a logout while Redis is away', () => {
  test('is 503, so that the provider comes again, and is applied when Redis is back, whether or not it does', async () => {
    const redis = await withRedis()
    const story = await tellScriptedStory({ COATCHECK_STORE: redis.url, COATCHECK_STORE_OUTAGE_GRACE: '0s' })
    running.add(story.stop)
    const { origin, provider, gateway, signedIn } = story
    const browser = await signedIn()
    redis.freeze()
    const token = await logoutToken(provider)
    const answer = await sendLogout(origin, token)
    expect([answer.status, answer.headers['retry-after'], answer.headers['cache-control']]).toEqual([503, '1', 'no-store'])
    expect((await sendLogout(origin, token)).status).toBe(503)
    expect(await gateway.metric('coatcheck_logouts_kept')).toBe(1)
    expect(gateway.logs('kept_logout')).toEqual([expect.objectContaining({ state: 'kept', subject: 'alice' })])
    expect(gateway.logs('backchannel_logout').at(-1)).toMatchObject({ outcome: 'kept', subject: 'alice' })

    redis.thaw()
    await until('it is applied', () => gateway.logs('kept_logout').some(({ state }) => state === 'applied'))
    expect(await gateway.metric('coatcheck_logouts_kept')).toBe(0)
    const { status, headers } = await browser.fetch(`${origin}/api/x`)
    expect([status, headers['coatcheck-reason']]).toEqual([401, 'ended_by_provider'])
    const again = await sendLogout(origin, token)
    expect([again.status, gateway.logs('backchannel_logout').at(-1)]).toEqual([
      200,
      expect.objectContaining({ outcome: 'repeated' }),
    ])
  })

  test('and that is applied late spares who has signed in since, though the person is the same', async () => {
    const redis = await withRedis()
    const story = await tellScriptedStory({ COATCHECK_STORE: redis.url })
    running.add(story.stop)
    const { origin, provider, gateway, signedIn } = story
    const before = await signedIn()
    // Full for writes of new keys: the ending happens, its note does not, so that it is kept.
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    expect((await sendLogout(origin, await logoutToken(provider))).status).toBe(503)
    expect((await before.fetch(`${origin}/api/x`)).status).toBe(401)

    // As another instance would have begun it before this one came to its senses.
    await redis.command('CONFIG', 'SET', 'maxmemory', '0')
    const after = await signedIn()
    await until('it is applied', () => gateway.logs('kept_logout').some(({ state }) => state === 'applied'))
    expect((await after.fetch(`${origin}/api/x`)).status).toBe(200)
  })

  test('that is never applied, since the gateway stops, is told of', async () => {
    const redis = await withRedis()
    const story = await tellScriptedStory({ COATCHECK_STORE: redis.url })
    const { origin, provider, gateway, signedIn } = story
    await signedIn()
    redis.freeze()
    await sendLogout(origin, await logoutToken(provider))
    await story.stop()
    redis.thaw()
    expect(gateway.logs('kept_logout').map(({ state }) => state)).toEqual(['kept', 'dropped'])
  })
})
