import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { answers } from '../support/answers.ts'
import { startGateway } from '../support/gateway.ts'
import { logoutToken, sendLogout } from '../support/logout-token.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'

let story: Story<ScriptedProvider>
beforeAll(async () => {
  story = await tellScriptedStory({ COATCHECK_PROVIDER_USERINFO: 'true', COATCHECK_PROVIDER_CLAIMS: 'sub,name,deep' })
})
afterAll(() => story.stop())

describe('a flood of logout tokens of made-up keys', () => {
  // H-26
  test('has the provider asked for its keys a handful of times, and an honest one counts all the same', async () => {
    const { provider, origin } = story
    const person = await story.signedIn()
    const before = provider.count('jwks')
    const statuses = new Set<number>()
    for (let round = 0; round < 10; round += 1) {
      const tokens = await Promise.all(Array.from({ length: 30 }, () => logoutToken(provider, {}, { kid: crypto.randomUUID() })))
      for (const { status } of await Promise.all(tokens.map((token) => sendLogout(origin, token)))) statuses.add(status)
    }
    // Five at once, then one every five seconds; so many tokens do not take a minute.
    expect(provider.count('jwks') - before).toBeLessThanOrEqual(5 + 12)
    expect([...statuses].every((status) => [400, 429, 503].includes(status))).toBe(true)
    expect((await person.fetch(`${origin}/api/x`)).status).toBe(200)
    // From another address: the flood's own is limited by now.
    expect((await sendLogout(origin, await logoutToken(provider))).status).toBe(200)
    expect((await person.fetch(`${origin}/api/x`)).status).toBe(401)
  })
})

describe('a provider whose answer to a code', () => {
  const LARGE = 2_000_000
  const deep = `${'['.repeat(LARGE / 10)}${']'.repeat(LARGE / 10)}`
  const inDisguise = gzipSync(JSON.stringify({ access_token: 'x'.repeat(50 * LARGE) }))

  test.each([
    ['is honest, and far too large', (honest: object) => ({ ...honest, more: 'x'.repeat(LARGE) })],
    ['begins well and goes on and on', () => answers.text(200, 'application/json', `{"access_token":"${'x'.repeat(LARGE)}`)],
    ['is small, and compressed from a hundred megabytes', gzipped],
    ['says so without having been asked', () => answers.text(200, 'application/json', inDisguise)],
    ['is brackets in brackets, and nothing else', () => answers.text(200, 'application/json', deep)],
  ])('%s signs nobody in, and the next one is read as ever', async (_, answer) => {
    const { provider, origin } = story
    provider.script.token = answer
    const person = await story.openBrowser()
    const page = await story.signIn(person)
    delete provider.script.token
    expect(page.status).toBe(502)
    expect(story.gateway.logs('login_finished').at(-1)).toMatchObject({ outcome: 'answer_invalid' })
    await story.signIn(person)
    expect((await person.fetch(`${origin}/api/x`)).status).toBe(200)
  })

  function gzipped() {
    return answers.text(200, 'application/json', inDisguise, { 'content-encoding': 'gzip' })
  }
})

describe('claims in claims without end', () => {
  test('are no failure of ours: they sign nobody in, and the next one is read as ever', async () => {
    const { provider, origin } = story
    // As text: to write it down from an object needs a stack of its own.
    const claims = `{"sub":"alice","deep":${'['.repeat(90_000)}${']'.repeat(90_000)}}`
    provider.script.userinfo = () => answers.text(200, 'application/json', claims)
    const person = await story.openBrowser()
    const page = await story.signIn(person)
    delete provider.script.userinfo
    expect(page.status).toBe(502)
    expect(story.gateway.logs('login_finished').at(-1)).toMatchObject({
      outcome: 'answer_invalid',
      note: expect.stringContaining('claims in claims'),
    })
    await story.signIn(person)
    expect((await person.fetch(`${origin}/api/x`)).status).toBe(200)
  })
})

describe('a flood of sign-ins that nobody finishes', () => {
  test('from any number of addresses fills the memory store, and whoever is signed in stays so', async () => {
    const { issuer, clientSecret } = story.provider
    const small = await startGateway({
      COATCHECK_ISSUER: issuer,
      COATCHECK_CLIENT_SECRET: clientSecret,
      COATCHECK_STORE_MOST_RECORDS: '120',
      COATCHECK_TRUSTED_PROXIES: '127.0.0.1/32',
      COATCHECK_ROUTES: `/api/=${story.upstream.origin}/`,
    })
    try {
      await small.ready()
      const begin = (n: number) => fetch(`${small.origin}/bff/login`, { redirect: 'manual', headers: from(n) })
      const begun = await begin(0)
      const back = await story.provider.authorize(begun.headers.get('location') ?? '')
      const headers = { ...from(0), Cookie: pairsOf(begun) }
      const done = await fetch(`${small.origin}/bff/callback?${back.toString()}`, { redirect: 'manual', headers })
      const signedIn = { ...from(0), Cookie: pairsOf(done), 'X-CSRF': '1' }

      const statuses: number[] = []
      for (let n = 1; n <= 200; n += 1) statuses.push((await begin(n)).status)
      expect(new Set(statuses)).toEqual(new Set([303, 503]))
      expect((await fetch(`${small.origin}/api/x`, { headers: signedIn })).status).toBe(200)
      expect(await (await fetch(`${small.origin}/bff/session`, { headers: signedIn })).json()).toMatchObject({
        authenticated: true,
      })
      expect((await fetch(`${small.origin}/bff/logout`, { method: 'POST', headers: signedIn })).status).toBe(200)
    } finally {
      await small.stop()
    }
  })
})

function pairsOf({ headers }: Response): string {
  return headers
    .getSetCookie()
    .map((line) => line.slice(0, line.indexOf(';')))
    .filter((pair) => !pair.endsWith('='))
    .join('; ')
}

function from(n: number) {
  return { 'X-Forwarded-For': `198.51.${n >> 8}.${n & 255}`, 'X-Forwarded-Proto': 'http' }
}
