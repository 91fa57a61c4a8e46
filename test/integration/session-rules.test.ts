import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { createStops } from '../support/stops.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'
import { startUpstream } from '../support/upstream.ts'
import { openWebSocket } from '../support/web-socket-client.ts'

const running = createStops()
afterEach(running.stopAll)

type Claims = Readonly<Record<string, unknown>>

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

async function withRules(rules: readonly object[], env: Readonly<Record<string, string>> = {}): Promise<Story<ScriptedProvider>> {
  const story = await tellScriptedStory({ COATCHECK_STORE: redis.url, COATCHECK_SESSION_RULES: JSON.stringify(rules), ...env })
  running.add(story.stop)
  return story
}

async function signedInWith({ provider, signedIn }: Story<ScriptedProvider>, claims: Claims): Promise<Browser> {
  provider.script.claims = (honest) => ({ ...honest, ...claims })
  return signedIn()
}

/** Milliseconds from its beginning until a session is idle, and until it ends whatever happens. */
async function times(browser: Browser, { origin }: Story<ScriptedProvider>): Promise<readonly [number, number]> {
  const said = (await browser.fetch(`${origin}/bff/session`)).json() as Readonly<Record<string, string>>
  const [begun = 0, idle = 0, absolute = 0] = ['createdAt', 'idleExpiresAt', 'absoluteExpiresAt'].map((name) =>
    Date.parse(said[name] ?? ''),
  )
  return [idle - begun, absolute - begun]
}

const call = async (browser: Browser, { origin }: Story<ScriptedProvider>) => {
  const { status, headers } = await browser.fetch(`${origin}/api/x`)
  return headers['coatcheck-reason'] ?? status
}

const MINUTE = 60_000
const ADMIN = { claim: 'roles', value: 'admin', idleTimeout: '15m' }
const HIGH = { claim: 'acr', value: 'urn:high', idleTimeout: '5m', absoluteTimeout: '1h' }

describe('rules of session times', () => {
  test('go by claims that no page is shown, and the strictest of all that match counts', async () => {
    const story = await withRules([ADMIN, HIGH])
    const user = await signedInWith(story, { roles: ['user'] })
    const admin = await signedInWith(story, { roles: ['user', 'admin'] })
    const both = await signedInWith(story, { roles: 'admin', acr: 'urn:high' })
    expect(await times(user, story)).toEqual([60 * MINUTE, 720 * MINUTE])
    expect(await times(admin, story)).toEqual([15 * MINUTE, 720 * MINUTE])
    expect(await times(both, story)).toEqual([5 * MINUTE, 60 * MINUTE])
    expect((await both.fetch(`${story.origin}/bff/session`)).text).not.toMatch(/urn:high|roles/)
  })

  test('go by userinfo too, where that is asked', async () => {
    const story = await withRules([ADMIN], { COATCHECK_PROVIDER_USERINFO: 'true' })
    story.provider.script.userinfo = (honest) => ({ ...honest, roles: ['admin'] })
    expect(await times(await story.signedIn(), story)).toEqual([15 * MINUTE, 720 * MINUTE])
  })

  test('end what nobody uses at its own idle time, in both lanes and on lists, and leave the others', async () => {
    const story = await withRules([{ claim: 'roles', value: 'admin', idleTimeout: '2s' }])
    const user = await signedInWith(story, { sid: 'sid-1', roles: [] })
    const admin = await signedInWith(story, { sid: 'sid-2', roles: ['admin'] })
    const listed = async () =>
      ((await user.fetch(`${story.origin}/bff/sessions`)).json() as { sessions: readonly unknown[] }).sessions.length
    expect([await call(user, story), await call(admin, story), await listed()]).toEqual([200, 200, 2])
    await until('nobody else is listed', async () => (await listed()) === 1)
    const said = (await admin.fetch(`${story.origin}/bff/session`)).json()
    expect(said).toMatchObject({ authenticated: false, reason: 'idle' })
    expect([await call(user, story), await call(admin, story)]).toEqual([200, 'idle'])
  })

  test('let no record of a session be kept for longer than two of its own idle times', async () => {
    const story = await withRules([HIGH])
    const before = new Set((await redis.command('KEYS', '*{*')) as readonly string[])
    await signedInWith(story, { acr: 'urn:high' })
    const names = ((await redis.command('KEYS', '*{*')) as readonly string[]).filter((name) => !before.has(name))
    const kinds = names.map((name) => name.slice(name.lastIndexOf(':') + 1)).toSorted()
    expect(kinds).toEqual(['about', 'grant', 'seen', 'session'])
    for (const name of names) {
      const most = (name.endsWith(':seen') ? 5 : 10) * MINUTE
      expect(Number(await redis.command('PTTL', name))).toBeLessThanOrEqual(most)
    }
  })

  test('end what is used at its own absolute time', async () => {
    const story = await withRules([{ claim: 'acr', value: 'urn:high', absoluteTimeout: '3s' }])
    const user = await signedInWith(story, { acr: 'urn:low' })
    const high = await signedInWith(story, { acr: 'urn:high' })
    expect(await call(high, story)).toBe(200)
    await until('its time is over', async () => (await call(high, story)) !== 200)
    expect([await call(user, story), await call(high, story)]).toEqual([200, 'expired'])
  })

  test('close a WebSocket whose session has become idle by them', async () => {
    const api = await startUpstream()
    running.add(() => api.close())
    const story = await withRules([{ claim: 'roles', value: 'admin', idleTimeout: '2s' }], {
      COATCHECK_ROUTES: JSON.stringify([{ prefix: '/ws/', upstream: `${api.origin}/`, webSocket: true }]),
    })
    const admin = await signedInWith(story, { roles: ['admin'] })
    const { origin, gateway } = story
    const cookie = `coatcheck=${admin.cookie('coatcheck')?.value}`
    const socket = await openWebSocket(gateway.port, { path: '/ws/echo', host: new URL(origin).host, origin, cookie })
    expect(await socket.ended()).toEqual({ code: 4401, reason: 'idle' })
  })

  test('make a session stricter when a refresh brings a new claim, and never looser when one is left out', async () => {
    const story = await withRules([ADMIN, { claim: 'roles', value: 'clerk', idleTimeout: '30m' }])
    const { provider } = story
    // Renewed with every call.
    provider.script.token = (honest) => ({ ...honest, expires_in: 1 })
    const browser = await signedInWith(story, { roles: ['clerk'] })
    const idle = async () => {
      const refreshes = () => story.gateway.metric('coatcheck_token_refreshes_total', { outcome: 'refreshed' })
      const before = await refreshes()
      // Twice: one may have been under way, with what the provider said before.
      await until('it is refreshed', async () => {
        expect(await call(browser, story)).toBe(200)
        return (await refreshes()) >= before + 2
      })
      const [, deadline] = [await call(browser, story), (await browser.fetch(`${story.origin}/bff/session`)).json()]
      const { idleExpiresAt = '', now = '' } = deadline as Record<string, string>
      return Math.round((Date.parse(idleExpiresAt) - Date.parse(now)) / MINUTE)
    }
    expect(await idle()).toBe(30)
    provider.script.claims = (honest) => ({ ...honest, roles: ['clerk', 'admin'] })
    expect(await idle()).toBe(15)
    provider.script.claims = (honest) => honest
    expect(await idle()).toBe(15)
  })
})
