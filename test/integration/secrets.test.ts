import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Secret } from '../../src/config/secret.ts'
import { createNamespace } from '../../src/store/namespace.ts'
import { createSealer } from '../../src/store/sealing.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { createFinder } from '../support/secret-finder.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

const SERVER_SECRET = randomBytes(33).toString('base64url')
const CANARIES = { email: 'canary-mail@example.test' }

let redis: RedisServer
let story: Story<ScriptedProvider>
beforeAll(async () => {
  redis = await startRedis()
  story = await tellScriptedStory({
    COATCHECK_STORE: redis.url,
    COATCHECK_SECRETS: SERVER_SECRET,
    COATCHECK_LOG_LEVEL: 'trace',
    COATCHECK_LOG_CARRIED: 'all',
    COATCHECK_PROVIDER_CLAIMS: 'sub,name',
  })
  story.provider.script.claims = (honest) => ({ ...honest, email: CANARIES.email })
  story.provider.script.token = (honest) => ({ ...honest, expires_in: 4 })
})
afterAll(async () => {
  await story.stop()
  await redis.stop()
})

/** A person's whole visit, a refresh and the provider's refusals included; answers every secret that there was on the way. */
async function wholeVisit() {
  const { origin, provider, upstream, signIn, openBrowser, gateway } = story
  const browser = await openBrowser()
  provider.script.authorization = ({ state = '', iss = '' }) => ({ state, iss, error: 'access_denied' })
  await signIn(browser)
  delete provider.script.authorization
  await signIn(browser, '/deep/link')
  upstream.answer('/things', (_, response) => void response.end('{}'))
  const cookie = browser.cookie('coatcheck')?.value ?? ''
  const refreshes = () => gateway.logs('token_refreshed').filter(({ outcome }) => outcome === 'refreshed').length
  await until('a token was renewed', async () => {
    await browser.fetch(`${origin}/api/things`)
    return refreshes() > 0
  })
  // Once more, so that the new token was on its way too.
  await browser.fetch(`${origin}/api/things`)
  await browser.fetch(`${origin}/bff/session`)
  await browser.fetch(`${origin}/bff/session/extend`, { method: 'POST' })
  await browser.fetch(`${origin}/bff/nothing`)
  const dump = await redis.dump()
  const next = (await browser.fetch(`${origin}/bff/logout`, { method: 'POST' })).json() as { continue: string }
  const leave = await browser.navigate(origin + next.continue, { from: `${origin}/`, follow: false })

  const tokenCalls = provider.seen('token').map(({ body }) => new URLSearchParams(body))
  const verifiers = tokenCalls.map((call) => call.get('code_verifier'))
  const refreshTokens = tokenCalls.map((call) => call.get('refresh_token'))
  const accessTokens = upstream.requests
    .flatMap((call) => call.values('authorization'))
    .map((value) => value.slice('Bearer '.length))
  const idTokens = [new URL(leave.headers.location ?? '').searchParams.get('id_token_hint')]
  const codes = tokenCalls.map((call) => call.get('code'))
  return {
    browser,
    dump,
    leave,
    cookie,
    codes: present(codes),
    hidden: present([...verifiers, ...refreshTokens, ...accessTokens, ...idTokens, provider.clientSecret, SERVER_SECRET]),
  }
}

function present(values: readonly (string | null)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== null))]
}

/** The secrets that stand in a text, in any form. */
function found(secrets: readonly string[], text: string): readonly string[] {
  return secrets.filter((secret) => createFinder(secret)(text))
}

describe('a whole visit', () => {
  test('shows the browser no token, verifier or secret, in any encoding; logs and store hold none either', async () => {
    const { browser, dump, leave, cookie, codes, hidden } = await wholeVisit()
    expect(hidden.length).toBeGreaterThanOrEqual(7)

    // Only the redirect to the provider holds the id token, out of every script's reach.
    const seen = browser.answers
      .filter((answer) => answer.url !== leave.url)
      .map(({ url, headers, text, sent }) => [url, headers, text, sent])
    expect(seen.some(([, , text]) => JSON.stringify(text).includes('\\"authenticated\\":true'))).toBe(true)
    expect(found([...hidden, CANARIES.email], JSON.stringify(seen))).toEqual([])

    const unsigned = decodeURIComponent(cookie).slice(2, 45)
    const elsewhere = [...hidden, ...codes, CANARIES.email, cookie, unsigned]
    expect(found(elsewhere, story.gateway.logText())).toEqual([])
    expect(found(elsewhere, await story.gateway.metrics())).toEqual([])
    expect(found(elsewhere, JSON.stringify([...dump]))).toEqual([])
  })

  test('leaves records that nobody opens who has the store and the server keys, but not the cookie', async () => {
    const { signedIn, origin } = story
    const browser = await signedIn()
    const dump = await redis.dump()
    const namespace = createNamespace({ baseUrl: origin, clientId: 'coatcheck' })
    const sealer = createSealer({ secrets: [new Secret(SERVER_SECRET)], namespace })
    const sealed = [...dump].filter(([key]) => /:(session|grant)$/.test(key))
    expect(sealed.length).toBeGreaterThanOrEqual(2)
    for (const [key, value] of sealed) {
      const kind = key.slice(key.lastIndexOf(':') + 1)
      const [version, content] =
        kind === 'grant' ? [value.slice(0, value.indexOf(':')), value.slice(value.indexOf(':') + 1)] : ['', value]
      const name = kind === 'grant' ? `${key}#${version}` : key
      const id = /\{(.*)\}/.exec(key)?.[1] ?? ''
      for (const extra of [undefined, '', id, key, SERVER_SECRET])
        expect(sealer.open(kind, name, content, extra).kind).toBe('damaged')
    }
    // The cookie is what was missing: with it, the very same records open.
    const secret = decodeURIComponent(browser.cookie('coatcheck')?.value ?? '').slice(2, 45)
    const opened = sealed.map(([key, value]) => sealer.open('session', key, value, secret).kind)
    expect(opened).toContain('opened')
  })

  test('is over without a trace when it was signed out of', async () => {
    const { signedIn, origin } = story
    const before = new Set((await redis.dump()).keys())
    const browser = await signedIn()
    const during = [...(await redis.dump()).keys()].filter((key) => !before.has(key) && key.includes('{'))
    expect(during.map((key) => key.slice(key.lastIndexOf(':'))).toSorted()).toEqual([':about', ':grant', ':seen', ':session'])
    await browser.fetch(`${origin}/bff/logout`, { method: 'POST' })
    const after = new Set((await redis.dump()).keys())
    expect(during.filter((key) => after.has(key))).toEqual([])
  })
})
