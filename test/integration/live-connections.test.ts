import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import { startFaultyLine } from '../support/faulty-line.ts'
import { startGateway } from '../support/gateway.ts'
import { movedTo } from '../support/moved-to.ts'
import { logoutToken, sendLogout } from '../support/logout-token.ts'
import { openRaw, rawRequest } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { openWebSocket } from '../support/web-socket-client.ts'
import { OPCODES } from '../support/web-socket-frames.ts'

let redis: RedisServer
let api: Upstream
beforeAll(async () => {
  redis = await startRedis()
  api = await startUpstream()
})
afterAll(async () => {
  await api.close()
  await redis.stop()
})

/** A gateway that carries WebSockets below `/ws/` and event streams below `/events/`. */
async function withStory<Result>(
  env: Readonly<Record<string, string>>,
  tell: (story: Story<ScriptedProvider>) => Promise<Result>,
): Promise<Result> {
  const routes = [
    { prefix: '/ws/', upstream: `${api.origin}/`, webSocket: true },
    { prefix: '/stream/', upstream: `${api.origin}/`, proof: 'same-origin' },
    { prefix: '/api/', upstream: `${api.origin}/` },
  ]
  const story = await tellScriptedStory({ COATCHECK_ROUTES: JSON.stringify(routes), ...env })
  try {
    return await tell(story)
  } finally {
    await story.stop()
  }
}

const cookieOf = (browser: Browser) => `coatcheck=${browser.cookie('coatcheck')?.value}`

function webSocketOf(browser: Browser, { origin, gateway }: Story<ScriptedProvider>) {
  return openWebSocket(gateway.port, { path: '/ws/echo', host: new URL(origin).host, origin, cookie: cookieOf(browser) })
}

async function streamOf(browser: Browser, { origin, gateway }: Story<ScriptedProvider>) {
  const connection = await openRaw(gateway.port)
  const headers = `Host: ${new URL(origin).host}\r\nCookie: ${cookieOf(browser)}\r\nSec-Fetch-Site: same-origin\r\nConnection: close`
  connection.write(`GET /stream/events HTTP/1.1\r\n${headers}\r\nAccept: text/event-stream\r\n\r\n`)
  await connection.until('data: first\n\n')
  return connection
}

describe('what somebody has open', () => {
  test('ends with their session when they sign out in another tab, and only theirs', async () => {
    await withStory({}, async (story) => {
      const [ann, bob] = [await story.signedIn(), await story.signedIn()]
      const [socket, stream, others] = [await webSocketOf(ann, story), await streamOf(ann, story), await webSocketOf(bob, story)]
      expect(await story.gateway.metric('coatcheck_websockets_open')).toBe(2)
      expect(await story.gateway.metric('coatcheck_event_streams_open')).toBe(1)

      await ann.fetch(`${story.origin}/bff/logout`, { method: 'POST' })
      expect(await socket.ended()).toEqual({ code: 4401, reason: 'signed_out' })
      expect(await stream.closed()).toContain('event: ended\ndata: {"reason":"signed_out"}\n\n')

      others.send('still here')
      await others.received(1)
      others.raw.destroy()
      await until('all is over', async () => (await story.gateway.metric('coatcheck_websockets_open')) === 0)
      const ended = { outcome: 'session_ended' }
      expect(await story.gateway.metric('coatcheck_live_connections_closed_total', { ...ended, kind: 'tunnel' })).toBe(1)
      expect(await story.gateway.metric('coatcheck_live_connections_closed_total', { ...ended, kind: 'stream' })).toBe(1)
      expect(story.gateway.logs('live_connection_closed')).toContainEqual(
        expect.objectContaining({ kind: 'tunnel', route: '/ws/', outcome: 'session_ended', upstream: api.origin }),
      )
    })
  })

  test('ends when the provider says that they signed out there, and when they end it from elsewhere', async () => {
    await withStory({}, async (story) => {
      const { origin, provider } = story
      const [ann, again] = [await story.signedIn(), await story.signedIn()]
      const [socket, stream] = [await webSocketOf(ann, story), await streamOf(ann, story)]
      await again.fetch(`${origin}/bff/sessions`, { method: 'DELETE' })
      expect(await socket.ended()).toEqual({ code: 4401, reason: 'revoked' })
      expect(await stream.closed()).toContain('event: ended\ndata: {"reason":"revoked"}\n\n')

      const last = await webSocketOf(again, story)
      await sendLogout(origin, await logoutToken(provider))
      expect(await last.ended()).toEqual({ code: 4401, reason: 'ended_by_provider' })
    })
  })

  test('ends as replaced when they sign in anew in the same browser', async () => {
    await withStory({}, async (story) => {
      const browser = await story.signedIn()
      const [socket, stream] = [await webSocketOf(browser, story), await streamOf(browser, story)]
      await story.signIn(browser)
      expect(await socket.ended()).toEqual({ code: 4401, reason: 'replaced' })
      expect(await stream.closed()).toContain('event: ended\ndata: {"reason":"replaced"}\n\n')
      const next = await webSocketOf(browser, story)
      next.raw.destroy()
    })
  })

  test('cannot be opened again with the old cookie', async () => {
    await withStory({}, async (story) => {
      const browser = await story.signedIn()
      const cookie = cookieOf(browser)
      await browser.fetch(`${story.origin}/bff/logout`, { method: 'POST' })
      const asked = { path: '/ws/echo', host: new URL(story.origin).host, origin: story.origin, cookie }
      await expect(openWebSocket(story.gateway.port, asked)).rejects.toThrow(/401 [\s\S]*Coatcheck-Reason: signed_out/i)
    })
  })

  test.each(['memory:', 'redis'])(
    'ends when nobody is there any more: an event stream keeps nobody signed in (%s)',
    async (kind) => {
      const env = { COATCHECK_STORE: kind === 'redis' ? redis.url : kind, COATCHECK_SESSION_IDLE_TIMEOUT: '2s' }
      await withStory(env, async (story) => {
        const browser = await story.signedIn()
        const [socket, stream] = [await webSocketOf(browser, story), await streamOf(browser, story)]
        expect(await socket.ended()).toEqual({ code: 4401, reason: 'idle' })
        expect(await stream.closed()).toContain('event: ended\ndata: {"reason":"idle"}\n\n')
        await until('the ending is told of', () => story.gateway.logs('session_ended').length > 0)
        expect(story.gateway.logs('session_ended')).toMatchObject([{ reason: 'idle' }])
      })
    },
  )

  test('goes on while messages come through a WebSocket, and ends at the absolute end of the session all the same', async () => {
    const env = { COATCHECK_SESSION_IDLE_TIMEOUT: '2s', COATCHECK_SESSION_ABSOLUTE_TIMEOUT: '6s' }
    await withStory(env, async (story) => {
      const browser = await story.signedIn()
      const begun = Date.now()
      const [socket, stream] = [await webSocketOf(browser, story), await streamOf(browser, story)]
      const typing = setInterval(() => socket.send('somebody is here'), 200)
      const end = await socket.ended()
      clearInterval(typing)
      expect(end).toEqual({ code: 4401, reason: 'expired' })
      expect(await stream.closed()).toContain('event: ended\ndata: {"reason":"expired"}\n\n')
      expect(Date.now() - begun).toBeGreaterThan(4000)
    })
  })

  test('goes on while another instance sees the person', async () => {
    const env = { COATCHECK_STORE: redis.url, COATCHECK_SESSION_IDLE_TIMEOUT: '2s' }
    await withStory(env, async (story) => {
      const elsewhere = await startGateway({ ...story.gateway.env, COATCHECK_LISTEN: '127.0.0.1:0' })
      await elsewhere.ready()
      const browser = await story.signedIn()
      const socket = await webSocketOf(browser, story)
      const begun = Date.now()
      const call = `GET /api/x HTTP/1.1\r\nHost: ${new URL(story.origin).host}\r\nCookie: ${cookieOf(browser)}\r\nX-CSRF: 1\r\nConnection: close\r\n\r\n`
      await until('two idle times are over', async () => {
        expect(await rawRequest(elsewhere.port, call)).toMatch(/^HTTP\/1\.1 200 /)
        return Date.now() > begun + 4000
      })
      socket.send('still here')
      expect((await socket.received(1)).map(({ opcode }) => opcode)).toEqual([OPCODES.text])
      socket.raw.destroy()
      await elsewhere.stop()
    })
  })
})

describe('what somebody has open at one gateway', () => {
  test('ends when they sign out at another, and so does what they opened a moment ago', async () => {
    await withStory({ COATCHECK_STORE: redis.url }, async (story) => {
      const [ann, bob] = [await story.signedIn(), await story.signedIn()]
      const [socket, stream, others] = [await webSocketOf(ann, story), await streamOf(ann, story), await webSocketOf(bob, story)]
      const elsewhere = await startGateway({ ...story.gateway.env, COATCHECK_LISTEN: '127.0.0.1:0' })
      await elsewhere.ready()
      const answer = await movedTo(elsewhere, ann).fetch(`${story.origin}/bff/logout`, { method: 'POST' })
      expect(answer.status).toBe(200)
      expect(await socket.ended()).toEqual({ code: 4401, reason: 'signed_out' })
      expect(await stream.closed()).toContain('event: ended\ndata: {"reason":"signed_out"}\n\n')
      others.send('still here')
      await others.received(1)
      others.raw.destroy()
      await elsewhere.stop()
    })
  })

  test('ends once Redis is back, when they signed out at another while this one had lost it', async () => {
    const line = await startFaultyLine(redis.port)
    await withStory({ COATCHECK_STORE: `redis://127.0.0.1:${line.port}` }, async (story) => {
      const ann = await story.signedIn()
      const socket = await webSocketOf(ann, story)
      const elsewhere = await startGateway({ ...story.gateway.env, COATCHECK_STORE: redis.url, COATCHECK_LISTEN: '127.0.0.1:0' })
      await elsewhere.ready()
      line.cutOff()
      await until('the loss is noticed', () => story.gateway.logs('store_state').at(-1)?.['state'] === 'lost')
      const answer = await movedTo(elsewhere, ann).fetch(`${story.origin}/bff/logout`, { method: 'POST' })
      expect(answer.status).toBe(200)
      line.mend()
      expect(await socket.ended()).toEqual({ code: 4401, reason: 'signed_out' })
      await elsewhere.stop()
    })
    await line.stop()
  })
})

describe('a gateway that is told to stop', () => {
  test('closes WebSockets with 1001 and ends event streams, and is gone long before its deadline', async () => {
    const story = await tellScriptedStory({
      COATCHECK_ROUTES: JSON.stringify([
        { prefix: '/ws/', upstream: `${api.origin}/`, webSocket: true },
        { prefix: '/stream/', upstream: `${api.origin}/`, proof: 'same-origin' },
      ]),
      COATCHECK_DRAIN_DEADLINE: '1h',
    })
    const browser = await story.signedIn()
    const [socket, stream] = [await webSocketOf(browser, story), await streamOf(browser, story)]
    const stopped = story.stop()
    expect(await socket.ended()).toEqual({ code: 1001, reason: 'going away' })
    expect(await stream.closed()).toMatch(/data: first\n\n\r\n0\r\n\r\n$/)
    await stopped
    expect(story.gateway.logs('draining')).toMatchObject([{ inFlight: 2 }])
    expect(story.gateway.logs('stopped')).toMatchObject([{ inFlight: 0 }])
  })
})
