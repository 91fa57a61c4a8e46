import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

const KINDS = [
  'session',
  'grant',
  'seen',
  'about',
  'ended',
  'before',
  'lease',
  'user:*',
  'idp:*',
  'login:*',
  'limit:*',
  'logout:*',
]
let redis: RedisServer
let story: Story<ScriptedProvider>
beforeAll(async () => {
  redis = await startRedis()
  story = await tellScriptedStory({ COATCHECK_STORE: redis.url })
})
afterAll(async () => {
  await story.stop()
  await redis.stop()
})

/** While `work` runs, Redis refuses every command on records of this kind. */
async function without<Done>(kind: string, work: () => Promise<Done>): Promise<Done> {
  const others = KINDS.filter((each) => each !== kind).map((each) => `~*:${each}`)
  await redis.command('ACL', 'SETUSER', 'default', 'resetkeys', ...others)
  try {
    return await work()
  } finally {
    await redis.command('ACL', 'SETUSER', 'default', 'allkeys')
  }
}

async function upToCallback(browser: Browser, returnTo = '/after') {
  const place = `${story.origin}/bff/login?returnTo=${returnTo}`
  const begun = await browser.navigate(place, { from: `${story.origin}/`, follow: false })
  return `${story.origin}/bff/callback?${(await story.provider.authorize(begun.headers.location ?? '')).toString()}`
}

const open = (browser: Browser, callback: string) =>
  browser.navigate(callback, { from: `${story.provider.issuer}/`, follow: false })

describe('a login that the store does not keep', () => {
  test.each(['session', 'grant', 'user:*', 'idp:*'])(
    'leaves no cookie, and a page that leads to another try: %s',
    async (kind) => {
      const browser = await story.openBrowser()
      const callback = await upToCallback(browser, '/deep')
      const page = await without(kind, () => open(browser, callback))
      expect(page.status).toBe(503)
      expect(Number(page.headers['retry-after'])).toBeGreaterThan(0)
      expect(page.text).toContain('href="/bff/login?returnTo=%2Fdeep"')
      expect(page.setCookies.map(({ name }) => name)).not.toContain('coatcheck')
      expect(browser.cookie('coatcheck')).toBeUndefined()
      expect((await browser.fetch(`${story.origin}/bff/session`)).json()).toMatchObject({ authenticated: false, reason: 'none' })
      expect(story.gateway.logs('login_finished').at(-1)).toMatchObject({ outcome: 'unavailable' })
      expect((await story.signIn(browser, '/deep')).url).toBe(`${story.origin}/deep`)
    },
  )

  test('leaves no tokens behind at the provider', async () => {
    const browser = await story.openBrowser()
    const callback = await upToCallback(browser)
    const before = story.provider.count('revocation')
    await without('grant', () => open(browser, callback))
    await until('both tokens are revoked', () => story.provider.count('revocation') === before + 2)
  })

  test('leaves the session of before as it was', async () => {
    const browser = await story.signedIn()
    const callback = await upToCallback(browser)
    expect((await without('session', () => open(browser, callback))).status).toBe(503)
    expect((await browser.fetch(`${story.origin}/api/x`)).status).toBe(200)
  })

  test('does not begin at the provider', async () => {
    const browser = await story.openBrowser()
    const place = `${story.origin}/bff/login`
    const page = await without('login:*', () => browser.navigate(place, { from: `${story.origin}/`, follow: false }))
    expect([page.status, page.headers.location, page.setCookies]).toEqual([503, undefined, []])
  })

  test('does not begin either where the session of before cannot be looked for: it would never end', async () => {
    const browser = await story.signedIn()
    const place = `${story.origin}/bff/login`
    const page = await without('session', () => browser.navigate(place, { from: `${story.origin}/`, follow: false }))
    expect([page.status, page.headers.location, page.setCookies]).toEqual([503, undefined, []])
    expect((await browser.fetch(`${story.origin}/api/x`)).status).toBe(200)
  })

  test('but for what comes after it, is a login all the same', async () => {
    const browser = await story.openBrowser()
    const callback = await upToCallback(browser)
    const page = await without('limit:*', () => open(browser, callback))
    expect([page.status, page.headers.location]).toEqual([303, '/after'])
    expect((await browser.fetch(`${story.origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
    expect(story.gateway.logs('store_warning').at(-1)).toMatchObject({ note: expect.stringContaining('after a login') })
  })
})

describe('a callback while Redis is frozen', () => {
  test('gets a page soon that leads to another try, keeps who is signed in, and the other try works', async () => {
    const browser = await story.signedIn()
    const callback = await upToCallback(browser)
    const redeemed = story.provider.count('token')
    redis.freeze()
    try {
      const page = await open(browser, callback)
      expect(page.status).toBe(503)
      expect(page.text).toContain('href="/bff/login')
      expect(page.setCookies).toEqual([])
      expect(story.provider.count('token')).toBe(redeemed)
    } finally {
      redis.thaw()
    }
    await until('Redis is back', async () => (await browser.fetch(`${story.origin}/bff/session`)).status === 200)
    expect((await browser.fetch(`${story.origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
    expect((await story.signIn(browser, '/again')).url).toBe(`${story.origin}/again`)
  })
})

describe('signing out while the store keeps little', () => {
  test('ends the session and revokes its tokens, though the way on to the provider cannot be kept', async () => {
    const browser = await story.signedIn()
    const before = story.provider.count('revocation')
    const answer = await without('logout:*', () => browser.fetch(`${story.origin}/bff/logout`, { method: 'POST' }))
    expect([answer.status, answer.json()]).toEqual([200, { continue: '/bff/logout/callback' }])
    expect(browser.cookie('coatcheck')).toBeUndefined()
    await until('both tokens are revoked', () => story.provider.count('revocation') === before + 2)
  })

  test('says that it did not happen where it could not be written down, and keeps the cookie', async () => {
    const browser = await story.signedIn()
    const answer = await without('ended', () => browser.fetch(`${story.origin}/bff/logout`, { method: 'POST' }))
    expect([answer.status, answer.setCookies]).toEqual([503, []])
    expect((await browser.fetch(`${story.origin}/api/x`)).status).toBe(200)
  })
})
