import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import { startGateway } from '../support/gateway.ts'
import { movedTo } from '../support/moved-to.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

let redis: RedisServer
let story: Story<ScriptedProvider>
const GRACE = '2s'
beforeAll(async () => {
  redis = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] })
  story = await tellScriptedStory({ COATCHECK_STORE: redis.url, COATCHECK_STORE_OUTAGE_GRACE: GRACE })
})
afterAll(async () => {
  await story.stop()
  await redis.stop()
})

/** Somebody who is signed in, whatever weather the test before has left behind. */
async function signedIn(): Promise<Browser> {
  let browser = await story.signedIn()
  await until('somebody is signed in', async () => {
    if (browser.cookie('coatcheck')) return true
    browser = await story.signedIn()
    return false
  })
  return browser
}

const api = (browser: Browser) => browser.fetch(`${story.origin}/api/x`)
const logout = (browser: Browser) => browser.fetch(`${story.origin}/bff/logout`, { method: 'POST' })
const session = (browser: Browser) => browser.fetch(`${story.origin}/bff/session`)

/** 503 with a date to come back, the cookie untouched: nobody was told that they are signed out. */
async function expectWeather(
  browser: Browser,
  ask: (
    browser: Browser,
  ) => Promise<{ status: number; headers: Record<string, unknown>; setCookies: readonly unknown[]; json: () => unknown }>,
) {
  const before = browser.cookie('coatcheck')?.value
  const answer = await ask(browser)
  expect(answer.status).toBe(503)
  expect(answer.json()).toMatchObject({ code: 'store_unavailable' })
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  expect(answer.setCookies).toEqual([])
  expect(browser.cookie('coatcheck')?.value).toBe(before)
}

describe('while Redis is frozen', () => {
  test('sessions that are known carry on for the grace, all others get 503 soon, and afterwards all go on', async () => {
    const [known, unknown] = [await signedIn(), await signedIn()]
    expect((await api(known)).status).toBe(200)
    const { origin } = story
    const stranger = await story.openBrowser()
    redis.freeze()
    try {
      await expectWeather(unknown, api)
      await expectWeather(unknown, session)
      expect((await api(known)).status).toBe(200)
      expect((await api(stranger)).status).toBe(401)
      const login = await stranger.navigate(`${origin}/bff/login`, { from: `${origin}/`, follow: false })
      expect([login.status, login.text.includes('you are not signed out')]).toEqual([503, true])
      await until('the grace is over', async () => (await api(known)).status === 503)
      await expectWeather(known, api)
      expect((await known.fetch(`${origin}/bff/logout`, { method: 'POST' })).status).toBe(503)
    } finally {
      redis.thaw()
    }
    await until('Redis is back', async () => (await api(unknown)).status === 200)
    expect((await api(known)).status).toBe(200)
    expect((await session(known)).json()).toMatchObject({ authenticated: true })
  })
})

describe('while Redis has been frozen for so long that changes would not be heard', () => {
  test('sessions that are known carry on all the same, for as long as the grace says', async () => {
    const patient = await tellScriptedStory({ COATCHECK_STORE: redis.url, COATCHECK_STORE_OUTAGE_GRACE: '60s' })
    try {
      const known = await patient.signedIn()
      const call = () => known.fetch(`${patient.origin}/api/x`)
      expect((await call()).status).toBe(200)
      redis.freeze()
      try {
        await until('the loss is noticed', () => patient.gateway.logs('store_state').at(-1)?.['state'] === 'lost')
        expect((await call()).status).toBe(200)
      } finally {
        redis.thaw()
      }
    } finally {
      await patient.stop()
    }
  })
})

describe('while Redis is down', () => {
  test('it answers 503 at once and says so in the log, not for each request; sessions that Redis lost with it are over, and new ones begin', async () => {
    const browser = await signedIn()
    const states = () => story.gateway.logs('store_state').map(({ state }) => state)
    await until('the log says that Redis is there', () => states().at(-1) === 'connected')
    const before = states().length
    await redis.kill()
    const other = await story.openBrowser()
    const cookie = browser.cookie('coatcheck')
    if (cookie) other.jar.put(cookie)
    await until('the loss is noticed', async () => (await session(other)).status === 503)
    for (let call = 0; call < 10; call += 1) await session(other)
    await redis.start()
    await until('Redis is back', async () => (await session(browser)).status === 200)
    expect((await session(browser)).json()).toMatchObject({ authenticated: false })
    // Once for each cause: the connection that went away, the address that refuses.
    expect(states().slice(before).join(' ')).toMatch(/^(?:lost ){1,2}connected$/)
    expect((await (await signedIn()).fetch(`${story.origin}/api/x`)).status).toBe(200)
  })
})

describe('while Redis takes no writes', () => {
  test.each([
    ['since it is full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['since it became a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
  ])('%s, those who are signed in stay so, and who wants to sign in is asked to wait', async (_, begin, end) => {
    const browser = await signedIn()
    expect((await api(browser)).status).toBe(200)
    await redis.command(...begin)
    try {
      expect((await api(browser)).status).toBe(200)
      expect((await session(browser)).json()).toMatchObject({ authenticated: true })
      const stranger = await story.openBrowser()
      const page = await story.signIn(stranger)
      expect(page.status).toBe(503)
      expect(page.text).toContain('you are not signed out')
    } finally {
      await redis.command(...end)
    }
    await until('writes are taken again', async () => (await story.signIn(await story.openBrowser())).status === 404)
    expect((await api(browser)).status).toBe(200)
  })
})

describe('signing out', () => {
  test('works while Redis is full: ending a session needs no room', async () => {
    const browser = await signedIn()
    const cookie = browser.cookie('coatcheck')
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    try {
      expect((await logout(browser)).status).toBe(200)
      const replayed = await browser.fetch(`${story.origin}/api/x`, { headers: { Cookie: `coatcheck=${cookie?.value}` } })
      expect(replayed.status).toBe(401)
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', '0')
    }
  })

  test('is 503 while Redis takes no writes at all, and works when it does again', async () => {
    const browser = await signedIn()
    await redis.command('REPLICAOF', '127.0.0.1', '1')
    try {
      await expectWeather(browser, logout)
    } finally {
      await redis.command('REPLICAOF', 'NO', 'ONE')
    }
    await until('it works again', async () => (await logout(browser)).status === 200)
    expect((await session(browser)).json()).toMatchObject({ authenticated: false })
  })

  test('whose answer was lost on the way has happened whole: nothing of the session is left to come back', async () => {
    // Redis knows the script of endings from now on: one that it has to ask for again would come too late, and end nothing.
    await logout(await signedIn())
    const before = new Set((await redis.dump()).keys())
    const browser = await signedIn()
    const records = [...(await redis.dump()).keys()].filter((key) => !before.has(key) && key.includes('{'))
    const ended = (records[0] ?? '').replace(/:\w+$/, ':ended')
    // Shorter than what makes a heartbeat late, which would take the ending along with its connection.
    const hasty = await startGateway({
      ...story.gateway.env,
      COATCHECK_LISTEN: '127.0.0.1:0',
      COATCHECK_STORE_DEADLINE: '200ms',
    })
    await hasty.ready()
    const there = movedTo(hasty, browser)
    await redis.command('CLIENT', 'PAUSE', '60000', 'WRITE')
    try {
      expect((await logout(there)).status).toBe(503)
    } finally {
      await redis.command('CLIENT', 'UNPAUSE')
    }
    await until('the ending has arrived', async () => (await redis.dump()).has(ended))
    await hasty.stop()
    const after = new Set((await redis.dump()).keys())
    expect(records.filter((key) => after.has(key))).toEqual([])
    expect((await session(browser)).json()).toMatchObject({ authenticated: false, reason: 'signed_out' })
  })
})

describe('while the provider is away', () => {
  test('the gateway starts, is alive and not ready, and a login says so; it is ready when the provider comes', async () => {
    const { provider, openBrowser, origin, gateway } = story
    await provider.pause()
    const later = await startGateway({ ...gateway.env, COATCHECK_LISTEN: '127.0.0.1:0' })
    try {
      expect((await fetch(`${later.privateUrl}/healthz`)).status).toBe(200)
      expect((await fetch(`${later.privateUrl}/readyz`)).status).toBe(503)
      const headers = {
        Host: new URL(origin).host,
        'Sec-Fetch-Site': 'none',
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Dest': 'document',
      }
      const login = await requestAt(later.port, '/bff/login', headers)
      expect(login.status).toBe(503)
      expect(login.text).toContain('The sign-in service cannot be reached at the moment.')
      await provider.resume()
      await later.ready()
      expect((await requestAt(later.port, '/bff/login', headers)).status).toBe(303)
    } finally {
      await later.stop()
    }
    expect((await story.signIn(await openBrowser(), '/x')).url).toBe(`${origin}/x`)
  })
})

async function requestAt(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
      .on('error', reject)
      .end()
  })
}
