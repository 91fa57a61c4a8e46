import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

let story: Story<ScriptedProvider>
beforeAll(async () => {
  story = await tellScriptedStory()
})
afterAll(() => story.stop())

/** Another port of the same host: on the same site, so that browsers send our cookie along. */
const SIBLING = 'http://localhost:1/'

describe('what acts on a session', () => {
  test.each([
    ['/bff/session', 'GET'],
    ['/bff/session/extend', 'POST'],
    ['/bff/logout', 'POST'],
    ['/api/x', 'GET'],
  ])('is refused without proof that it comes from the application, from siblings too: %s', async (path, method) => {
    const { origin, signedIn } = story
    const browser = await signedIn()
    const url = origin + path
    for (const how of [
      { method, csrf: false, headers: { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' } },
      { method, from: SIBLING, credentials: 'include' as const },
      { method, from: 'https://evil.example/', credentials: 'include' as const },
      // A form's exact `Origin` is proof enough for signing out, whatever the header says.
      ...(path === '/bff/logout' ? [] : [{ method, headers: { 'X-CSRF': '0' } }]),
    ]) {
      const answer = await browser.fetch(url, how)
      expect([answer.status, (answer.json() as { code: string }).code]).toEqual([403, 'request_forged'])
      if (how.from === SIBLING) expect(answer.sent['Cookie']).toContain('coatcheck=')
      expect(answer.setCookies).toEqual([])
    }
    expect((await browser.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
  })

  test('is told to be missing where nobody is signed in, and what only asks is not', async () => {
    const { origin, openBrowser } = story
    const browser = await openBrowser()
    const extend = await browser.fetch(`${origin}/bff/session/extend`, { method: 'POST' })
    expect([extend.status, extend.headers['coatcheck-reason']]).toEqual([401, 'none'])
    expect((await browser.fetch(`${origin}/bff/session`)).status).toBe(200)
  })

  test('is answered anew each time: by no cache, and with no mark that a cache could ask by', async () => {
    const { origin, signedIn } = story
    const { headers } = await (await signedIn()).fetch(`${origin}/bff/session`)
    expect([headers['cache-control'], headers.etag, headers['x-powered-by']]).toEqual(['no-store', undefined, undefined])
  })
})

describe('asking who is signed in', () => {
  test('extends nothing; answering that somebody is there does', async () => {
    const { origin, signedIn } = story
    const browser = await signedIn()
    const idleAt = async (path: string, method: string) =>
      Date.parse(((await browser.fetch(origin + path, { method })).json() as { idleExpiresAt: string }).idleExpiresAt)
    const first = await idleAt('/bff/session', 'GET')
    await until('time has passed', () => Date.now() > first - 3_600_000 + 20)
    expect(await idleAt('/bff/session', 'GET')).toBe(first)
    expect(await idleAt('/bff/session/extend', 'POST')).toBeGreaterThan(first)
  })
})

describe('a login', () => {
  test('is not started by a sibling’s link, and two targets are none', async () => {
    const { origin, openBrowser } = story
    const browser = await openBrowser()
    const page = await browser.navigate(`${origin}/bff/login?returnTo=/x`, { from: SIBLING, follow: false })
    expect([page.status, page.text.includes('/bff/assets/continue.js'), page.setCookies]).toEqual([200, true, []])
    const two = await browser.navigate(`${origin}/bff/login?returnTo=/x&returnTo=/y`, { from: SIBLING, follow: false })
    expect(two.text).toContain('href="/bff/login?returnTo=%2F"')
  })

  test('for which the provider asked nobody anew, although that was demanded, signs nobody in', async () => {
    const { origin, openBrowser, provider } = story
    const browser = await openBrowser()
    provider.script.claims = (honest) => ({ ...honest, auth_time: Math.floor(Date.now() / 1_000) - 86_400 })
    const page = await browser.navigate(`${origin}/bff/login?maxAge=60`, { from: `${origin}/` })
    delete provider.script.claims
    expect(page.status).toBe(502)
    expect((await browser.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: false })
  })
})

describe('the way on to the provider after a logout', () => {
  test('is for a page that is opened: no script, frame or prefetch gets to the id token, or uses it up', async () => {
    const { origin, signedIn, provider } = story
    const browser = await signedIn()
    const { continue: next } = (await browser.fetch(`${origin}/bff/logout`, { method: 'POST' })).json() as { continue: string }
    const asked = [
      await browser.fetch(origin + next),
      await browser.navigate(origin + next, {
        from: `${origin}/`,
        follow: false,
        headers: { 'Sec-Fetch-Dest': 'iframe' },
      }),
      await browser.navigate(origin + next, { from: `${origin}/`, follow: false, headers: { 'Sec-Purpose': 'prefetch' } }),
      await browser.fetch(`${origin}/bff/logout/callback`),
    ]
    for (const { status, headers } of asked) expect([status, headers.location]).toEqual([403, undefined])
    const leave = await browser.navigate(origin + next, { from: `${origin}/`, follow: false })
    expect([leave.status, new URL(leave.headers.location ?? '').origin]).toEqual([303, provider.issuer])
  })
})

describe('a gateway that stops', () => {
  test('waits for the tokens that are being revoked', async () => {
    const there = await tellScriptedStory()
    const release = Promise.withResolvers<void>()
    there.provider.script.revocation = () => (response) => void release.promise.then(() => response.end())
    const browser = await there.signedIn()
    await browser.fetch(`${there.origin}/bff/logout`, { method: 'POST' })
    await until('the first is being revoked', () => there.provider.count('revocation') === 1)
    const stopped = there.gateway.stop().then(() => there.provider.count('revocation'))
    await until('nobody is let in', async () => {
      const ready = await fetch(`${there.gateway.privateUrl}/readyz`).catch(() => undefined)
      return ready?.status !== 200
    })
    release.resolve()
    expect(await stopped).toBe(2)
    await there.stop()
  })
})
