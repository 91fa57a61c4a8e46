import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import type { RedisServer } from '../support/redis-server.ts'
import { startRedis } from '../support/redis-server.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { createStops } from '../support/stops.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { startProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const stops = createStops()
afterEach(stops.stopAll)

async function redisWith(...args: readonly string[]): Promise<RedisServer> {
  const redis = await startRedis({ args })
  stops.add(() => redis.stop())
  return redis
}

async function tell(env: Readonly<Record<string, string>>): Promise<Story<ScriptedProvider>> {
  const story = await tellScriptedStory(env)
  stops.add(() => story.stop())
  return story
}

/** What a call is told: `200`, or the code of a refusal; never a cookie. */
async function told(browser: Browser, story: Story<ScriptedProvider>): Promise<string> {
  const answer = await browser.fetch(`${story.origin}/api/x`)
  expect(answer.setCookies).toEqual([])
  return answer.status === 200 ? '200' : (answer.json() as { code: string }).code
}

const states = ({ gateway }: Story<ScriptedProvider>) => gateway.logs('store_state')
const lastState = (story: Story<ScriptedProvider>) => states(story).at(-1)?.['state']

describe('a password of Redis that is rotated before the gateway has the new one', () => {
  test('signs nobody out: who is known carries on for the grace, then 503, and all go on when the file is put right', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'coatcheck-password-'))
    stops.add(() => rm(folder, { recursive: true }))
    const passwordFile = join(folder, 'redis-password')
    await writeFile(passwordFile, 'first-password\n')
    const redis = await redisWith('--user default on nopass ~* &* +@all', '--user app on >first-password ~* &* +@all')
    const story = await tell({
      COATCHECK_STORE: `redis://app@127.0.0.1:${redis.port}`,
      COATCHECK_STORE_PASSWORD_FILE: passwordFile,
      COATCHECK_STORE_OUTAGE_GRACE: '3s',
    })
    const [known, unknown] = [await story.signedIn(), await story.signedIn()]
    expect(await told(known, story)).toBe('200')

    await redis.command('ACL', 'SETUSER', 'app', 'resetpass', '>second-password')
    await redis.command('CLIENT', 'KILL', 'USER', 'app')
    await until('that is told', () => states(story).some(({ note }) => String(note).startsWith('WRONGPASS')))
    expect(await told(known, story)).toBe('200')
    expect(await told(unknown, story)).toBe('store_unavailable')
    await until('the grace is over', async () => (await told(known, story)) === 'store_unavailable')
    await writeFile(passwordFile, 'second-password\n')
    await until('it is connected', () => lastState(story) === 'connected')
    expect([await told(known, story), await told(unknown, story)]).toEqual(['200', '200'])

    expect(states(story).filter(({ note }) => String(note).startsWith('WRONGPASS'))).toHaveLength(1)
    expect(story.gateway.logText()).not.toMatch(/(first|second)-password/)
  })
})

describe('a slow Redis', () => {
  test('that answers after 300 ms serves everybody; after 800 ms those who are known, and 503 to the others', async () => {
    const redis = await redisWith()
    const proxy = await startProxy(redis.port)
    stops.add(() => proxy.stop())
    const story = await tell({ COATCHECK_STORE: `redis://127.0.0.1:${proxy.port}`, COATCHECK_STORE_OUTAGE_GRACE: '60s' })
    const [known, another, unknown] = [await story.signedIn(), await story.signedIn(), await story.signedIn()]
    expect(await told(known, story)).toBe('200')
    proxy.delay(300)
    expect([await told(known, story), await told(another, story)]).toEqual(['200', '200'])

    proxy.delay(800)
    await until('it is lost', () => lastState(story) === 'lost')
    const tried = proxy.accepted()
    await until('it was tried again some times', () => proxy.accepted() > tried + 2)
    for (const browser of [known, another]) expect(await told(browser, story)).toBe('200')
    expect(await told(unknown, story)).toBe('store_unavailable')
    proxy.delay(0)
    await until('it is connected', () => lastState(story) === 'connected')
    expect(await told(unknown, story)).toBe('200')
    // Said once per change, however many there were on a busy machine.
    const said = states(story).map(({ state }) => state)
    expect(said).toEqual(said.map((_, change) => (change % 2 === 0 ? 'connected' : 'lost')))
  })
})

describe('a Redis that loads its records after a restart', () => {
  test('ends no session: who is known carries on, the others get 503 until it has loaded', async () => {
    const redis = await redisWith()
    const story = await tell({ COATCHECK_STORE: redis.url, COATCHECK_STORE_OUTAGE_GRACE: '60s' })
    const [known, unknown] = [await story.signedIn(), await story.signedIn()]
    expect(await told(known, story)).toBe('200')
    await redis.transaction(...Array.from({ length: 1_000 }, (_, n) => ['SET', `filling:${n}`, 'x'.repeat(100)]))
    await redis.command('SAVE')
    await redis.kill()
    await redis.start(['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'])
    await until('that is told', () => states(story).some(({ note }) => String(note).startsWith('LOADING')))
    expect([await told(known, story), await told(unknown, story)]).toEqual(['200', 'store_unavailable'])
    await until('it is connected', () => lastState(story) === 'connected')
    expect([await told(known, story), await told(unknown, story)]).toEqual(['200', '200'])
  })
})

describe('a Redis that takes no writes', () => {
  test.each([
    ['is full', 'OOM', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    [
      'misses its replicas',
      'NOREPLICAS',
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
    ],
    ['is a replica', 'READONLY', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
  ])(
    'since it %s, is told of once, as %s, whoever asks how often; and once that it takes them again',
    async (_, code, begin, end) => {
      const redis = await redisWith()
      const story = await tell({ COATCHECK_STORE: redis.url })
      await redis.command(...begin)
      for (let n = 0; n < 10; n++) expect((await story.signIn(await story.openBrowser())).status).toBe(503)
      await until('that is told', () => lastState(story) === 'refusing')
      expect(await story.gateway.metric('coatcheck_store_refusing')).toBe(1)
      expect(await story.gateway.metric('coatcheck_requests_refused_total', { code: 'store_unavailable' })).toBe(10)
      await redis.command(...end)
      await until('writes are taken again, and that is told', async () => {
        await story.signedIn()
        return lastState(story) === 'connected'
      })
      expect(await story.gateway.metric('coatcheck_store_refusing')).toBe(0)
      expect(states(story).map(({ state, note }) => [state, String(note).split(' ', 1)[0]])).toEqual([
        ['connected', 'undefined'],
        ['refusing', code],
        ['connected', 'undefined'],
      ])
      expect(story.gateway.logs('request').filter((line) => line['code'] === 'store_unavailable')).toEqual([])
    },
  )
})
