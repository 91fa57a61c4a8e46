import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { answers } from '../support/answers.ts'
import type { Browser } from '../support/browser.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'

let story: Story<ScriptedProvider>
beforeAll(async () => {
  story = await tellScriptedStory()
})
afterAll(() => story.stop())

/** A login up to the provider's redirect back, which is not followed. */
async function upToCallback(browser: Browser, returnTo = '/after'): Promise<URL> {
  const start = await browser.navigate(`${story.origin}/bff/login?returnTo=${returnTo}`, {
    from: `${story.origin}/`,
    follow: false,
  })
  const answer = await story.provider.authorize(start.headers.location ?? '')
  const callback = new URL(`${story.origin}/bff/callback`)
  callback.search = answer.toString()
  return callback
}

const open = (browser: Browser, callback: URL | string) => browser.navigate(callback, { from: `${story.provider.issuer}/` })
const redeemed = () => story.provider.count('token')
const isSignedIn = async (browser: Browser) =>
  ((await browser.fetch(`${story.origin}/bff/session`)).json() as { authenticated: boolean }).authenticated

describe('a callback', () => {
  test('used a second time ends on a page that leads on, redeems nothing, and leaves the person signed in', async () => {
    const browser = await story.openBrowser()
    const callback = await upToCallback(browser)
    expect((await open(browser, callback)).url).toBe(`${story.origin}/after`)
    const before = redeemed()
    const again = await open(browser, callback)
    expect(again.status).toBe(400)
    expect(again.text).toContain('/bff/assets/continue.js')
    expect(redeemed()).toBe(before)
    expect(await isSignedIn(browser)).toBe(true)
  })

  test('that comes twice at the same instant is redeemed once', async () => {
    const browser = await story.openBrowser()
    const callback = await upToCallback(browser)
    const cookie = browser.jar
      .all()
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
    const before = redeemed()
    const attempts = await Promise.all(
      Array.from({ length: 8 }, () => fetch(callback, { headers: { Cookie: cookie }, redirect: 'manual' })),
    )
    expect(attempts.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(attempts.filter(({ status }) => status === 400)).toHaveLength(7)
    expect(redeemed()).toBe(before + 1)
  })

  test('in another browser is refused, and burns nothing for the one it belongs to', async () => {
    const [victim, attacker] = [await story.openBrowser(), await story.openBrowser()]
    const callback = await upToCallback(attacker)
    const before = redeemed()
    expect((await open(victim, callback)).status).toBe(400)
    expect(redeemed()).toBe(before)
    expect(await isSignedIn(victim)).toBe(false)
    expect((await open(attacker, callback)).url).toBe(`${story.origin}/after`)
  })

  test.each([
    ['nothing', () => ''],
    ['no state', (callback: URL) => `code=${callback.searchParams.get('code')}`],
    ['an empty state', () => 'code=x&state='],
    ['another state', () => 'code=x&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['an array for a state', (callback: URL) => `state[]=${callback.searchParams.get('state')}&code=x`],
    ['a prototype for a state', () => 'state[__proto__]=x&code=x'],
  ])('with %s is refused before anything is redeemed', async (_, query) => {
    const browser = await story.openBrowser()
    const callback = await upToCallback(browser)
    const before = redeemed()
    callback.search = query(callback)
    expect((await open(browser, callback)).status).toBe(400)
    expect(redeemed()).toBe(before)
  })

  test.each(['code', 'state', 'iss'])('with two parameters %s is refused, and leaves the login as it was', async (name) => {
    const browser = await story.openBrowser()
    const callback = await upToCallback(browser)
    const doubled = new URL(callback)
    doubled.searchParams.append(name, 'x')
    const before = redeemed()
    expect((await open(browser, doubled)).status).toBe(400)
    expect(redeemed()).toBe(before)
    expect((await open(browser, callback)).url).toBe(`${story.origin}/after`)
  })

  test('with parameters that nobody knows works all the same', async () => {
    const browser = await story.openBrowser()
    const callback = await upToCallback(browser)
    callback.search += '&session_state=x&foo=bar'
    expect((await open(browser, callback)).url).toBe(`${story.origin}/after`)
  })

  test('with the code of one login and the state of another signs nobody in', async () => {
    const browser = await story.openBrowser()
    const [one, other] = [await upToCallback(browser), await upToCallback(browser)]
    one.searchParams.set('code', other.searchParams.get('code') ?? '')
    expect((await open(browser, one)).status).toBe(502)
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('with two binding cookies of one login is refused', async () => {
    const browser = await story.openBrowser()
    const callback = await upToCallback(browser)
    const [binding] = browser.jar.all().filter(({ name }) => name.startsWith('coatcheck-login-'))
    const pair = `${binding?.name}=${binding?.value}`
    const answer = await fetch(callback, { headers: { Cookie: `${pair}; ${pair}` }, redirect: 'manual' })
    expect(answer.status).toBe(400)
  })

  test('is a page of its own: no frame, image or script brings a login to its end', async () => {
    const browser = await story.openBrowser()
    const callback = await upToCallback(browser)
    const metadata = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }
    expect((await browser.navigate(callback, { headers: metadata, follow: false })).status).toBe(403)
    expect((await fetch(callback, { method: 'HEAD' })).status).toBe(405)
    expect((await open(browser, callback)).url).toBe(`${story.origin}/after`)
  })

  test.each([
    ['access_denied', 403, 'cancelled'],
    ['login_required', 400, 'attention'],
    ['interaction_required', 400, 'attention'],
    ['temporarily_unavailable', 503, 'cannot be reached'],
    ['invalid_scope', 502, 'did not complete'],
    ['something_nobody_knows', 502, 'did not complete'],
  ])('with the error %s ends on a page that says so in our words, with a way to try again', async (error, status, words) => {
    const { origin, provider } = story
    const browser = await story.openBrowser()
    provider.script.authorization = ({ state = '', iss = '' }) => ({
      state,
      iss,
      error,
      error_description: '<script>alert(1)</script>',
      error_uri: 'https://evil.example',
    })
    const before = redeemed()
    const page = await open(browser, await upToCallback(browser, '/deep?x=1'))
    delete provider.script.authorization
    expect(page.status).toBe(status)
    expect(page.text).toContain(words)
    expect(page.text).toContain('href="/bff/login?returnTo=%2Fdeep%3Fx%3D1"')
    expect(page.text).toContain(String(page.headers['x-request-id']))
    for (const theirs of ['<script>alert', 'alert(1)', 'evil.example', error])
      expect(page.text.replaceAll(/\(\w+\)/g, '')).not.toContain(theirs)
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(browser.jar.all().filter(({ name }) => name.startsWith('coatcheck-login-'))).toEqual([])
    expect(redeemed()).toBe(before)
    expect((await story.signIn(browser, '/fine')).url).toBe(`${origin}/fine`)
  })

  test.each([
    ['an issuer that is not the configured one', { iss: 'https://evil.example' }, {}],
    ['an audience that is not us', {}, { aud: 'somebody-else' }],
    ['another nonce', {}, { nonce: 'of-another-login' }],
    ['an issuer in the ID token that is not the configured one', {}, { iss: 'https://evil.example' }],
    ['an ID token that is over', {}, { exp: 1 }],
  ])('with %s signs nobody in', async (_, authorization, claims) => {
    const { provider } = story
    const browser = await story.openBrowser()
    provider.script.authorization = (honest) => ({ ...honest, ...authorization })
    provider.script.claims = (honest) => ({ ...honest, ...claims })
    const page = await open(browser, await upToCallback(browser))
    delete provider.script.authorization
    delete provider.script.claims
    expect([502, 400]).toContain(page.status)
    expect(page.setCookies.map(({ name }) => name)).not.toContain('coatcheck')
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('with an ID token whose signature is not right signs nobody in', async () => {
    const { provider } = story
    const browser = await story.openBrowser()
    provider.script.idToken = async (claims, header, signer) => {
      const [head, , signature] = (await signer.sign({ ...claims, sub: 'somebody' }, header)).split('.')
      return [head, Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url'), signature].join('.')
    }
    const page = await open(browser, await upToCallback(browser))
    delete provider.script.idToken
    expect(page.status).toBe(502)
    expect(await isSignedIn(browser)).toBe(false)
  })

  test.each([
    ['answers 500', () => answers.status(500)],
    ['answers HTML', () => answers.html()],
    ['answers nonsense', () => answers.text(200, 'application/json', '{')],
  ])('whose token endpoint %s ends on a page, not in a dead end', async (_, answer) => {
    const { provider } = story
    const browser = await story.openBrowser()
    provider.script.token = answer
    const page = await open(browser, await upToCallback(browser))
    delete provider.script.token
    expect([502, 503]).toContain(page.status)
    expect(page.text).toContain('Sign in again')
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('that was forged, with no proxy there to tell its address, is no untrusted proxy', async () => {
    const { gateway } = story
    const before = gateway.logs('forwarding_untrusted').length
    await fetch(`${story.origin}/bff/callback?code=x&state=y`, { redirect: 'manual' })
    expect(gateway.logs('forwarding_untrusted')).toHaveLength(before)
  })
})
