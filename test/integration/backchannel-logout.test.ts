import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { answers } from '../support/answers.ts'
import type { Browser } from '../support/browser.ts'
import { logoutToken, post, sendLogout } from '../support/logout-token.ts'
import { openRaw } from '../support/raw-client.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

let story: Story<ScriptedProvider>
beforeAll(async () => {
  story = await tellScriptedStory({ COATCHECK_TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(() => story.stop())

/** Signs somebody in as `subject` at a session of the provider's. */
async function signedInAs(subject: string, sid: string): Promise<Browser> {
  story.provider.script.claims = (honest) => ({ ...honest, sub: subject, sid })
  return story.signedIn()
}

async function call(browser: Browser) {
  const { status, headers } = await browser.fetch(`${story.origin}/api/x`)
  return status === 200 ? 200 : [status, headers['coatcheck-reason']]
}

function isRevoked(token: unknown): boolean {
  return story.provider.seen('revocation').some(({ form }) => form.get('token') === token)
}

/** Starts a sign-in, does something while the provider answers its code, and says how it ended. */
async function meanwhile(subject: string, sid: string, work: () => Promise<unknown>) {
  const { provider, origin, openBrowser } = story
  provider.script.claims = (honest) => ({ ...honest, sub: subject, sid })
  const tokens: unknown[] = []
  provider.script.token = (honest) => (response) => {
    tokens.push(honest['access_token'], honest['refresh_token'])
    void work().then(() => answers.json(200, honest)(response))
  }
  const browser = await openBrowser()
  const page = await browser.navigate(`${origin}/bff/login`, { from: `${origin}/` })
  delete provider.script.token
  return { browser, page, tokens }
}

const GONE = [401, 'ended_by_provider']

describe('a logout token that is good', () => {
  test('with a session ends what was begun at it, in all browsers, and nothing else', async () => {
    const { origin, provider } = story
    const first = await signedInAs('ann', 'ann-1')
    const second = await signedInAs('ann', 'ann-1')
    const other = await signedInAs('ann', 'ann-2')
    const bob = await signedInAs('bob', 'bob-1')
    const answer = await sendLogout(origin, await logoutToken(provider, { sub: undefined, sid: 'ann-1' }))
    expect([answer.status, answer.headers['cache-control'], answer.text]).toEqual([200, 'no-store', ''])
    expect([await call(first), await call(second), await call(other), await call(bob)]).toEqual([GONE, GONE, 200, 200])
  })

  test('with a person ends all of their sessions, whatever the session at the provider, and is told of', async () => {
    const { origin, provider, gateway } = story
    const browsers = [await signedInAs('cy', 'cy-1'), await signedInAs('cy', 'cy-2')]
    const dora = await signedInAs('dora', 'dora-1')
    const before = await gateway.metric('coatcheck_backchannel_logouts_total', { outcome: 'ended' })
    expect((await sendLogout(origin, await logoutToken(provider, { sub: 'cy' }))).status).toBe(200)
    expect(await Promise.all(browsers.map(call))).toEqual([GONE, GONE])
    expect(await call(dora)).toBe(200)
    expect(await gateway.metric('coatcheck_backchannel_logouts_total', { outcome: 'ended' })).toBe(before + 1)
    expect(gateway.logs('backchannel_logout')).toContainEqual(
      expect.objectContaining({ outcome: 'ended', subject: 'cy', ended: 2, audit: true }),
    )
  })

  test('with both ends nobody else, though they share the name of a session', async () => {
    const { origin, provider } = story
    const eve = await signedInAs('eve', 'shared-sid')
    const fred = await signedInAs('fred', 'shared-sid')
    await sendLogout(origin, await logoutToken(provider, { sub: 'eve', sid: 'shared-sid' }))
    expect([await call(eve), await call(fred)]).toEqual([GONE, 200])
  })

  test('about nobody who is signed in is done too', async () => {
    const { origin, provider } = story
    expect((await sendLogout(origin, await logoutToken(provider, { sub: 'nobody', sid: 'never-was' }))).status).toBe(200)
  })

  test('has the tokens revoked that this process holds open', async () => {
    const { origin, provider } = story
    const browser = await signedInAs('gil', 'gil-1')
    await call(browser)
    const [token] = story.upstream.last().values('authorization')
    await sendLogout(origin, await logoutToken(provider, { sub: 'gil' }))
    await until('the access token is revoked', () => isRevoked(token?.slice('Bearer '.length)))
  })

  test('does nothing when it comes again, and the person who has signed in since stays', async () => {
    const { origin, provider, gateway } = story
    const before = await signedInAs('hal', 'hal-1')
    const token = await logoutToken(provider, { sub: 'hal' })
    await sendLogout(origin, token)
    const after = await signedInAs('hal', 'hal-2')
    const again = await sendLogout(origin, token)
    expect([again.status, again.headers['cache-control']]).toEqual([200, 'no-store'])
    expect([await call(before), await call(after)]).toEqual([GONE, 200])
    expect(gateway.logs('backchannel_logout').at(-1)).toMatchObject({ outcome: 'repeated' })
  })

  test('is good whatever a browser says of where it came from, and whatever else the form holds', async () => {
    const { origin, provider } = story
    const browser = await signedInAs('ian', 'ian-1')
    const form = new URLSearchParams({ ignored_parameter: 'x', logout_token: await logoutToken(provider, { sub: 'ian' }) })
    const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example', Accept: 'text/html' }
    expect((await post(origin, form.toString(), { headers })).status).toBe(200)
    expect(await call(browser)).toEqual(GONE)
  })

  test('ends each session once, however many copies of it arrive at the same time', async () => {
    const { origin, provider, gateway } = story
    await signedInAs('jo', 'jo-1')
    const token = await logoutToken(provider, { sub: 'jo' })
    const sent = await Promise.all(Array.from({ length: 20 }, () => sendLogout(origin, token)))
    expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([200]))
    expect(gateway.logs('session_ended').filter(({ subject }) => subject === 'jo')).toHaveLength(1)
  })
})

describe('a sign-in that is under way', () => {
  test.each([
    ['its session at the provider', 'kit-1', { sub: undefined, sid: 'kit-1' }],
    ['the person', 'kit-2', { sub: 'kit' }],
  ])('when %s is ended there begins nothing: its tokens are revoked, and the next sign-in is free', async (_, sid, ended) => {
    const { origin, provider, gateway, upstream } = story
    const began = gateway.logs('session_began').length
    const { browser, page, tokens } = await meanwhile('kit', sid, async () =>
      sendLogout(origin, await logoutToken(provider, ended)),
    )
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('signed out everywhere')])
    expect(browser.cookie('coatcheck')).toBeUndefined()
    expect(gateway.logs('session_began')).toHaveLength(began)
    expect(gateway.logs('login_finished').at(-1)).toMatchObject({
      outcome: 'denied',
      note: expect.stringContaining('login_overtaken'),
    })
    await until('its tokens are revoked', () => tokens.every(isRevoked))

    const next = await signedInAs('kit', 'kit-3')
    const calls = upstream.requests.length
    expect([await call(next), upstream.requests.length]).toEqual([200, calls + 1])
  })

  test('comes to its end when somebody else is signed out', async () => {
    const { origin, provider } = story
    const { browser } = await meanwhile('lea', 'lea-1', async () =>
      sendLogout(origin, await logoutToken(provider, { sub: 'not-lea', sid: 'not-lea-1' })),
    )
    expect(await call(browser)).toBe(200)
  })

  test('never begins a session at a session of the provider that has ended, however late it started', async () => {
    const { origin, provider, openBrowser, signIn } = story
    await sendLogout(origin, await logoutToken(provider, { sub: undefined, sid: 'dead-sid' }))
    provider.script.claims = (honest) => ({ ...honest, sub: 'mo', sid: 'dead-sid' })
    expect((await signIn(await openBrowser())).status).toBe(403)
  })
})

describe('what is no good logout token', () => {
  test.each<[string, (token: string) => string, Readonly<Record<string, string>>, number]>([
    ['a token that is none', () => 'logout_token=junk', {}, 400],
    ['a form without a token', () => 'other=x', {}, 400],
    ['an empty token', () => 'logout_token=', {}, 400],
    ['nothing at all', () => '', {}, 400],
    ['two tokens', (token) => `logout_token=${token}&logout_token=${token}`, {}, 400],
    ['JSON', (token) => JSON.stringify({ logout_token: token }), { 'Content-Type': 'application/json' }, 400],
    ['a form of many parts', (token) => token, { 'Content-Type': 'multipart/form-data; boundary=x' }, 400],
    ['a form of no type', (token) => `logout_token=${token}`, { 'Content-Type': '' }, 400],
    ['a compressed form', (token) => `logout_token=${token}`, { 'Content-Encoding': 'gzip' }, 400],
    ['a megabyte', (token) => `logout_token=${token}&x=${'x'.repeat(1_000_000)}`, {}, 413],
    [
      'a megabyte without a word of its size',
      (token) => `x=${'x'.repeat(1_000_000)}&logout_token=${token}`,
      { 'Transfer-Encoding': 'chunked' },
      413,
    ],
  ])('%s is refused, is not stored anywhere, and ends nobody', async (name, make, headers, status) => {
    const { origin, provider } = story
    const browser = await signedInAs('ned', 'ned-1')
    const address = { 'X-Forwarded-For': `198.51.100.${name.length}` }
    const answer = await post(origin, make(await logoutToken(provider, { sub: 'ned' })), { headers: { ...headers, ...address } })
    expect([answer.status, answer.headers['cache-control']]).toEqual([status, 'no-store'])
    if (status === 400)
      expect(JSON.parse(answer.text)).toEqual({
        error: 'invalid_request',
        error_description: 'The logout token is not valid here.',
      })
    expect(await call(browser)).toBe(200)
  })

  test('a wrong one is 400 in words that providers read, and the log has the rule', async () => {
    const { origin, provider, gateway } = story
    const answer = await sendLogout(origin, await logoutToken(provider, { nonce: 'x' }))
    expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      400,
      'application/json',
      'no-store',
    ])
    expect(answer.headers['x-request-id']).toBeDefined()
    expect(gateway.logs('backchannel_logout').at(-1)).toMatchObject({
      outcome: 'refused',
      note: 'logout_token_invalid: logout token: nonce',
      level: 'warn',
    })
  })

  test('another method is refused, and reads no body', async () => {
    const { status, headers } = await fetch(`${story.origin}/bff/backchannel-logout`)
    expect([status, headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('a form that never ends costs five seconds of a connection, and no more', async () => {
    const { gateway, origin } = story
    const connection = await openRaw(gateway.port)
    connection.write(
      `POST /bff/backchannel-logout HTTP/1.1\r\nHost: ${new URL(origin).host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nlogout_token=`,
    )
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('too much of it from one address is 429 for a while, and nobody else is kept waiting', async () => {
    const { origin, provider } = story
    const headers = { 'X-Forwarded-For': '203.0.113.77' }
    const statuses = []
    for (let n = 0; n < 61; n += 1) statuses.push((await post(origin, 'logout_token=junk', { headers })).status)
    expect(statuses.slice(0, 60).every((status) => status === 400)).toBe(true)
    const limited = await sendLogout(origin, await logoutToken(provider), { headers })
    expect([limited.status, Number(limited.headers['retry-after']) > 0]).toEqual([429, true])
    const other = await sendLogout(origin, await logoutToken(provider), { headers: { 'X-Forwarded-For': '203.0.113.78' } })
    expect(other.status).toBe(200)
  })

  test('a token whose keys cannot be had is 503, so that the provider comes again', async () => {
    const { origin, provider } = story
    const browser = await signedInAs('olaf', 'olaf-1')
    await provider.signer.rotate()
    provider.script.jwks = () => answers.status(500)
    const token = await logoutToken(provider, { sub: 'olaf' })
    const answer = await sendLogout(origin, token)
    expect([answer.status, answer.headers['retry-after'], await call(browser)]).toEqual([503, '5', 200])
    delete provider.script.jwks
    await until('it is taken', async () => (await sendLogout(origin, token)).status === 200)
    expect(await call(browser)).toEqual(GONE)
  })
})
