import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TestProvider } from '../support/provider.ts'
import { type Story, tellStory } from '../support/story.ts'

let story: Story<TestProvider>
beforeAll(async () => {
  story = await tellStory()
})
afterAll(() => story.stop())

describe('a person who signs in', () => {
  test('comes back to where they wanted to go, and their page knows who they are and until when', async () => {
    const { origin, openBrowser, signIn } = story
    const browser = await openBrowser()
    const page = await signIn(browser, '/orders/42?tab=items&next=//x#row-7')
    expect(page.url).toBe(`${origin}/orders/42?tab=items&next=//x#row-7`)
    expect(page.redirects.map(({ status }) => status)).not.toContain(302)

    const session = (await browser.fetch(`${origin}/bff/session`)).json()
    expect(session).toMatchObject({ authenticated: true, user: { sub: 'alice', name: expect.any(String) } })
    const { createdAt, idleExpiresAt, absoluteExpiresAt, now } = session as Record<string, string>
    expect(Date.parse(idleExpiresAt ?? '') - Date.parse(createdAt ?? '')).toBeCloseTo(3_600_000, -4)
    expect(Date.parse(absoluteExpiresAt ?? '') - Date.parse(createdAt ?? '')).toBe(12 * 3_600_000)
    expect(now).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  test('has their API called with a token that they never see, and without their cookie', async () => {
    const { origin, signedIn, upstream } = story
    const browser = await signedIn()
    const answer = await browser.fetch(`${origin}/api/things?x=1`, {
      method: 'POST',
      body: 'hello',
      headers: { Authorization: 'Bearer mine' },
    })
    expect(answer.status).toBe(200)
    const call = upstream.last()
    expect(call).toMatchObject({ method: 'POST', target: '/things?x=1', body: 'hello' })
    expect(call.values('authorization')).toEqual([expect.stringMatching(/^Bearer (?!mine)[\w.-]{20,}$/)])
    expect(call.values('cookie')).toEqual([])
    const [token = ''] = call.values('authorization').map((value) => value.slice('Bearer '.length))
    for (const seen of browser.answers) if (seen !== answer) expect(JSON.stringify(seen.headers) + seen.text).not.toContain(token)
  })

  test('holds one HttpOnly cookie when it is done, and nothing else of ours', async () => {
    const { signedIn } = story
    const browser = await signedIn()
    const ours = browser.jar.all().filter(({ host }) => host === 'localhost')
    expect(ours).toEqual([
      expect.objectContaining({
        name: 'coatcheck',
        httpOnly: true,
        sameSite: 'Strict',
        path: '/',
        domain: undefined,
        expiresAt: undefined,
      }),
    ])
  })

  test('gets a new session id, whatever id was planted before', async () => {
    const { openBrowser, signIn, signedIn, origin } = story
    const attacker = await signedIn()
    const planted = attacker.cookie('coatcheck')
    if (!planted) throw new Error('the attacker is not signed in')
    const victim = await openBrowser()
    victim.jar.put(planted)
    await signIn(victim)
    expect(victim.cookie('coatcheck')?.value).not.toBe(planted.value)
    expect((await attacker.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: false, reason: 'replaced' })
    expect((await victim.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
  })

  test('who signs in again leaves the session of before, which says that it was replaced', async () => {
    const { signedIn, signIn, origin } = story
    const browser = await signedIn()
    const before = browser.cookie('coatcheck')
    await signIn(browser)
    const after = browser.cookie('coatcheck')
    expect(after?.value).not.toBe(before?.value)
    expect((await browser.fetch(`${origin}/api/x`)).status).toBe(200)
    const old = await browser.fetch(`${origin}/api/x`, { headers: { Cookie: `coatcheck=${before?.value}` } })
    expect([old.status, old.headers['coatcheck-reason']]).toEqual([401, 'replaced'])
  })

  test('may start in any number of tabs, and finish them in any order', async () => {
    const { openBrowser, origin, provider } = story
    const browser = await openBrowser()
    const starts = []
    for (const place of ['/one', '/two', '/three']) {
      starts.push(await browser.navigate(`${origin}/bff/login?returnTo=${place}`, { from: `${origin}/`, follow: false }))
    }
    const challenges = starts.map(({ headers }) => new URL(headers.location ?? '').searchParams)
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(new Set(challenges.map((query) => query.get(name))).size).toBe(3)
    expect(challenges.map((query) => query.get('code_challenge_method'))).toEqual(['S256', 'S256', 'S256'])

    for (const index of [1, 2, 0]) {
      const page = await browser.navigate(starts[index]?.headers.location ?? '', { from: `${origin}/` })
      expect(page.url).toBe(`${origin}${['/one', '/two', '/three'][index]}`)
    }
    expect((await browser.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
    expect(browser.jar.all().filter(({ name }) => name.startsWith('coatcheck-login-'))).toEqual([])
    expect(provider.counts.token).toBeGreaterThan(2)
  })

  test('keeps at most twenty logins open, and the newest of them works', async () => {
    const { openBrowser, signIn, origin } = story
    const browser = await openBrowser()
    for (let tab = 0; tab < 22; tab += 1) await browser.navigate(`${origin}/bff/login`, { from: `${origin}/`, follow: false })
    expect(browser.jar.all().filter(({ name }) => name.startsWith('coatcheck-login-'))).toHaveLength(20)
    expect((await signIn(browser, '/here')).url).toBe(`${origin}/here`)
  })

  test('who wanted a carried address is taken there from our own page, since the cookie does not come along from the provider', async () => {
    const { openBrowser, signIn, origin, upstream } = story
    const browser = await openBrowser()
    const before = upstream.requests.length
    const page = await signIn(browser, '/api/report.pdf')
    expect(page.url).toBe(`${origin}/bff/login/continue?returnTo=%2Fapi%2Freport.pdf`)
    expect(page.text).toContain('href="/api/report.pdf"')
    expect(page.text).toContain('/bff/assets/reload.js')
    expect(upstream.requests).toHaveLength(before)
  })

  test('whose return target would lead elsewhere ends at home, and that is logged', async () => {
    const { openBrowser, signIn, origin, gateway } = story
    expect((await signIn(await openBrowser(), '//evil.example/x')).url).toBe(`${origin}/`)
    expect(gateway.logs('return_target_refused').length).toBeGreaterThan(0)
    expect(gateway.logText()).not.toContain('evil.example')
  })
})

describe('a login', () => {
  test('is not started by another site, a frame, a script or a prefetch', async () => {
    const { openBrowser, origin, gateway } = story
    const started = () => gateway.logs('login_started').length
    const before = started()
    const browser = await openBrowser()
    const page = await browser.navigate(`${origin}/bff/login?returnTo=/x`, { from: 'https://evil.example/' })
    expect(page.status).toBe(200)
    expect(page.text).toContain('/bff/assets/continue.js')
    expect(page.text).toContain('href="/bff/login?returnTo=%2Fx"')
    expect((await browser.fetch(`${origin}/bff/login`)).status).toBe(403)
    for (const headers of [
      { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe', 'Sec-Fetch-Site': 'same-origin' },
      { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image', 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Site': 'none', 'Sec-Purpose': 'prefetch' },
    ]) {
      expect((await browser.navigate(`${origin}/bff/login`, { headers, follow: false })).status).toBe(403)
    }
    expect((await fetch(`${origin}/bff/login`, { method: 'HEAD', redirect: 'manual' })).status).toBe(405)
    expect(started()).toBe(before)
  })

  test('passes on to the provider only what is allowed, in the form that is allowed', async () => {
    const { openBrowser, origin } = story
    const browser = await openBrowser()
    const start = (query: string) => browser.navigate(`${origin}/bff/login?${query}`, { from: `${origin}/`, follow: false })
    const { headers } = await start(
      'prompt=login&loginHint=ada%40example.com&acrValues=urn:a%20b&maxAge=60&uiLocales=de-AT%20en&scope=admin&redirect_uri=https://evil.example&response_type=token&nonce=x',
    )
    const sent = new URL(headers.location ?? '').searchParams
    expect(Object.fromEntries(sent)).toMatchObject({
      prompt: 'login consent',
      login_hint: 'ada@example.com',
      acr_values: 'urn:a b',
      max_age: '60',
      ui_locales: 'de-AT en',
      response_type: 'code',
      redirect_uri: `${origin}/bff/callback`,
    })
    expect(sent.get('scope')).toBe('openid profile offline_access')
    expect(sent.get('nonce')).not.toBe('x')
    for (const query of ['prompt=evil', 'maxAge=-1', 'maxAge=1e9', 'loginHint=%00', 'prompt=login&prompt=none'])
      expect((await start(query)).status).toBe(400)
  })
})
