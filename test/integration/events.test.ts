import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import { type EventClient, openEvents } from '../support/event-client.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { inEachStore } from '../support/in-each-store.ts'
import { movedTo } from '../support/moved-to.ts'
import { openRaw } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

type ScriptedStory = Story<ScriptedProvider>

async function withStory(env: Readonly<Record<string, string>>, tell: (story: ScriptedStory) => Promise<void>): Promise<void> {
  const story = await tellScriptedStory(env)
  try {
    await tell(story)
  } finally {
    await story.stop()
  }
}

async function withSecond({ gateway }: ScriptedStory, tell: (elsewhere: TestGateway) => Promise<void>): Promise<void> {
  const elsewhere = await startGateway({ ...gateway.env, COATCHECK_LISTEN: '127.0.0.1:0' })
  try {
    await elsewhere.ready()
    await tell(elsewhere)
  } finally {
    await elsewhere.stop()
  }
}

const cookieOf = (browser: Browser) => `coatcheck=${browser.cookie('coatcheck')?.value}`

interface How {
  readonly at?: TestGateway
  readonly lastEventId?: string
}

function eventsOf(
  browser: Browser,
  { origin, gateway }: ScriptedStory,
  { at = gateway, ...how }: How = {},
): Promise<EventClient> {
  return openEvents({ port: at.port, host: new URL(origin).host, cookie: cookieOf(browser), ...how })
}

const LOGIN = { loginUrl: '/bff/login' }
const names = (events: readonly { readonly event: string }[]) => events.map(({ event }) => event)

describe('an event stream', () => {
  test('opens at once, says when to come back, and has an id before there is an event', async () => {
    await withStory({}, async (story) => {
      const stream = await eventsOf(await story.signedIn(), story)
      await until('it has begun', () => stream.text().includes('\n\n'))
      expect(stream.text()).toMatch(/^retry: [12]\d{3}\n: open\nid: [\w.-]+\n\n$/)
      const { 'content-type': type, 'cache-control': caching, 'x-accel-buffering': buffering } = stream.headers
      expect([stream.status, type, caching, buffering]).toEqual([200, 'text/event-stream; charset=utf-8', 'no-store', 'no'])
      expect(await story.gateway.metric('coatcheck_event_streams_open')).toBe(1)
      stream.close()
      await until('it is closed', async () => (await story.gateway.metric('coatcheck_event_streams_open')) === 0)
      const closed = { kind: 'stream', route: '/bff/events', outcome: 'client_closed' }
      expect(await story.gateway.metric('coatcheck_live_connections_closed_total', closed)).toBe(1)
    })
  })

  test('shows now and then that it is there', async () => {
    await withStory({ COATCHECK_EVENTS_HEARTBEAT: '1s' }, async (story) => {
      const stream = await eventsOf(await story.signedIn(), story)
      await until('there were two heartbeats', () => stream.text().endsWith(':\n\n:\n\n'))
      expect(stream.events()).toEqual([])
      stream.close()
    })
  })

  test('is refused to other origins, to what shows no metadata, and to other methods', async () => {
    await withStory({}, async (story) => {
      const browser = await story.signedIn()
      const ask = (headers: Readonly<Record<string, string>>) =>
        openEvents({ port: story.gateway.port, host: new URL(story.origin).host, cookie: cookieOf(browser), headers })
      for (const site of ['same-site', 'cross-site', 'none']) expect((await ask({ 'Sec-Fetch-Site': site })).status).toBe(403)
      const plain = await fetch(`${story.origin}/bff/events`, { headers: { Cookie: cookieOf(browser), 'X-CSRF': '1' } })
      expect(plain.status).toBe(403)
      expect((await browser.fetch('/bff/events', { method: 'HEAD' })).status).toBe(405)
      expect((await browser.fetch('/bff/events', { method: 'POST' })).status).toBe(405)
    })
  })

  test('is 401 without a session, and where the browser comes back to one that has ended it is told why and ends', async () => {
    await withStory({}, async (story) => {
      const browser = await story.signedIn()
      const stream = await eventsOf(browser, story)
      await until('it has an id', () => stream.lastEventId() !== '')
      stream.close()
      const cookie = cookieOf(browser)
      const at = { port: story.gateway.port, host: new URL(story.origin).host }
      await browser.fetch('/bff/logout', { method: 'POST' })

      const refused = await openEvents({ ...at, cookie })
      expect([refused.status, refused.headers['coatcheck-reason']]).toEqual([401, 'signed_out'])
      const back = await openEvents({ ...at, cookie, lastEventId: stream.lastEventId() })
      const told = { event: 'ended', id: stream.lastEventId(), data: { reason: 'signed_out', ...LOGIN } }
      expect([back.status, await back.ended()]).toEqual([200, [told]])
      const without = await openEvents({ ...at, lastEventId: stream.lastEventId() })
      expect(await without.ended()).toMatchObject([{ event: 'ended', data: { reason: 'none' } }])
      const unread = await openEvents({ ...at, cookie, lastEventId: 'not one of ours' })
      expect(unread.status).toBe(401)
    })
  })

  test('is 503 where the store is away, whether or not the browser comes back: unknown is not ended', async () => {
    await withStory({ COATCHECK_STORE: redis.url, COATCHECK_STORE_OUTAGE_GRACE: '0s' }, async (story) => {
      const browser = await story.signedIn()
      const stream = await eventsOf(browser, story)
      await until('it has an id', () => stream.lastEventId() !== '')
      redis.freeze()
      const again = await Promise.all([
        eventsOf(browser, story),
        eventsOf(browser, story, { lastEventId: stream.lastEventId() }),
      ]).finally(() => redis.thaw())
      expect(again.map(({ status }) => status)).toEqual([503, 503])
      expect(stream.isOver()).toBe(false)
      stream.close()
    })
  })

  test('of a browser that is gone before it opens is not kept', async () => {
    await withStory({ COATCHECK_STORE: redis.url, COATCHECK_STORE_DEADLINE: '10s' }, async (story) => {
      const { gateway } = story
      const cookie = cookieOf(await story.signedIn())
      redis.freeze()
      const asking = await openRaw(gateway.port)
      const lines = [`Host: ${new URL(story.origin).host}`, `Cookie: ${cookie}`, 'Sec-Fetch-Site: same-origin']
      asking.write(`GET /bff/events HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      await until('it is asked for', async () => (await gateway.metric('coatcheck_requests_in_flight')) === 1)
      asking.destroy()
      await until('it is gone', async () => (await gateway.metric('coatcheck_requests_in_flight')) === 0)
      redis.thaw()
      // Asked after it, so answered after it.
      expect((await openEvents({ port: gateway.port, host: new URL(story.origin).host, cookie })).status).toBe(200)
      expect(await gateway.metric('coatcheck_event_streams_open')).toBe(1)
    })
  })

  test('is one of a bounded number for a session', async () => {
    await withStory({ COATCHECK_EVENTS_MOST_PER_SESSION: '2' }, async (story) => {
      const [ann, bob] = [await story.signedIn(), await story.signedIn()]
      const [first, second] = [await eventsOf(ann, story), await eventsOf(ann, story)]
      const third = await eventsOf(ann, story)
      expect([third.status, third.headers['retry-after']]).toEqual([429, '30'])
      expect((await eventsOf(bob, story)).status).toBe(200)
      first.close()
      await until('there is room again', async () => (await eventsOf(ann, story)).status === 200)
      second.close()
    })
  })

  test('does not keep anybody signed in, and ends when nobody is there', async () => {
    await withStory({ COATCHECK_SESSION_IDLE_TIMEOUT: '5s', COATCHECK_EVENTS_HEARTBEAT: '1s' }, async (story) => {
      const stream = await eventsOf(await story.signedIn(), story)
      const events = await stream.ended()
      expect(names(events)).toEqual(['expiring', 'ended'])
      expect(events.at(-1)?.data).toEqual({ reason: 'idle', ...LOGIN })
    })
  })

  test('makes way when the gateway stops, without a word of an ending', async () => {
    const story = await tellScriptedStory({ COATCHECK_DRAIN_DEADLINE: '1h' })
    const stream = await eventsOf(await story.signedIn(), story)
    await story.stop()
    expect(await stream.ended()).toEqual([])
  })
})

describe('a page with an event stream', () => {
  test('is warned once before the session runs out, and told when there is more time', () =>
    inEachStore(redis, (store) => {
      const env = { COATCHECK_SESSION_IDLE_TIMEOUT: '8s', COATCHECK_EVENTS_EXPIRING_AHEAD: '4s' }
      return withStory({ ...env, COATCHECK_STORE: store }, async (story) => {
        const browser = await story.signedIn()
        const [stream, tab] = [await eventsOf(browser, story), await eventsOf(browser, story)]
        const warned = await stream.told('expiring')
        await tab.told('expiring')
        const { idleExpiresAt, now } = warned.data
        const left = Date.parse(String(idleExpiresAt)) - Date.parse(String(now))
        expect([left > 0, left <= 4000]).toEqual([true, true])
        await browser.fetch('/bff/session/extend', { method: 'POST' })
        const extended = await stream.told('extended')
        await tab.told('extended')
        expect(Date.parse(String(extended.data['idleExpiresAt']))).toBeGreaterThan(Date.parse(String(idleExpiresAt)))
        await until('it is warned again', () => names(stream.events()).join(' ') === 'expiring extended expiring')
        stream.close()
        tab.close()
      })
    }))

  test('is told at one gateway of what is done at another', async () => {
    const env = { COATCHECK_SESSION_IDLE_TIMEOUT: '8s', COATCHECK_EVENTS_EXPIRING_AHEAD: '4s' }
    await withStory({ ...env, COATCHECK_STORE: redis.url }, (story) =>
      withSecond(story, async (elsewhere) => {
        const browser = await story.signedIn()
        const stream = await eventsOf(browser, story)
        await stream.told('expiring')
        const answer = await movedTo(elsewhere, browser).fetch(`${story.origin}/bff/session/extend`, { method: 'POST' })
        expect(answer.status).toBe(200)
        await stream.told('extended')
        await movedTo(elsewhere, browser).fetch(`${story.origin}/bff/logout`, { method: 'POST' })
        expect((await stream.ended()).at(-1)).toMatchObject({ event: 'ended', data: { reason: 'signed_out', ...LOGIN } })
      }),
    )
  })

  test('is warned of the absolute end, however much it is used', async () => {
    const env = { COATCHECK_SESSION_IDLE_TIMEOUT: '6s', COATCHECK_SESSION_ABSOLUTE_TIMEOUT: '8s' }
    await withStory(env, async (story) => {
      const browser = await story.signedIn()
      const stream = await eventsOf(browser, story)
      await stream.told('expiring')
      await browser.fetch('/bff/session/extend', { method: 'POST' })
      const events = await stream.ended()
      expect(names(events)).toEqual(['expiring', 'extended', 'expiring', 'ended'])
      const last = events[2]?.data
      expect(last?.['idleExpiresAt']).toBe(last?.['absoluteExpiresAt'])
      expect(events[3]?.data).toEqual({ reason: 'expired', ...LOGIN })
    })
  })

  test('is told of claims that a refresh at another gateway changed, at once or when it comes back', async () => {
    await withStory({ COATCHECK_STORE: redis.url }, (story) =>
      withSecond(story, async (elsewhere) => {
        const { provider, origin } = story
        provider.script.claims = (honest) => ({ ...honest, name: 'Alice' })
        provider.script.token = (honest) => ({ ...honest, expires_in: 1 })
        const browser = await story.signedIn()
        const [stream, gone] = [await eventsOf(browser, story), await eventsOf(browser, story)]
        await until('it has an id', () => gone.lastEventId() !== '')
        gone.close()
        provider.script.claims = (honest) => ({ ...honest, name: 'Alice Liddell' })
        const call = () => movedTo(elsewhere, browser).fetch(`${origin}/api/x`)
        await until('its token is renewed', async () => {
          expect((await call()).status).toBe(200)
          return elsewhere.logs('claims_changed').length > 0
        })
        const told = await stream.told('claims-changed')
        expect(told.data['user']).toMatchObject({ sub: 'alice', name: 'Alice Liddell' })
        const back = await eventsOf(browser, story, { lastEventId: gone.lastEventId() })
        expect((await back.told('claims-changed')).data).toEqual(told.data)
        const again = await eventsOf(browser, story, { at: elsewhere, lastEventId: back.lastEventId() })
        await until('it is open', () => again.lastEventId() !== '')
        expect([again.lastEventId(), again.events()]).toEqual([back.lastEventId(), []])
        for (const each of [stream, back, again]) each.close()
      }),
    )
  })

  test('that comes back as another person is told so, and one that signed in anew is not', async () => {
    await withStory({}, async (story) => {
      const browser = await story.signedIn()
      const stream = await eventsOf(browser, story)
      await story.signIn(browser)
      expect(await stream.ended()).toMatchObject([{ event: 'ended', data: { reason: 'replaced' } }])
      const same = await eventsOf(browser, story, { lastEventId: stream.lastEventId() })
      await until('it is open', () => same.lastEventId() !== '')
      expect(same.events()).toEqual([])
      story.provider.script.claims = (honest) => ({ ...honest, sub: 'bob' })
      await story.signIn(browser)
      await same.ended()
      const other = await eventsOf(browser, story, { lastEventId: same.lastEventId() })
      expect(await other.told('user-changed')).toMatchObject({ data: {} })
      expect(names(other.events())).toEqual(['user-changed'])
      other.close()
    })
  })

  test('learns nothing from its ids: they hold no session, no person and no claim', async () => {
    await withStory({}, async (story) => {
      const browser = await story.signedIn()
      const stream = await eventsOf(browser, story)
      await until('it has an id', () => stream.lastEventId() !== '')
      const secret = decodeURIComponent(String(browser.cookie('coatcheck')?.value)).slice(2, 45)
      for (const word of [secret, 'alice', 'Alice']) expect(stream.text()).not.toContain(word)
      stream.close()
    })
  })
})
