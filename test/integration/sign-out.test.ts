import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { answers } from '../support/answers.ts'
import type { Browser } from '../support/browser.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

let story: Story<ScriptedProvider>
beforeAll(async () => {
  story = await tellScriptedStory()
})
afterAll(() => story.stop())

const signOut = async (browser: Browser) => {
  const answer = await browser.fetch(`${story.origin}/bff/logout`, { method: 'POST' })
  return { answer, next: (answer.json() as { continue: string }).continue }
}

describe('signing out', () => {
  test('ends the session at once, in every tab, deletes the cookie as it was set, and revokes both tokens', async () => {
    const { origin, signedIn, provider, upstream } = story
    const browser = await signedIn()
    const cookie = browser.cookie('coatcheck')
    await browser.fetch(`${origin}/api/x`)
    const [token] = upstream.last().values('authorization')
    const before = provider.count('revocation')

    const { answer } = await signOut(browser)
    expect(answer.status).toBe(200)
    expect(answer.setCookies).toContainEqual(
      expect.objectContaining({ name: 'coatcheck', value: '', httpOnly: true, sameSite: 'Strict', path: '/', domain: undefined }),
    )
    expect(browser.cookie('coatcheck')).toBeUndefined()

    const replayed = await browser.fetch(`${origin}/api/x`, { headers: { Cookie: `coatcheck=${cookie?.value}` } })
    expect([replayed.status, replayed.headers['coatcheck-reason']]).toEqual([401, 'signed_out'])
    await until('both tokens are revoked', () => provider.count('revocation') === before + 2)
    const revoked = provider
      .seen('revocation')
      .slice(before)
      .map(({ body }) => new URLSearchParams(body).get('token'))
    expect(revoked).toContain(token?.slice('Bearer '.length))
    expect(new Set(revoked).size).toBe(2)
  })

  test('goes on to the provider by a handle that works once, in that browser only, and no script sees the id token', async () => {
    const { origin, signedIn, provider, openBrowser } = story
    const browser = await signedIn()
    const { next, answer } = await signOut(browser)
    expect(next).toMatch(/^\/bff\/logout\/continue\?handle=[\w-]{43}$/)

    const stranger = await openBrowser()
    expect((await stranger.navigate(origin + next, { follow: false })).status).toBe(200)
    const twice = `${origin}${next}&handle=${new URL(next, origin).searchParams.get('handle')}`
    expect((await browser.navigate(twice, { from: `${origin}/`, follow: false })).status).toBe(200)
    const leave = await browser.navigate(origin + next, { from: `${origin}/`, follow: false })
    expect(leave.status).toBe(303)
    const target = new URL(leave.headers.location ?? '')
    expect(target.origin).toBe(provider.issuer)
    expect(Object.fromEntries(target.searchParams)).toMatchObject({
      client_id: 'coatcheck',
      post_logout_redirect_uri: `${origin}/bff/logout/callback`,
      id_token_hint: expect.any(String),
      state: expect.any(String),
    })
    expect(answer.text).not.toContain(target.searchParams.get('id_token_hint') ?? 'missing')
    expect((await browser.navigate(origin + next, { from: `${origin}/`, follow: false })).status).toBe(200)

    const back = await browser.navigate(`${origin}/bff/logout/callback?state=${target.searchParams.get('state')}`, {
      from: `${provider.issuer}/`,
    })
    expect(back.text).toContain('You are signed out')
    expect(browser.jar.all().filter(({ host }) => host === 'localhost')).toEqual([])
  })

  test('is safe to come back from with any state, or with none, and nobody is told that this ended anything', async () => {
    const { origin, signedIn, provider } = story
    const browser = await signedIn()
    const still = await signedIn()
    for (const query of ['?state=forged', '?state=a&state=b'])
      expect((await still.navigate(`${origin}/bff/logout/callback${query}`, { from: 'https://evil.example/' })).text).not.toMatch(
        /You are signed out|has ended/,
      )
    expect((await still.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
    for (const query of ['', '?state=', '?state=forged']) {
      const leaving = await signedIn()
      await signOut(leaving)
      const back = await leaving.navigate(`${origin}/bff/logout/callback${query}`, { from: `${provider.issuer}/` })
      expect([back.status, back.text.includes('Nothing was changed')]).toEqual([200, true])
    }
    await signOut(browser)
    for (const query of ['', '?state=', '?state=forged', '?state=a&state=b']) {
      const back = await browser.navigate(`${origin}/bff/logout/callback${query}`, { from: `${provider.issuer}/` })
      expect([back.status, back.redirects]).toEqual([200, []])
    }
    expect((await browser.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: false })
  })

  test('cannot be caused by opening an address, by another site, or without the proof', async () => {
    const { origin, signedIn } = story
    const browser = await signedIn()
    const page = await browser.navigate(`${origin}/bff/logout`, { from: 'https://evil.example/' })
    expect(page.text).toContain('Sign out?')
    for (const how of [
      { from: 'https://evil.example/', form: {} },
      { from: 'http://evil.localhost/', form: {} },
    ]) {
      expect((await browser.navigate(`${origin}/bff/logout`, how)).status).toBe(403)
    }
    expect((await browser.fetch(`${origin}/bff/logout`, { method: 'POST', csrf: false, headers: { Origin: '' } })).status).toBe(
      403,
    )
    expect((await browser.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
  })

  test('works from our own page without any script', async () => {
    const { origin, signedIn } = story
    const browser = await signedIn()
    await browser.navigate(`${origin}/bff/logout`, { from: `${origin}/` })
    const page = await browser.navigate(`${origin}/bff/logout`, { from: `${origin}/bff/logout`, form: {} })
    expect(page.status).toBe(200)
    expect(page.text).toMatch(/href="\/bff\/logout\/continue\?handle=[\w-]{43}"/)
    expect((await browser.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: false })
  })

  test('twice, or without a session, is no error', async () => {
    const { signedIn, openBrowser } = story
    const browser = await signedIn()
    await signOut(browser)
    expect((await signOut(browser)).next).toBe('/bff/logout/callback')
    expect((await signOut(await openBrowser())).answer.status).toBe(200)
  })

  test('a second time is told as done also while the first is on its way at the provider, which stays so', async () => {
    const { origin, signedIn, provider } = story
    const browser = await signedIn()
    const leave = await browser.navigate(origin + (await signOut(browser)).next, { from: `${origin}/`, follow: false })
    const { next } = await signOut(browser)
    expect((await browser.navigate(origin + next, { from: `${origin}/` })).text).toContain('You are signed out')

    const state = new URL(leave.headers.location ?? '').searchParams.get('state')
    const back = await browser.navigate(`${origin}/bff/logout/callback?state=${state}`, { from: `${provider.issuer}/` })
    expect(back.text).toContain('You are signed out')
  })

  test('succeeds although the provider refuses to revoke, and that is logged', async () => {
    const { origin, signedIn, provider, gateway } = story
    const browser = await signedIn()
    provider.script.revocation = () => answers.status(503)
    const before = gateway.logs('token_revocation_failed').length
    expect((await signOut(browser)).answer.status).toBe(200)
    await until('the failure is logged', () => gateway.logs('token_revocation_failed').length > before)
    delete provider.script.revocation
    expect((await browser.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: false })
  })
})

describe('signing out where the provider knows no logout', () => {
  test('ends on our own last page, by a form at once', async () => {
    const there = await tellScriptedStory(
      {},
      { metadata: (honest) => ({ ...honest, end_session_endpoint: undefined, revocation_endpoint: undefined }) },
    )
    try {
      const browser = await there.signedIn()
      const answer = await browser.fetch(`${there.origin}/bff/logout`, { method: 'POST' })
      expect(answer.json()).toEqual({ continue: '/bff/logout/callback' })
      expect((await browser.navigate(`${there.origin}/bff/logout/callback`)).text).toContain('You are signed out')
      const other = await there.signedIn()
      await other.navigate(`${there.origin}/bff/logout`)
      const { status, text } = await other.navigate(`${there.origin}/bff/logout`, { form: {} })
      expect([status, /<h1[^>]*>You are signed out</.test(text), text.includes('One more step')]).toEqual([200, true, false])
      expect(other.cookie('coatcheck')).toBeUndefined()
    } finally {
      await there.stop()
    }
  })
})
