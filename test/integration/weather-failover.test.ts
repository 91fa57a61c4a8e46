import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { movedTo } from '../support/moved-to.ts'
import type { RedisServer } from '../support/redis-server.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { startWatchedRedis, type WatchedRedis } from '../support/sentinel.ts'
import { startLoad } from '../support/steady-load.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

const GRACE_MILLISECONDS = 10_000
/** A heartbeat a second, half a second late at most: so old can the last word of Redis be when it goes. */
const LAST_WORD_MILLISECONDS = 1_500

let servers: WatchedRedis
let story: Story<ScriptedProvider>
let gateways: readonly TestGateway[]
beforeAll(async () => {
  servers = await startWatchedRedis({ password: 'of the servers' })
  story = await tellScriptedStory({
    COATCHECK_STORE: servers.url,
    COATCHECK_STORE_OUTAGE_GRACE: `${GRACE_MILLISECONDS}ms`,
  })
  const more = await Promise.all([1, 2].map(() => startGateway({ ...story.gateway.env, COATCHECK_LISTEN: '127.0.0.1:0' })))
  await Promise.all(more.map((gateway) => gateway.ready()))
  gateways = [story.gateway, ...more]
})
afterAll(async () => {
  await Promise.all(gateways.slice(1).map((gateway) => gateway.stop()))
  await story.stop()
  await servers.stop()
})

const sessionsIn = async (server: Pick<RedisServer, 'dump'>) =>
  [...(await server.dump()).keys()].filter((key) => key.endsWith(':session')).length

const everywhere = (browser: Browser) => gateways.map((gateway) => movedTo(gateway, browser))

test('the primary is killed under a steady load on three instances: nobody is signed out, and all go on at its successor', async () => {
  const people = await Promise.all([1, 2, 3].map(() => story.signedIn()))
  const browsers = people.flatMap(everywhere)
  const url = `${story.origin}/api/x`
  for (const browser of browsers) expect((await browser.fetch(url)).status).toBe(200)

  const load = startLoad(browsers, url)
  await until('the load is steady', () => load.answers.length > 100)
  // Who signed in last is known to no cache of the other instances. On a busy machine the gateway does not wait for a replica that is slow.
  const last = await story.signedIn()
  for (const replica of servers.replicas) {
    await until('the replica has heard of it', async () => (await sessionsIn(replica)) === people.length + 1)
  }
  const killedAt = Date.now()
  await servers.primary.kill()
  const successor = await servers.failedOver(servers.primary.port)
  for (const browser of everywhere(last)) {
    await until('who is in no cache is served again', async () => (await browser.fetch(url)).status === 200)
  }
  const many = load.answers.length
  await until('the load goes on for a while', () => load.answers.length > many + 100)
  await load.stop()

  expect(load.answers.filter(({ setsCookie }) => setsCookie)).toEqual([])
  const refused = load.answers.filter(({ status }) => status !== 200)
  expect(refused.filter(({ status, code }) => status !== 503 || code !== 'store_unavailable')).toEqual([])
  expect(refused.filter(({ at }) => at < killedAt + GRACE_MILLISECONDS - LAST_WORD_MILLISECONDS)).toEqual([])

  for (const browser of [...people, last].flatMap(everywhere)) {
    expect((await browser.fetch(`${story.origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
  }
  expect((await (await story.signedIn()).fetch(url)).status).toBe(200)
  expect((await successor.dump()).size).toBeGreaterThan(0)
  for (const gateway of gateways) {
    const states = gateway.logs('store_state').map(({ state }) => state)
    // Once for each cause: the connection that went away, the address that refuses, sentinels that do not know yet.
    expect(states.join(' ')).toMatch(/^connected( lost){1,4} connected$/)
  }
})
