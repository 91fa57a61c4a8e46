import { createHmac, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Secret } from '../../src/config/secret.ts'
import { deriveCookieKeys } from '../../src/security/cookie-keys.ts'
import { createNamespace } from '../../src/store/namespace.ts'
import { type Browser, createBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { movedTo } from '../support/moved-to.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'

const [OLD, NEW] = [randomBytes(33).toString('base64url'), randomBytes(33).toString('base64url')]
let redis: RedisServer
let story: Story<ScriptedProvider>
/** Instances of the same deployment, by the keys that they know. */
let added: TestGateway
let moved: TestGateway
let dropped: TestGateway
beforeAll(async () => {
  redis = await startRedis()
  story = await tellScriptedStory({ COATCHECK_STORE: redis.url, COATCHECK_SECRETS: OLD })
  added = await instance(`${OLD},${NEW}`)
  moved = await instance(`${NEW},${OLD}`)
  dropped = await instance(NEW)
})
afterAll(async () => {
  await Promise.all([added, moved, dropped].map((gateway) => gateway.stop()))
  await story.stop()
  await redis.stop()
})

async function instance(secrets: string, more: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const env = { ...story.gateway.env, COATCHECK_SECRETS: secrets, COATCHECK_LISTEN: '127.0.0.1:0', ...more }
  const gateway = await startGateway(env)
  await gateway.ready()
  return gateway
}

/** What both lanes say. */
async function verdictsAt(gateway: TestGateway, browser: Browser) {
  const there = movedTo(gateway, browser)
  const counter = await there.fetch(`${story.origin}/bff/session`)
  const carried = await there.fetch(`${story.origin}/api/x`)
  expect([...counter.setCookies, ...carried.setCookies]).toEqual([])
  const told = counter.json() as { authenticated?: boolean; reason?: string; code?: string }
  const lane = carried.status === 200 ? 'in' : (carried.json() as { reason?: string; code: string })
  return [told.authenticated ? 'in' : (told.reason ?? told.code), lane === 'in' ? lane : (lane.reason ?? lane.code)]
}

const records = async () =>
  [...(await redis.dump())]
    .filter(([key]) => /:(session|grant|about)$/.test(key))
    .toSorted(([one], [other]) => one.localeCompare(other))

describe('a key that is rotated', () => {
  test('keeps everybody signed in, on every instance of either deploy, whoever signed in where', async () => {
    const early = await story.signedIn()
    for (const gateway of [story.gateway, added, moved]) expect(await verdictsAt(gateway, early)).toEqual(['in', 'in'])
    const late = movedTo(moved, await story.openBrowser())
    await story.signIn(late)
    for (const gateway of [added, moved, dropped]) expect(await verdictsAt(gateway, late)).toEqual(['in', 'in'])
  })

  test('lets a login that began before the change end after it', async () => {
    const browser = await story.openBrowser()
    const begun = await browser.navigate(`${story.origin}/bff/login?returnTo=/x`, { from: `${story.origin}/`, follow: false })
    const callback = await story.provider.authorize(begun.headers.location ?? '')
    const done = await movedTo(moved, browser).navigate(`${story.origin}/bff/callback?${callback.toString()}`, {
      from: `${story.provider.issuer}/`,
      follow: false,
    })
    expect([done.status, done.headers.location]).toEqual([303, '/x'])
  })

  test('and dropped makes older cookies nobody’s, and deletes nothing', async () => {
    const browser = await story.signedIn()
    const before = await records()
    expect(await verdictsAt(dropped, browser)).toEqual(['none', 'none'])
    expect(await records()).toEqual(before)
    expect(await verdictsAt(moved, browser)).toEqual(['in', 'in'])
  })

  test('and dropped makes older records unreadable, not signed out: 503, nothing deleted, and signing in anew works', async () => {
    const browser = await story.signedIn()
    const before = await records()
    const cookie = browser.cookie('coatcheck')
    if (!cookie) throw new Error('nobody is signed in')
    const secret = decodeURIComponent(cookie.value).slice(2, 45)
    const [key = ''] = deriveCookieKeys([new Secret(NEW)], createNamespace({ baseUrl: story.origin, clientId: 'coatcheck' }))
    const signature = createHmac('sha256', key).update(secret).digest('base64').replace(/=+$/, '')
    browser.jar.put({ ...cookie, value: encodeURIComponent(`s:${secret}.${signature}`) })

    expect(await verdictsAt(dropped, browser)).toEqual(['record_unreadable', 'record_unreadable'])
    const there = movedTo(dropped, browser)
    const answer = await there.fetch(`${story.origin}/api/x`)
    expect([answer.status, Number(answer.headers['retry-after']) > 0, answer.setCookies]).toEqual([503, true, []])
    const logout = await there.fetch(`${story.origin}/bff/logout`, { method: 'POST' })
    expect([logout.status, logout.setCookies]).toEqual([503, []])
    expect(await records()).toEqual(before)
    expect(await verdictsAt(moved, browser)).toEqual(['in', 'in'])

    await story.signIn(there)
    expect(await verdictsAt(dropped, there)).toEqual(['in', 'in'])
    expect((await records()).map(([name]) => name)).toEqual(expect.arrayContaining(before.map(([name]) => name)))
  })
})

describe('two applications with the same keys and the same Redis', () => {
  test('see nothing of each other: no session, no login, no record', async () => {
    const other = await tellScriptedStory({ COATCHECK_STORE: redis.url, COATCHECK_SECRETS: OLD })
    const client = await instance(OLD, { COATCHECK_CLIENT_ID: 'another-client' })
    try {
      const browser = await story.signedIn()
      const secret = browser.cookie('coatcheck')
      if (!secret) throw new Error('nobody is signed in')
      const stranger = await other.openBrowser()
      stranger.jar.put(secret)
      expect((await stranger.fetch(`${other.origin}/bff/session`)).json()).toMatchObject({ authenticated: false, reason: 'none' })
      expect((await stranger.fetch(`${other.origin}/api/x`)).headers['coatcheck-reason']).toBe('none')
      expect(await verdictsAt(client, browser)).toEqual(['none', 'none'])

      const begun = await browser.navigate(`${story.origin}/bff/login`, { from: `${story.origin}/`, follow: false })
      const callback = await story.provider.authorize(begun.headers.location ?? '')
      for (const gateway of [other.gateway, client]) {
        const there = createBrowser({ hosts: { localhost: { host: '127.0.0.1', port: gateway.port } } })
        for (const cookie of browser.jar.all()) there.jar.put(cookie)
        const url = `${gateway === client ? story.origin : other.origin}/bff/callback?${callback.toString()}`
        expect((await there.navigate(url, { from: `${story.provider.issuer}/`, follow: false })).status).toBe(400)
      }
      await other.signedIn()
      const names = [
        { baseUrl: story.origin, clientId: 'coatcheck' },
        { baseUrl: other.origin, clientId: 'coatcheck' },
        { baseUrl: story.origin, clientId: 'another-client' },
      ].map((app) => createNamespace(app))
      expect(new Set(names).size).toBe(3)
      for (const key of (await redis.dump()).keys())
        expect([key, names.some((name) => key.startsWith(`${name}:`))]).toEqual([key, true])
    } finally {
      await client.stop()
      await other.stop()
    }
  })
})
