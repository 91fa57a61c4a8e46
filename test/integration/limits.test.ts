import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const MOST_PER_BROWSER = 7
let story: Story<ScriptedProvider>
beforeAll(async () => {
  story = await tellScriptedStory({
    COATCHECK_TRUSTED_PROXIES: '127.0.0.1/32',
    COATCHECK_LOGIN_MOST_PER_MINUTE_PER_BROWSER: String(MOST_PER_BROWSER),
  })
})
afterAll(() => story.stop())

/** Asks until it is told to wait; a minute may end meanwhile, so that it takes at most twice as many as there may be. */
async function untilLimited(most: number, ask: () => Promise<Response>) {
  for (let count = 0; count <= 2 * most + 1; count += 1) {
    const answer = await ask()
    await answer.arrayBuffer()
    if (answer.status === 429) return { answer, count }
  }
  throw new Error('Nobody was ever limited.')
}

const from = (address: string, cookie = '') => ({ 'X-Forwarded-For': address, 'X-Forwarded-Proto': 'http', Cookie: cookie })
const start = (headers: Readonly<Record<string, string>>, origin = story.origin) =>
  fetch(`${origin}/bff/login`, { redirect: 'manual', headers })
/** Comes back from the provider with what it said. */
async function finish(begun: Response, headers: Readonly<Record<string, string>>, origin = story.origin) {
  const callback = await story.provider.authorize(begun.headers.get('location') ?? '')
  return fetch(`${origin}/bff/callback?${callback.toString()}`, { redirect: 'manual', headers })
}
const forgedCallback = (headers: Readonly<Record<string, string>>) =>
  fetch(`${story.origin}/bff/callback?state=forged&code=forged`, { redirect: 'manual', headers })

/** The pair that a browser sends back. */
const cookieOf = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .map((line) => line.slice(0, line.indexOf(';')))
    .join('; ')

function expectToBeToldWhen({ headers }: Response) {
  const seconds = Number(headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(60)
  expect(headers.getSetCookie()).toEqual([])
}

describe('logins that are started', () => {
  test('from one address are 120 a minute, then 429 with the seconds to wait; other addresses and signing out go on', async () => {
    const address = '198.51.100.1'
    const { answer, count } = await untilLimited(120, () => start(from(address)))
    expect(count).toBeGreaterThanOrEqual(120)
    expectToBeToldWhen(answer)
    expect((await start(from('198.51.100.2'))).status).toBe(303)
    const signOut = { method: 'POST', headers: { ...from(address), 'X-CSRF': '1' } }
    expect((await fetch(`${story.origin}/bff/logout`, signOut)).status).toBe(200)
    expect(story.gateway.logs('limit_reached')).toContainEqual(expect.objectContaining({ limit: 'address' }))
  })

  test('in one browser are limited for it alone', async () => {
    let cookie = ''
    const { answer, count } = await untilLimited(MOST_PER_BROWSER, async () => {
      const begun = await start(from('198.51.100.3', cookie))
      cookie ||= cookieOf(begun)
      return begun
    })
    expect(count).toBeGreaterThanOrEqual(MOST_PER_BROWSER)
    expectToBeToldWhen(answer)
    expect((await start(from('198.51.100.3'))).status).toBe(303)
    expect(story.gateway.logs('limit_reached')).toContainEqual(expect.objectContaining({ limit: 'browser' }))
  })

  test('and end well in one browser do not count against it', async () => {
    const stale = cookieOf(await start(from('198.51.100.5')))
    for (let count = 0; count < 3 * MOST_PER_BROWSER; count += 1) {
      const begun = await start(from('198.51.100.5', stale))
      expect(begun.status).toBe(303)
      const done = await finish(begun, from('198.51.100.5', `${stale}; ${cookieOf(begun)}`))
      expect(done.status).toBe(303)
    }
  })

  test('and end badly count', async () => {
    story.provider.script.authorization = ({ state = '', iss = '' }) => ({ state, iss, error: 'access_denied' })
    const stale = cookieOf(await start(from('198.51.100.6')))
    const { count } = await untilLimited(MOST_PER_BROWSER, async () => {
      const begun = await start(from('198.51.100.6', stale))
      if (begun.status !== 303) return begun
      return finish(begun, from('198.51.100.6', `${stale}; ${cookieOf(begun)}`))
    })
    delete story.provider.script.authorization
    expect(count).toBeGreaterThanOrEqual(MOST_PER_BROWSER - 1)
  })
})

describe('forged callbacks', () => {
  test('count like logins, and a callback that belongs to a login is let in all the same', async () => {
    const address = '198.51.100.7'
    const begun = await start(from(address))
    const { answer, count } = await untilLimited(120, () => forgedCallback(from(address)))
    expect(count).toBeGreaterThanOrEqual(119)
    expectToBeToldWhen(answer)
    const done = await finish(begun, from(address, cookieOf(begun)))
    expect(done.status).toBe(303)
    expect((await forgedCallback(from('198.51.100.8'))).status).toBe(400)
    // What strangers forge is no failure of ours, limited or not.
    const outcomes = story.gateway.logs('login_finished').map((line) => line['outcome'])
    expect(outcomes).toContain('not_started')
    expect(outcomes).not.toContain('failed')
  })
})

describe('with one login a minute', () => {
  let strict: TestGateway
  let untrusting: TestGateway
  beforeAll(async () => {
    const env = {
      COATCHECK_ISSUER: story.provider.issuer,
      COATCHECK_CLIENT_SECRET: story.provider.clientSecret,
      COATCHECK_LOGIN_MOST_PER_MINUTE_PER_ADDRESS: '1',
    }
    strict = await startGateway({ ...env, COATCHECK_TRUSTED_PROXIES: '127.0.0.1/32' })
    untrusting = await startGateway(env)
    await Promise.all([strict.ready(), untrusting.ready()])
  })
  afterAll(() => Promise.all([strict.stop(), untrusting.stop()]))

  test('those who come to a good end do not count, then one that does not, does', async () => {
    for (let count = 0; count < 5; count += 1) {
      const begun = await start(from('198.51.100.10'), strict.origin)
      const done = await finish(begun, from('198.51.100.10', cookieOf(begun)), strict.origin)
      expect([begun.status, done.status]).toEqual([303, 303])
    }
    await untilLimited(1, () => start(from('198.51.100.10'), strict.origin))
  })

  test('all addresses of one network together have it', async () => {
    let host = 0
    await untilLimited(1, () => start(from(`2001:db8:0:1::${(host += 1)}`), strict.origin))
    expect((await start(from('2001:db8:0:2::1'), strict.origin)).status).toBe(303)
  })

  test('an address that nobody vouches for limits nobody, and that is said once', async () => {
    for (let count = 0; count < 5; count += 1) expect((await start({}, untrusting.origin)).status).toBe(303)
    expect(untrusting.logs('forwarding_untrusted')).toEqual([])
    for (let count = 0; count < 5; count += 1)
      expect((await start({ 'X-Forwarded-For': '198.51.100.9' }, untrusting.origin)).status).toBe(303)
    expect(untrusting.logs('forwarding_untrusted')).toHaveLength(1)
  })
})
