import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { logoutToken, sendLogout } from '../support/logout-token.ts'
import { movedTo } from '../support/moved-to.ts'
import { openRaw } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { openWebSocket } from '../support/web-socket-client.ts'

let redis: RedisServer
let api: Upstream
let story: Story<ScriptedProvider>
/** Another instance, whose clock can be put forward. */
let other: TestGateway
const clock = { ahead: 0 }
/** A browser that is signed in, what it sent before its step-up, and the same browser at the other instance. */
let browser: Browser
let old: string
let released: PromiseWithResolvers<void>

beforeAll(async () => {
  redis = await startRedis()
  api = await startUpstream({
    '/slow': async (_, response) => {
      await released.promise
      response.end('served')
    },
  })
  const routes = [
    { prefix: '/api/', upstream: `${api.origin}/` },
    { prefix: '/ws/', upstream: `${api.origin}/`, webSocket: true },
    { prefix: '/stream/', upstream: `${api.origin}/`, proof: 'same-origin' },
  ]
  story = await tellScriptedStory({ COATCHECK_STORE: redis.url, COATCHECK_ROUTES: JSON.stringify(routes) })
  const env = { ...story.gateway.env, COATCHECK_LISTEN: '127.0.0.1:0' }
  other = await startGateway(env, { now: () => Date.now() + clock.ahead })
  await other.ready()
})
afterAll(async () => {
  await other.stop()
  await story.stop()
  await api.close()
  await redis.stop()
})
beforeEach(async () => {
  released = Promise.withResolvers()
  clock.ahead = 0
  delete story.provider.script.claims
  browser = await story.signedIn()
  old = cookieOf(browser)
})

const cookieOf = (one: Browser) => `coatcheck=${one.cookie('coatcheck')?.value}`
const stepUp = () => browser.navigate(`${story.origin}/bff/login?acrValues=loa2`, { from: `${story.origin}/` })

/** What a call with a cookie comes to, at either instance. */
async function called(gateway: TestGateway, cookie: string, path = '/api/x'): Promise<string> {
  const { status, headers } = await movedTo(gateway, browser).fetch(story.origin + path, { headers: { Cookie: cookie } })
  return status === 401 ? String(headers['coatcheck-reason']) : String(status)
}
const everywhere = (cookie: string) => Promise.all([story.gateway, other].map((gateway) => called(gateway, cookie)))
const state = async (cookie: string) =>
  (await browser.fetch(`${story.origin}/bff/session`, { headers: { Cookie: cookie } })).json() as Record<string, string>

describe('a person who steps up', () => {
  test('has a new id, and the age and the end of the session of before', async () => {
    const before = await state(old)
    const { jar } = browser
    await stepUp()
    expect(jar.all().filter(({ name }) => name === 'coatcheck')).toHaveLength(1)
    expect(cookieOf(browser)).not.toBe(old)
    const { authenticated, createdAt, absoluteExpiresAt } = await state(cookieOf(browser))
    expect([authenticated, createdAt, absoluteExpiresAt]).toEqual([true, before['createdAt'], before['absoluteExpiresAt']])
    const { sessions } = (await browser.fetch(`${story.origin}/bff/sessions`)).json() as { sessions: { current: boolean }[] }
    expect(sessions.filter(({ current }) => current)).toHaveLength(1)
    const late = await browser.fetch(`${story.origin}/bff/sessions`, { headers: { Cookie: old } })
    expect(late.json()).toEqual({ sessions })
    const name = expect.stringMatching(/^[\w-]{12}$/)
    expect(story.gateway.logs('session_rotated').at(-1)).toMatchObject({
      audit: true,
      session: name,
      predecessor: name,
      acr: 'loa2',
    })
  })

  test('loses no request that is on its way, nor one that comes yet with the old cookie, in any instance', async () => {
    const before = api.requests.length
    const slow = Array.from({ length: 20 }, (_, index) => called(index % 2 ? story.gateway : other, old, '/api/slow'))
    await api.until(() => api.requests.length === before + 20)
    const rest = new AbortController()
    const during = Array.from({ length: 4 }, async (_, index) => {
      const results: string[] = []
      while (!rest.signal.aborted) results.push(await called(index % 2 ? story.gateway : other, old))
      return results
    })
    await stepUp()
    rest.abort()
    released.resolve()
    expect(new Set([...(await Promise.all(slow)), ...(await Promise.all(during)).flat()])).toEqual(new Set(['200']))
    expect(await everywhere(old)).toEqual(['200', '200'])
    expect(await everywhere(cookieOf(browser))).toEqual(['200', '200'])
  })

  test('has left the old session when ten seconds are over, wherever it is asked for', async () => {
    await stepUp()
    expect(await everywhere(old)).toEqual(['200', '200'])
    clock.ahead = 10_000
    expect(await called(other, old)).toBe('replaced')
    expect(await called(other, cookieOf(browser))).toBe('200')
  })

  test('has what they had open ended then, as replaced, so that their pages connect anew', async () => {
    const asked = { path: '/ws/echo', host: new URL(story.origin).host, origin: story.origin, cookie: old }
    const socket = await openWebSocket(other.port, asked)
    const stream = await openRaw(other.port)
    const headers = `Host: ${asked.host}\r\nCookie: ${old}\r\nSec-Fetch-Site: same-origin\r\nConnection: close`
    stream.write(`GET /stream/events HTTP/1.1\r\n${headers}\r\nAccept: text/event-stream\r\n\r\n`)
    await stream.until('data: first\n\n')
    await stepUp()
    socket.send('still here')
    await socket.received(1)
    clock.ahead = 10_000
    expect(await socket.ended()).toEqual({ code: 4401, reason: 'replaced' })
    expect(await stream.closed()).toContain('event: ended\ndata: {"reason":"replaced"}\n\n')
    const next = await openWebSocket(other.port, { ...asked, cookie: cookieOf(browser) })
    next.raw.destroy()
  })

  test('and signs out at once is signed out with either cookie, in every instance', async () => {
    await stepUp()
    const cookie = cookieOf(browser)
    expect(await everywhere(old)).toEqual(['200', '200'])
    await browser.fetch(`${story.origin}/bff/logout`, { method: 'POST' })
    for (const each of [old, cookie])
      await until('both instances know', async () => (await everywhere(each)).every((said) => said === 'signed_out'))
  })

  test('and signs out with the old cookie has signed out of both', async () => {
    await stepUp()
    const cookie = cookieOf(browser)
    await browser.fetch(`${story.origin}/bff/logout`, { method: 'POST', headers: { Cookie: old } })
    for (const each of [old, cookie])
      await until('both instances know', async () => (await everywhere(each)).every((said) => said === 'signed_out'))
  })

  test('and is signed out by the provider is so with either cookie', async () => {
    await stepUp()
    const cookie = cookieOf(browser)
    await sendLogout(story.origin, await logoutToken(story.provider))
    for (const each of [old, cookie])
      await until('both instances know', async () => (await everywhere(each)).every((said) => said === 'ended_by_provider'))
  })

  test('and starts another sign-in with the old cookie leaves none of them behind', async () => {
    await stepUp()
    const second = cookieOf(browser)
    const from = `${story.origin}/`
    const begun = await browser.navigate(`${from}bff/login?acrValues=loa2`, { from, follow: false, headers: { Cookie: old } })
    await browser.navigate(begun.headers.location ?? '', { from })
    expect(await called(story.gateway, cookieOf(browser))).toBe('200')
    expect(await called(story.gateway, second)).toBe('replaced')
    const { createdAt = '', absoluteExpiresAt = '' } = await state(cookieOf(browser))
    expect(Date.parse(absoluteExpiresAt) - Date.parse(createdAt)).toBe(12 * 3_600_000)
  })

  test('in two tabs at once has one session in the end, and loses no request with any cookie of before', async () => {
    const from = `${story.origin}/`
    const begin = (query: string) => browser.navigate(`${from}bff/login${query}`, { from, follow: false })
    const begun = [await begin('?acrValues=loa2'), await begin('?acrValues=loa2'), await begin('')]
    const [first, second, third] = begun.map(({ headers }) => headers.location ?? '') as [string, string, string]
    await browser.navigate(first, { from })
    const between = cookieOf(browser)
    await browser.navigate(second, { from })
    const last = cookieOf(browser)
    for (const each of [old, between, last]) expect(await everywhere(each)).toEqual(['200', '200'])
    clock.ahead = 10_000
    for (const each of [old, between]) expect(await called(other, each)).toBe('replaced')
    expect(await called(other, last)).toBe('200')

    // One that asks for nothing ends what stands by then, and not what stood when it began.
    await browser.navigate(third, { from })
    expect([await called(story.gateway, last), await called(story.gateway, cookieOf(browser))]).toEqual(['replaced', '200'])
  })

  test('and ends all their other sessions with the old cookie keeps the new one', async () => {
    await stepUp()
    await browser.fetch(`${story.origin}/bff/sessions`, { method: 'DELETE', headers: { Cookie: old } })
    expect(await everywhere(cookieOf(browser))).toEqual(['200', '200'])
  })

  test('twice, and ends all their other sessions with the oldest cookie, keeps the newest', async () => {
    await stepUp()
    await stepUp()
    const shown = await browser.fetch(`${story.origin}/bff/sessions`, { headers: { Cookie: old } })
    const { sessions } = shown.json() as { sessions: { current: boolean }[] }
    expect(sessions.filter(({ current }) => current)).toHaveLength(1)
    await browser.fetch(`${story.origin}/bff/sessions`, { method: 'DELETE', headers: { Cookie: old } })
    expect(await everywhere(cookieOf(browser))).toEqual(['200', '200'])
  })

  test('is asked of the provider for nothing more with the old cookie: its refresh token is nobody’s', async () => {
    story.provider.script.token = (honest) => ({ ...honest, expires_in: 4 })
    try {
      browser = await story.signedIn()
      old = cookieOf(browser)
      await stepUp()
      const refreshes = () => story.provider.seen('token').filter(({ form }) => form.get('grant_type') === 'refresh_token').length
      const before = refreshes()
      clock.ahead = 3_000
      expect(await called(other, old)).toBe('200')
      clock.ahead = 5_000
      expect(await called(other, old)).toBe('replaced')
      expect(refreshes()).toBe(before)
    } finally {
      delete story.provider.script.token
    }
  })

  test('is held to how long ago they may have signed in: what is too old changes nothing', async () => {
    story.provider.script.claims = (honest) => ({ ...honest, auth_time: Number(honest['auth_time']) - 1_000 })
    const page = await browser.navigate(`${story.origin}/bff/login?maxAge=60`, { from: `${story.origin}/` })
    expect([page.status, page.text]).toEqual([502, expect.stringContaining('Sign-in did not work')])
    expect([cookieOf(browser), await everywhere(old)]).toEqual([old, ['200', '200']])
  })
})

describe('a person who may have one session at a time, and is remembered,', () => {
  test('steps up without losing a request, and is remembered still', async () => {
    const limited = { COATCHECK_SESSION_MOST_PER_PERSON: '1', COATCHECK_SESSION_REMEMBER_ME: 'offered' }
    const { origin, ...own } = await tellScriptedStory({ COATCHECK_STORE: redis.url, ...limited })
    try {
      const person = await own.openBrowser()
      const from = `${origin}/`
      await person.navigate(`${from}bff/login?remember=true`, { from })
      const [before, was] = [cookieOf(person), person.cookie('coatcheck')]
      await person.navigate(`${from}bff/login?acrValues=loa2`, { from })
      const late = await person.fetch(`${from}api/x`, { headers: { Cookie: before } })
      expect([late.status, (await person.fetch(`${from}api/x`)).status]).toEqual([200, 200])
      const is = person.cookie('coatcheck')
      expect([is?.value === was?.value, was?.expiresAt !== undefined, is?.expiresAt !== undefined]).toEqual([false, true, true])
    } finally {
      await own.stop()
    }
  })
})

describe('no step-up, and the session of before is replaced at once,', () => {
  test('is a sign-in that asks for nothing', async () => {
    await story.signIn(browser)
    expect(await called(story.gateway, old)).toBe('replaced')
    await until('both instances know', async () => (await everywhere(old)).every((said) => said === 'replaced'))
  })

  test('is the sign-in of another person', async () => {
    const before = await state(old)
    story.provider.script.claims = (honest) => ({ ...honest, sub: 'bob' })
    await stepUp()
    expect(await called(story.gateway, old)).toBe('replaced')
    await until('both instances know', async () => (await everywhere(old)).every((said) => said === 'replaced'))
    const { createdAt } = await state(cookieOf(browser))
    expect(createdAt).not.toBe(before['createdAt'])
  })
})
