import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { answers } from '../../support/answers.ts'
import type { Browser } from '../../support/browser.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { movedTo } from '../../support/moved-to.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import type { ScriptedProvider } from '../../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../../support/story.ts'
import { until } from '../../support/until.ts'

const TOKEN_MILLISECONDS = 1_000

let redis: RedisServer
let story: Story<ScriptedProvider>
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  await redis.command('FLUSHALL')
  story = await tellScriptedStory({ COATCHECK_STORE: redis.url })
})
afterEach(() => story.stop())

/** Someone whose access token has ended. */
async function signedInForLong(): Promise<Browser> {
  const { script } = story.provider
  script.token = (honest) => ({ ...honest, expires_in: TOKEN_MILLISECONDS / 1_000 })
  const browser = await story.signedIn()
  const endsAt = Date.now() + TOKEN_MILLISECONDS
  await until('the access token has ended', () => Date.now() > endsAt)
  delete script.token
  return browser
}

/** The provider answers a refresh only when it is told to. */
function holdRefreshes(): () => void {
  const told = Promise.withResolvers<void>()
  story.provider.script.token = (honest) => (response) => void told.promise.then(() => answers.json(200, honest)(response))
  return told.resolve
}

const call = (browser: Browser) => browser.fetch(`${story.origin}/api/x`)
const asked = () => until('the provider was asked', () => story.provider.count('token') > 1)
const storedGrant = async () => [...(await redis.dump())].find(([key]) => key.endsWith(':grant'))?.[1] ?? ''
/** Of `<version>:<format>.<key id>.<content>`. */
const keyId = (grant: string) => grant.split('.')[1]
const storedVersion = async () => Number.parseInt(await storedGrant(), 10)

/** A call whose client can hang up. */
function callToAbort(browser: Browser, { port }: TestGateway = story.gateway) {
  const url = new URL(`${story.origin}/api/x`)
  const cookie = browser.jar.header(url, { sameSite: true, topLevelNavigation: false, method: 'GET' }) ?? ''
  const headers = { Host: url.host, Cookie: cookie, 'X-CSRF': '1', 'Sec-Fetch-Site': 'same-origin' }
  const calling = request({ host: '127.0.0.1', port, path: url.pathname, headers }).on('error', () => undefined)
  calling.end()
  return calling
}

test('every request is aborted in the middle of a refresh, and the session is valid afterwards, with new tokens', async () => {
  const browser = await signedInForLong()
  const answer = holdRefreshes()
  const calls = Array.from({ length: 5 }, () => callToAbort(browser))
  await asked()
  for (const each of calls) each.destroy()
  await until('nobody waits any more', async () => (await story.gateway.metric('coatcheck_requests_in_flight')) === 0)
  answer()
  await until('the new tokens are stored', async () => (await storedVersion()) === 2)
  expect((await call(browser)).status).toBe(200)
  expect(story.provider.count('token')).toBe(2)
})

test('a drain waits for a refresh under way, whose tokens the next instance uses', async () => {
  const browser = await signedInForLong()
  const leaving = await startGateway({ ...story.gateway.env, COATCHECK_LISTEN: '127.0.0.1:0' })
  await leaving.ready()
  const answer = holdRefreshes()
  const calling = callToAbort(browser, leaving)
  await asked()
  calling.destroy()
  await until('nobody waits any more', async () => (await leaving.metric('coatcheck_requests_in_flight')) === 0)
  const drained = leaving.stop()
  await until('it drains', () => leaving.logs('draining').length > 0)
  expect([leaving.logs('stopped').length, await storedVersion()]).toEqual([0, 1])
  answer()
  await drained
  expect([leaving.logs('stopped').length, await storedVersion()]).toEqual([1, 2])
  expect((await call(browser)).status).toBe(200)
  expect(story.provider.count('token')).toBe(2)
})

test('a server key that is rotated seals the grant from the next refresh on, and nobody notices', async () => {
  const browser = await signedInForLong()
  const before = await storedGrant()
  const rotated = `${randomBytes(33).toString('base64url')},${story.gateway.env['COATCHECK_SECRETS']}`
  const next = await startGateway({ ...story.gateway.env, COATCHECK_SECRETS: rotated, COATCHECK_LISTEN: '127.0.0.1:0' })
  try {
    await next.ready()
    const answer = await movedTo(next, browser).fetch(`${story.origin}/api/x`)
    expect([answer.status, answer.setCookies]).toEqual([200, []])
  } finally {
    await next.stop()
  }
  const after = await storedGrant()
  expect([before.split(':')[0], after.split(':')[0]]).toEqual(['1', '2'])
  expect(keyId(after)).toMatch(/^[\w-]{8}$/)
  expect(keyId(after)).not.toBe(keyId(before))
})
