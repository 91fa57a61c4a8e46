import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { askByHeaders } from '../support/ask-authorize.ts'
import type { Browser } from '../support/browser.ts'
import type { TestProvider } from '../support/provider.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Story, tellStory } from '../support/story.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { openWebSocket } from '../support/web-socket-client.ts'

let redis: RedisServer
let api: Upstream
let story: Story<TestProvider>
let browser: Browser
/** What the API says of every call to `/picky`; undefined: it serves. */
let challenge: string | undefined

beforeAll(async () => {
  redis = await startRedis()
  api = await startUpstream({
    '/picky': (_, response) => {
      if (challenge === undefined) response.end('served')
      else response.writeHead(401, { 'WWW-Authenticate': challenge }).end('a word of the API')
    },
  })
  const upstream = `${api.origin}/`
  const routes = [
    { prefix: '/api/', upstream, webSocket: true },
    { prefix: '/pay/', upstream, acr: ['gold', 'urn:example:platinum+'], webSocket: true },
    { prefix: '/fresh/', upstream, maxAge: '5m' },
    { prefix: '/stream/', upstream, proof: 'same-origin' },
  ]
  story = await tellStory(
    {
      COATCHECK_STORE: redis.url,
      COATCHECK_ROUTES: JSON.stringify(routes),
      COATCHECK_FORWARD_AUTH_PEERS: '127.0.0.1',
      COATCHECK_PROVIDER_CLOCK_TOLERANCE: '1s',
    },
    { idTokenAlgorithm: 'ES256', configuration: { acrValues: ['silver', 'gold'] } },
  )
})
afterAll(async () => {
  await story.stop()
  await api.close()
  await redis.stop()
})
beforeEach(async () => {
  challenge = undefined
  story.provider.acr = undefined
  browser = await story.signedIn()
})

const INSUFFICIENT = 'Bearer error="insufficient_user_authentication"'
const call = (path: string, how: Parameters<Browser['fetch']>[1] = {}) => browser.fetch(story.origin + path, how)
const cookie = () => `coatcheck=${browser.cookie('coatcheck')?.value}`
const state = async () => (await call('/bff/session')).json() as Record<string, string>

/** As a page does it: goes where the problem leads, and comes back. */
async function goTo(loginUrl: string, acr?: string) {
  story.provider.acr = acr
  const { origin } = story
  return browser.navigate(`${origin}${loginUrl}${loginUrl.includes('?') ? '&' : '?'}returnTo=/back`, { from: `${origin}/` })
}

describe('an API that asks for another sign-in', () => {
  test('is understood: the page learns where to sign in so, and sees no byte of the API’s', async () => {
    challenge = `${INSUFFICIENT}, acr_values="gold urn:example:a&b=c", max_age="300"`
    const answer = await call('/api/picky', { method: 'POST', body: 'x' })
    expect(answer.json()).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: expect.any(String),
      code: 'step_up_required',
      requestId: expect.any(String),
      loginUrl: '/bff/login?acrValues=gold%20urn%3Aexample%3Aa%26b%3Dc&maxAge=300',
    })
    expect(answer.headers).toMatchObject({ 'content-type': expect.stringContaining('problem+json'), 'cache-control': 'no-store' })
    expect(answer.headers['www-authenticate']).toBeUndefined()
    expect(answer.headers['coatcheck-reason']).toBeUndefined()
    expect(answer.text).not.toContain('a word')
    expect(await state()).toMatchObject({ authenticated: true })
  })

  test('is served after that sign-in, which is asked of the provider as the API said it', async () => {
    challenge = `${INSUFFICIENT}, acr_values="gold", max_age="300"`
    const { loginUrl } = (await call('/api/picky')).json() as { loginUrl: string }
    const page = await goTo(loginUrl, 'gold')
    expect(page.url).toBe(`${story.origin}/back`)
    const asked = page.redirects.map(({ headers }) => headers.location ?? '').find((url) => url.includes('acr_values'))
    expect(Object.fromEntries(new URL(asked ?? '').searchParams)).toMatchObject({ acr_values: 'gold', max_age: '300' })
    challenge = undefined
    expect((await call('/api/picky')).text).toBe('served')
  })

  test('for what the session has already is not asked again: there is no way on that leads in a circle', async () => {
    await goTo('/bff/login?acrValues=gold', 'gold')
    challenge = `${INSUFFICIENT}, acr_values="gold"`
    const answer = await call('/api/picky')
    expect(answer.json()).toMatchObject({ status: 403, code: 'step_up_refused' })
    expect(answer.text).not.toContain('loginUrl')
    challenge = `${INSUFFICIENT}, acr_values="silver"`
    expect((await call('/api/picky')).json()).toMatchObject({ code: 'step_up_required' })
  })

  test.each([`${INSUFFICIENT}, acr_values="a\\"b"`, 'Bearer error="insufficient_scope"'])(
    'in no way that could be understood has its own 401 (%s)',
    async (header) => {
      challenge = header
      const answer = await call('/api/picky')
      expect([answer.status, answer.text, answer.headers['coatcheck-reason']]).toEqual([401, 'a word of the API', undefined])
    },
  )

  test('while it is asked for a stream, or for a WebSocket, is understood as well', async () => {
    challenge = `${INSUFFICIENT}, acr_values="gold"`
    const stream = await call('/stream/picky', { headers: { Accept: 'text/event-stream' } })
    expect(stream.json()).toMatchObject({ code: 'step_up_required', loginUrl: '/bff/login?acrValues=gold' })
    const { origin, gateway } = story
    const asked = { path: '/api/picky', host: new URL(origin).host, origin, cookie: cookie() }
    await expect(openWebSocket(gateway.port, asked)).rejects.toThrow(/ 403 [\s\S]*application\/problem\+json/)
    await expect(openWebSocket(gateway.port, asked)).rejects.not.toThrow(/a word/)
  })

  test('leads a person who has opened its address to sign in, and back', async () => {
    challenge = `${INSUFFICIENT}, acr_values="gold"`
    const page = await browser.navigate(`${story.origin}/stream/picky`, { from: `${story.origin}/`, follow: false })
    expect([page.status, page.headers.location]).toEqual([303, '/bff/login?acrValues=gold&returnTo=%2Fstream%2Fpicky'])
  })
})

describe('a route that demands a kind of sign-in', () => {
  test('carries nothing before that, and everything after it', async () => {
    const before = api.requests.length
    expect((await call('/pay/x')).json()).toMatchObject({
      status: 403,
      code: 'step_up_required',
      loginUrl: '/bff/login?acrValues=gold%20urn%3Aexample%3Aplatinum%2B',
    })
    const { origin, gateway } = story
    const asked = { path: '/pay/echo', host: new URL(origin).host, origin, cookie: cookie() }
    await expect(openWebSocket(gateway.port, asked)).rejects.toThrow(/ 403 [\s\S]*application\/problem\+json/)
    expect(api.requests.length).toBe(before)

    await goTo('/bff/login?acrValues=gold%20urn%3Aexample%3Aplatinum%2B', 'gold')
    expect((await call('/pay/x')).status).toBe(200)
    const socket = await openWebSocket(gateway.port, { ...asked, cookie: cookie() })
    socket.raw.destroy()
  })

  test('demands a recent one in the same way', async () => {
    expect((await call('/fresh/x')).json()).toMatchObject({ code: 'step_up_required', loginUrl: '/bff/login?maxAge=300' })
    await goTo('/bff/login?maxAge=300')
    expect((await call('/fresh/x')).status).toBe(200)
  })

  test('is decided on for a proxy that carries itself by the same rule', async () => {
    const { gateway, origin } = story
    const ask = () => askByHeaders(gateway.privateUrl, origin, { target: '/pay/x', headers: { Cookie: cookie(), 'X-CSRF': '1' } })
    const refused = await ask()
    expect([refused.status, refused.code]).toEqual([403, 'step_up_required'])
    expect(refused.text).toContain('"loginUrl":"/bff/login?acrValues=gold%20')
    await goTo('/bff/login?acrValues=gold', 'gold')
    expect(await ask()).toMatchObject({ status: 204, headers: { authorization: expect.stringMatching(/^Bearer ./) } })
  })
})

describe('a sign-in that is not what was asked for', () => {
  test.each([undefined, 'silver'])('ends on a page that says so, and leaves everything as it was (%s)', async (acr) => {
    const before = [cookie(), (await state())['createdAt']]
    const { counts } = story.provider
    const revocations = counts.revocation
    const page = await goTo('/bff/login?acrValues=gold', acr)
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('That sign-in was not enough')])
    expect(page.text).toContain('step_up_failed')
    expect(page.setCookies.filter(({ name }) => name === 'coatcheck')).toEqual([])
    expect([cookie(), (await state())['createdAt']]).toEqual(before)
    expect((await call('/api/x')).status).toBe(200)
    // The tokens may share their grant with those of the session, which goes on.
    expect(counts.revocation).toBe(revocations)
    expect(story.gateway.logs('login_finished').at(-1)).toMatchObject({
      outcome: 'refused',
      note: expect.stringContaining('acr'),
    })
  })

  test('begins nothing where nobody was signed in, and its tokens are revoked', async () => {
    const { openBrowser, provider } = story
    browser = await openBrowser()
    const before = provider.counts.revocation
    const page = await goTo('/bff/login?acrValues=gold', 'silver')
    expect([page.status, browser.cookie('coatcheck')]).toEqual([403, undefined])
    await until('both tokens are revoked', () => provider.counts.revocation === before + 2)
  })
})
