import { afterEach, describe, expect, test } from '@jest/globals'
import { type Browser, createBrowser } from '../support/browser.ts'
import { startGateway } from '../support/gateway.ts'
import { startRedis } from '../support/redis-server.ts'
import { createStops } from '../support/stops.ts'
import { tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

const running = createStops()
afterEach(running.stopAll)

/** Two gateways on one Redis, both with the limit. */
async function twoGateways(most: number) {
  const redis = await startRedis()
  running.add(() => redis.stop())
  const story = await tellScriptedStory({ COATCHECK_STORE: redis.url, COATCHECK_SESSION_MOST_PER_PERSON: String(most) })
  running.add(story.stop)
  const other = await startGateway({ ...story.gateway.env, COATCHECK_LISTEN: '127.0.0.1:0' })
  running.add(other.stop)
  await other.ready()
  const { origin } = story
  const gateways = [story.gateway, other]
  const state = async (browser: Browser) => {
    const { status, headers } = await browser.fetch(`${origin}/api/x`)
    return headers['coatcheck-reason'] ?? status
  }
  return {
    ...story,
    redis,
    gateways,
    state,
    /** A browser that is signed in, at one of the two. */
    signInAt: async (index: number): Promise<Browser> => {
      const port = gateways[index]?.port ?? 0
      const browser = createBrowser({ hosts: { localhost: { host: '127.0.0.1', port } } })
      await browser.navigate(`${origin}/`)
      await browser.navigate(`${origin}/bff/login`, { from: `${origin}/` })
      return browser
    },
  }
}

describe('a person who may have two sessions', () => {
  test('signs in a third time at another gateway: the oldest ends at both, as replaced, and its page is told why', async () => {
    const { signInAt, state, origin, gateways } = await twoGateways(2)
    const [first, second] = [await signInAt(0), await signInAt(1)]
    expect([await state(first), await state(second)]).toEqual([200, 200])
    const third = await signInAt(1)
    await until('the first has ended', async () => (await state(first)) !== 200)
    expect([await state(first), await state(second), await state(third)]).toEqual(['replaced', 200, 200])
    expect((await first.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: false, reason: 'replaced' })
    expect(gateways[1]?.logs('session_ended')).toEqual([expect.objectContaining({ reason: 'replaced', audit: true })])
    expect(gateways[1]?.logs('limit_reached')).toEqual([
      expect.objectContaining({ limit: 'person', subject: 'alice', audit: true }),
    ])
  })

  test('signs in anew in the same browser, and loses no other session by it', async () => {
    const { signInAt, signIn, state } = await twoGateways(2)
    const [other, mine] = [await signInAt(1), await signInAt(0)]
    await signIn(mine)
    expect([await state(other), await state(mine)]).toEqual([200, 200])
  })

  test('signs in eight times at the same instant at two gateways: two sessions are left', async () => {
    const { signInAt, state, origin } = await twoGateways(2)
    const before = await signInAt(0)
    const browsers = await Promise.all(Array.from({ length: 8 }, (_, index) => signInAt(index % 2)))
    for (const browser of browsers) expect(browser.cookie('coatcheck')).toBeDefined()
    const states = async () => Promise.all([before, ...browsers].map(state))
    await until('both gateways have heard of it', async () => (await states()).filter((each) => each === 200).length <= 2)
    const left = await states()
    expect([200, 'replaced'].map((each) => left.filter((other) => other === each).length)).toEqual([2, 7])
    const open = browsers[left.indexOf(200) - 1]
    expect((await open?.fetch(`${origin}/bff/sessions`))?.json()).toMatchObject({ sessions: [{}, {}] })
  })
})
