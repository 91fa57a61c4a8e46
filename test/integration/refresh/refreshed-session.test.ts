import { afterEach, describe, expect, test } from '@jest/globals'
import type { Answer, Browser } from '../../support/browser.ts'
import { startRedis } from '../../support/redis-server.ts'
import type { ScriptedProvider } from '../../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../../support/story.ts'
import { until } from '../../support/until.ts'

const TOKEN_MILLISECONDS = 1_000

let story: Story<ScriptedProvider>
afterEach(() => story.stop())

/** Someone whose first access token has ended; the provider is honest from then on. */
async function signedInForLong(env: Readonly<Record<string, string>> = {}, answer: Readonly<Record<string, unknown>> = {}) {
  story = await tellScriptedStory({ COATCHECK_PROVIDER_REFRESH_WAIT: '300ms', ...env })
  const { script } = story.provider
  script.token = (honest) => ({ ...honest, expires_in: TOKEN_MILLISECONDS / 1_000, ...answer })
  const browser = await story.signedIn()
  const endsAt = Date.now() + TOKEN_MILLISECONDS
  delete script.token
  return { browser, script, tokenEnds: () => until('the access token has ended', () => Date.now() > endsAt) }
}

const call = (browser: Browser) => browser.fetch(`${story.origin}/api/x`)
const shown = async (browser: Browser) =>
  (await browser.fetch(`${story.origin}/bff/session`)).json() as Readonly<Record<string, unknown>>
const problem = async (browser: Browser): Promise<Readonly<Record<string, unknown>> & Pick<Answer, 'status' | 'headers'>> => {
  const answer = await call(browser)
  return { status: answer.status, headers: answer.headers, ...(answer.json() as Readonly<Record<string, unknown>>) }
}

describe('a refresh', () => {
  test('that brings other claims shows them to the page, and tells of it once', async () => {
    const { browser, script, tokenEnds } = await signedInForLong()
    expect(await shown(browser)).toMatchObject({ user: { name: 'Alice Example' } })
    script.claims = (honest) => ({ ...honest, name: 'Alice Changed' })
    await tokenEnds()
    expect((await call(browser)).status).toBe(200)
    expect(await shown(browser)).toMatchObject({ authenticated: true, user: { sub: 'alice', name: 'Alice Changed' } })
    expect(story.gateway.logs('claims_changed')).toMatchObject([{ level: 'info', subject: 'alice' }])
  })

  test('that brings the same claims tells of no change', async () => {
    const { browser, tokenEnds } = await signedInForLong()
    await tokenEnds()
    expect((await call(browser)).status).toBe(200)
    expect(story.provider.count('token')).toBe(2)
    expect(story.gateway.logs('claims_changed')).toEqual([])
  })

  test('about somebody else is weather: nothing of it is used, and the session stays', async () => {
    const { browser, script, tokenEnds } = await signedInForLong()
    // What it answers is not used, and with it goes a refresh token that it may have brought.
    script.keepsRefreshTokens = true
    script.claims = (honest) => ({ ...honest, sub: 'mallory', name: 'Mallory' })
    await tokenEnds()
    const before = story.upstream.requests.length
    let answer = await problem(browser)
    // On a busy machine the first call may have waited for long enough before the provider's answer was there.
    await until('it was told why', async () => {
      answer = await problem(browser)
      return answer['reason'] !== 'timeout'
    })
    expect(answer).toMatchObject({ status: 503, code: 'token_unavailable', reason: 'malformed' })
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(story.upstream.requests.length).toBe(before)
    expect(await shown(browser)).toMatchObject({ authenticated: true, user: { sub: 'alice', name: 'Alice Example' } })
    expect(await story.gateway.metric('coatcheck_token_refreshes_total', { reason: 'malformed' })).toBeGreaterThan(0)
  })
})

describe('a session that was refreshed', () => {
  test('is at hand for the next request: it does not wait for the store, even where the store has frozen', async () => {
    const redis = await startRedis()
    try {
      const { browser, tokenEnds } = await signedInForLong({ COATCHECK_STORE: redis.url })
      const reads = () => story.gateway.metric('coatcheck_store_operation_seconds_count', { operation: 'read' })
      await tokenEnds()
      // At hand already before, so that all reads of the call are those of its refresh.
      await shown(browser)
      const before = await reads()
      expect((await call(browser)).status).toBe(200)
      expect(story.provider.count('token')).toBe(2)
      await until('it was read under the lease, and again after the write', async () => (await reads()) === before + 2)
      redis.freeze()
      expect((await call(browser)).status).toBe(200)
    } finally {
      redis.thaw()
      await redis.stop()
    }
  })
})

describe('a session whose provider tells how long its refresh token lives', () => {
  test('ends by then, says so before, and has expired after it, though somebody is there all the time', async () => {
    const { browser, script } = await signedInForLong({}, { refresh_expires_in: 2, expires_in: 3600 })
    // Its end is a fixed one: no refresh brings another refresh token.
    script.keepsRefreshTokens = true
    script.token = (honest) => ({ ...honest, refresh_token: undefined })
    const { createdAt, absoluteExpiresAt, idleExpiresAt } = await shown(browser)
    const endsAt = Date.parse(String(absoluteExpiresAt))
    expect(endsAt).toBe(Date.parse(String(createdAt)) + 2_000)
    expect(idleExpiresAt).toBe(absoluteExpiresAt)
    await until('it has ended', async () => (await call(browser)).status !== 200)
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt)
    expect(await problem(browser)).toMatchObject({ status: 401, reason: 'expired' })
    expect(await shown(browser)).toMatchObject({ authenticated: false, reason: 'expired' })
    expect(story.gateway.logs('session_ended')).toMatchObject([{ reason: 'expired' }])
  })

  test('goes on for somebody who is there all the time, where a refresh brings a new one, though the access token is good for an hour', async () => {
    const lives = { refresh_expires_in: 4, expires_in: 3600 }
    const { browser, script } = await signedInForLong({}, lives)
    script.token = (honest) => ({ ...honest, ...lives, refresh_expires_in: 600 })
    const { absoluteExpiresAt } = await shown(browser)
    await until('the first one has ended', async () => {
      expect((await call(browser)).status).toBe(200)
      return Date.now() > Date.parse(String(absoluteExpiresAt))
    })
    expect(story.provider.count('token')).toBe(2)
  })

  test('lives on with each new one', async () => {
    const { browser, script, tokenEnds } = await signedInForLong({}, { refresh_expires_in: 1_800 })
    const first = await shown(browser)
    script.token = (honest) => ({ ...honest, refresh_expires_in: '3600' })
    await tokenEnds()
    expect((await call(browser)).status).toBe(200)
    const { absoluteExpiresAt } = await shown(browser)
    expect(Date.parse(String(absoluteExpiresAt)) - Date.parse(String(first['absoluteExpiresAt']))).toBeGreaterThan(1_700_000)
  })
})

describe('a session without a refresh token', () => {
  const none = { refresh_token: undefined }

  test('ends with its access token, and says so before', async () => {
    const { browser, tokenEnds } = await signedInForLong({}, none)
    const { createdAt, absoluteExpiresAt } = await shown(browser)
    expect(Date.parse(String(absoluteExpiresAt))).toBe(Date.parse(String(createdAt)) + TOKEN_MILLISECONDS)
    expect((await call(browser)).status).toBe(200)
    await tokenEnds()
    expect(await problem(browser)).toMatchObject({ status: 401, reason: 'expired', loginUrl: '/bff/login' })
    expect(await shown(browser)).toMatchObject({ authenticated: false, reason: 'expired' })
    expect(story.provider.count('token')).toBe(1)
  })

  test('stays where it is to, while its calls are offered a new sign-in', async () => {
    const { browser, tokenEnds } = await signedInForLong({ COATCHECK_SESSION_WITHOUT_REFRESH_TOKEN: 'login' }, none)
    await tokenEnds()
    expect(await problem(browser)).toMatchObject({ status: 401, reason: 'expired', loginUrl: '/bff/login' })
    expect(await shown(browser)).toMatchObject({ authenticated: true, user: { sub: 'alice' } })
    expect(story.gateway.logs('session_ended')).toEqual([])
    await story.signIn(browser)
    expect((await call(browser)).status).toBe(200)
  })
})
