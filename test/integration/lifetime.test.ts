import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { answers } from '../support/answers.ts'
import type { Browser } from '../support/browser.ts'
import { inEachStore } from '../support/in-each-store.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const call = async (browser: Browser, origin: string) => {
  const { status, headers } = await browser.fetch(`${origin}/api/x`)
  return status === 401 ? `401 ${String(headers['coatcheck-reason'])}` : String(status)
}
const state = async (browser: Browser, origin: string) =>
  (await browser.fetch(`${origin}/bff/session`)).json() as Record<string, string>

describe('a session, in memory and in Redis', () => {
  test('that nobody uses is idle, in both lanes, though its page goes on asking about it', () =>
    inEachStore(redis, async (store) => {
      const story = await tellScriptedStory({ COATCHECK_STORE: store, COATCHECK_SESSION_IDLE_TIMEOUT: '2s' })
      try {
        const browser = await story.signedIn()
        expect(await call(browser, story.origin)).toBe('200')
        await until('the session is idle', async () => (await state(browser, story.origin))['authenticated'] !== (true as never))
        expect(await state(browser, story.origin)).toMatchObject({ authenticated: false, reason: 'idle' })
        expect(await call(browser, story.origin)).toBe('401 idle')
      } finally {
        await story.stop()
      }
    }))

  test('that is used, or extended, is not idle; and it ends at its absolute deadline all the same', () =>
    inEachStore(redis, async (store) => {
      const story = await tellScriptedStory({
        COATCHECK_STORE: store,
        COATCHECK_SESSION_IDLE_TIMEOUT: '2s',
        COATCHECK_SESSION_ABSOLUTE_TIMEOUT: '6s',
      })
      try {
        const [caller, reader] = [await story.signedIn(), await story.signedIn()]
        const { createdAt = '', absoluteExpiresAt = '' } = await state(caller, story.origin)
        const begun = Date.parse(createdAt)
        await until('two idle times are over', async () => {
          expect(await call(caller, story.origin)).toBe('200')
          expect((await reader.fetch(`${story.origin}/bff/session/extend`, { method: 'POST' })).status).toBe(200)
          return Date.now() > begun + 4_200
        })
        await until('it has ended', async () => (await call(caller, story.origin)) !== '200')
        expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(absoluteExpiresAt))
        expect(await call(caller, story.origin)).toBe('401 expired')
      } finally {
        await story.stop()
      }
    }))

  test('whose access token has ended goes on with a new one, asked for once however many requests wait', () =>
    inEachStore(redis, async (store) => {
      const story = await tellScriptedStory({ COATCHECK_STORE: store })
      try {
        const { provider, upstream, origin } = story
        provider.script.token = (honest) => ({ ...honest, expires_in: 1 })
        const browser = await story.signedIn()
        await call(browser, origin)
        const [first] = upstream.last().values('authorization')
        delete provider.script.token
        const before = provider.count('token')
        await until('the first token has ended', async () => {
          await Promise.all(
            Array.from({ length: 10 }, () => browser.fetch(`${origin}/api/x`).then(({ status }) => expect(status).toBe(200))),
          )
          return upstream.last().values('authorization')[0] !== first
        })
        expect(provider.count('token')).toBe(before + 1)
        expect(new URLSearchParams(provider.last('token').body).get('grant_type')).toBe('refresh_token')
      } finally {
        await story.stop()
      }
    }))

  test('whose refresh the provider refuses has ended, and says why', () =>
    inEachStore(redis, async (store) => {
      const story = await tellScriptedStory({ COATCHECK_STORE: store })
      try {
        const { provider, origin } = story
        provider.script.token = (honest) => ({ ...honest, expires_in: 1 })
        const browser = await story.signedIn()
        provider.script.token = () => answers.json(400, { error: 'invalid_grant' })
        await until('the session has ended', async () => (await call(browser, origin)) !== '200')
        expect(await call(browser, origin)).toBe('401 grant_refused')
      } finally {
        await story.stop()
      }
    }))

  test('whose refresh finds the provider away gets 503, and goes on when it is back', () =>
    inEachStore(redis, async (store) => {
      const story = await tellScriptedStory({ COATCHECK_STORE: store, COATCHECK_PROVIDER_REFRESH_WAIT: '1s' })
      try {
        const { provider, origin } = story
        provider.script.token = (honest) => ({ ...honest, expires_in: 1 })
        const browser = await story.signedIn()
        await provider.pause()
        await until('there is no good token left', async () => (await call(browser, origin)) !== '200')
        const answer = await browser.fetch(`${origin}/api/x`)
        expect(answer.status).toBe(503)
        expect(answer.json()).toMatchObject({ code: 'token_unavailable' })
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
        expect(await state(browser, origin)).toMatchObject({ authenticated: true })
        delete provider.script.token
        await provider.resume()
        await until('the token is renewed', async () => (await call(browser, origin)) === '200')
      } finally {
        await story.stop()
      }
    }))
})
