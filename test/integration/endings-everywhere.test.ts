import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import { type Browser, createBrowser } from '../support/browser.ts'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { type EventClient, openEvents } from '../support/event-client.ts'
import { startFaultyLine } from '../support/faulty-line.ts'
import { logoutClaims, sendLogout } from '../support/logout-token.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { signOutAtProvider } from '../support/sign-out-at-provider.ts'
import { createStops } from '../support/stops.ts'
import { until } from '../support/until.ts'
import { openWebSocket, type WebSocketClient } from '../support/web-socket-client.ts'
import { OPCODES } from '../support/web-socket-frames.ts'

const ADMIN_SECRET = 'a secret of the administrator, long enough for anybody'
const GRACE_MILLISECONDS = 3_000
const key = await generateKeyPair('ES256', { extractable: true })
const KID = 'the provider’s key'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const stops = createStops()
afterEach(stops.stopAll)

async function begin(env: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  const jwk = { ...(await exportJWK(key.privateKey)), kid: KID, use: 'sig', alg: 'ES256' }
  return startCluster({
    store: redis.url,
    backchannel: true,
    provider: { configuration: { jwks: { keys: [jwk] } } },
    env: { COATCHECK_ADMIN_SECRET: ADMIN_SECRET, COATCHECK_STORE_OUTAGE_GRACE: `${GRACE_MILLISECONDS}ms`, ...env },
    routes: (upstream) => [
      { prefix: '/api/', upstream: `${upstream}/` },
      { prefix: '/ws/', upstream: `${upstream}/`, webSocket: true },
    ],
  })
}

interface Person {
  readonly browser: Browser
  readonly cookie: string
  readonly sockets: readonly WebSocketClient[]
  readonly streams: readonly EventClient[]
}

/** Somebody signed in, with a tab at each instance, and a WebSocket and an event stream in each tab. */
async function open(cluster: Cluster, account: string): Promise<Person> {
  const { origin, instances } = cluster
  const browser = createBrowser()
  const cookie = await cluster.signIn(account, browser)
  const { host } = new URL(origin)
  const [sockets, streams] = await Promise.all([
    Promise.all(instances.map(({ port }) => openWebSocket(port, { path: '/ws/echo', host, origin, cookie }))),
    Promise.all(instances.map(({ port }) => openEvents({ port, host, cookie }))),
  ])
  expect(streams.map(({ status }) => status)).toEqual(instances.map(() => 200))
  stops.add(() => [...sockets.map(({ raw }) => raw.destroy()), ...streams.map((stream) => stream.close())])
  return { browser, cookie, sockets, streams }
}

/** Everything of theirs ends, for this reason and no other; how many milliseconds after `since` the last did. */
async function ended({ sockets, streams }: Pick<Person, 'sockets' | 'streams'>, reason: string, since: number): Promise<number> {
  const [closes, told] = await Promise.all([
    Promise.all(sockets.map((socket) => socket.ended())),
    Promise.all(streams.map((stream) => stream.ended())),
  ])
  const after = Date.now() - since
  expect(closes).toEqual(sockets.map(() => ({ code: 4401, reason })))
  for (const events of told) expect(events.at(-1)).toMatchObject({ event: 'ended', data: { reason, loginUrl: '/bff/login' } })
  return after
}

/** Their old cookie is good for nothing, anywhere. */
async function refused({ cookie }: Person, reason: string, cluster: Cluster): Promise<void> {
  const answers = await Promise.all(cluster.instances.map((_, instance) => cluster.call(instance, cookie)))
  expect(answers.map(({ status, headers }) => [status, headers['coatcheck-reason']])).toEqual(answers.map(() => [401, reason]))
}

/** Nothing of theirs has ended: it all goes on, at every instance. */
async function untouched({ cookie, sockets, streams }: Person, cluster: Cluster): Promise<void> {
  for (const socket of sockets) {
    const before = socket.frames().length
    socket.send('still here')
    const frames = await socket.received(before + 1)
    expect(frames.at(-1)?.opcode).toBe(OPCODES.text)
  }
  for (const stream of streams)
    expect([stream.isOver(), stream.events().some(({ event }) => event === 'ended')]).toEqual([false, false])
  const answers = await Promise.all(cluster.instances.map((_, instance) => cluster.call(instance, cookie)))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
}

function tell(way: string, milliseconds: number): void {
  console.log(`Ended by ${way}: the last WebSocket or event stream was closed after ${milliseconds} ms.`)
}

describe('three gateways, and tabs at all of them', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await begin()
  })
  afterAll(() => cluster.stop())

  /** What somebody does, at one of the instances or elsewhere. */
  type Act = (first: Person, second: Person, account: string) => Promise<unknown>
  const ways: readonly (readonly [way: string, reason: string, endsBoth: boolean, act: Act])[] = [
    ['sign-out in one tab', 'signed_out', false, ({ cookie }) => cluster.call(1, cookie, '/bff/logout', { method: 'POST' })],
    [
      'DELETE /bff/sessions in another browser',
      'revoked',
      false,
      (_, { cookie }) => cluster.call(2, cookie, '/bff/sessions', { method: 'DELETE' }),
    ],
    [
      'the administrator',
      'revoked',
      true,
      (_first, _second, account) =>
        fetch(`${cluster.instances[2]?.privateUrl}/admin/sessions?subject=${account}`, {
          method: 'DELETE',
          headers: { Authorization: `Bearer ${ADMIN_SECRET}` },
        }),
    ],
    [
      'the provider, that session alone',
      'ended_by_provider',
      false,
      ({ browser }) => signOutAtProvider(browser, cluster.provider),
    ],
    [
      'the provider, all of that person’s',
      'ended_by_provider',
      true,
      async (_first, _second, account) => {
        const claims = Buffer.from(JSON.stringify(logoutClaims(cluster.provider, { sub: account })))
        const token = await new CompactSign(claims)
          .setProtectedHeader({ alg: 'ES256', kid: KID, typ: 'logout+jwt' })
          .sign(key.privateKey)
        expect((await sendLogout(cluster.origin, token)).status).toBe(200)
      },
    ],
  ]

  test.each(ways)(
    'what ends by %s ends in every tab, with the reason %s, and nothing else does',
    async (way, reason, endsBoth, act) => {
      const account = crypto.randomUUID()
      const [first, second, other] = [
        await open(cluster, account),
        await open(cluster, account),
        await open(cluster, 'bystander'),
      ]
      const since = Date.now()
      await act(first, second, account)
      const them = endsBoth ? [first, second] : [first]
      const times = await Promise.all(them.map((each) => ended(each, reason, since)))
      tell(way, Math.max(...times))
      for (const each of them) await refused(each, reason, cluster)
      for (const each of endsBoth ? [other] : [second, other]) await untouched(each, cluster)
    },
  )
})

describe('three gateways, and a session that runs out', () => {
  test('whoever is not there ends as idle in every tab, and whoever is there goes on until the absolute end', async () => {
    const times = { COATCHECK_SESSION_IDLE_TIMEOUT: '5s', COATCHECK_SESSION_ABSOLUTE_TIMEOUT: '15s' }
    const cluster = await begin(times)
    stops.add(cluster.stop)
    const [idle, busy] = [await open(cluster, 'idle'), await open(cluster, 'busy')]
    const deadlineOf = async ({ cookie }: Person, which: string) =>
      Date.parse(JSON.parse((await cluster.call(1, cookie, '/bff/session')).body)[which])
    const [idleAt, absoluteAt] = [await deadlineOf(idle, 'idleExpiresAt'), await deadlineOf(busy, 'absoluteExpiresAt')]
    const calls = setInterval(() => void cluster.call(0, busy.cookie), 500)
    stops.add(() => clearInterval(calls))

    tell('idleness', await ended(idle, 'idle', idleAt))
    await refused(idle, 'idle', cluster)
    await untouched(busy, cluster)
    tell('the absolute end', await ended(busy, 'expired', absoluteAt))
    await refused(busy, 'expired', cluster)
  })
})

describe('three gateways, one of which has lost Redis', () => {
  test('the others end what ended at once, and that one serves nobody for longer than its grace, on connections that are open neither', async () => {
    const cluster = await begin()
    stops.add(cluster.stop)
    const line = await startFaultyLine(redis.port)
    stops.add(line.stop)
    const cut = await cluster.join({ COATCHECK_STORE: `redis://127.0.0.1:${line.port}` })
    const at = cluster.instances.indexOf(cut)
    const [person, other] = [await open(cluster, 'alice'), await open(cluster, 'bob')]
    for (const { cookie } of [person, other]) expect((await cluster.call(at, cookie)).status).toBe(200)

    line.cutOff()
    const cutAt = Date.now()
    await cluster.call(0, person.cookie, '/bff/logout', { method: 'POST' })
    const near = {
      sockets: person.sockets.filter((_, index) => index !== at),
      streams: person.streams.filter((_, index) => index !== at),
    }
    tell('sign-out, where Redis is there', await ended(near, 'signed_out', cutAt))
    const calls: { readonly startedAt: number; readonly status: number }[] = []
    await until('the grace is over', async () => {
      const startedAt = Date.now()
      const { status } = await cluster.call(at, person.cookie)
      calls.push({ startedAt, status })
      return startedAt > cutAt + GRACE_MILLISECONDS + 1000
    })
    expect(calls.filter(({ startedAt, status }) => status === 200 && startedAt > cutAt + GRACE_MILLISECONDS)).toEqual([])
    expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200, 503]))

    // It cannot tell who of them has signed out, and says so to both.
    const both = [person, other]
    const closes = await Promise.all(both.flatMap(({ sockets }) => sockets[at] ?? []).map((socket) => socket.ended()))
    const told = await Promise.all(both.flatMap(({ streams }) => streams[at] ?? []).map((stream) => stream.ended()))
    tell('the grace of the one that was cut off (3 s and the time to notice)', Date.now() - cutAt)
    expect(closes).toEqual(both.map(() => ({ code: 1013, reason: 'session unknown' })))
    expect(told.flat().filter((each) => each?.event === 'ended')).toEqual([])

    line.mend()
    await until('it knows again', async () => (await cluster.call(at, other.cookie)).status === 200)
    await refused(person, 'signed_out', cluster)
    await untouched({ ...other, sockets: other.sockets.toSpliced(at, 1), streams: other.streams.toSpliced(at, 1) }, cluster)
  })
})
