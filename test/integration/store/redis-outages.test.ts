import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { GatewayError } from '../../../src/errors.ts'
import type { Store } from '../../../src/store/port.ts'
import { createOpener, EVERY_CALL, statesOf } from '../../support/redis-store.ts'
import type { OpenedStore } from '../../support/redis-store.ts'
import type { RedisServer } from '../../support/redis-server.ts'
import { startFaultyLine } from '../../support/faulty-line.ts'
import { startProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

const { startServer, openStore, closeAll } = createOpener()
let redis: RedisServer
let opened: OpenedStore
let store: Store
let key: string
const unhandled: unknown[] = []
const noteUnhandled = (reason: unknown) => void unhandled.push(reason)

beforeAll(() => void process.on('unhandledRejection', noteUnhandled))
afterAll(() => void process.off('unhandledRejection', noteUnhandled))
beforeEach(async () => {
  redis = await startServer()
  opened = await openStore(redis.url)
  store = opened.store
  key = `test:{${randomUUID()}}:record`
})
afterEach(async () => {
  await closeAll()
  expect(unhandled).toEqual([])
})

/** Every kind of call fails as "not known": never with an answer, never by waiting for ever. */
async function expectEveryCallToFail(): Promise<void> {
  for (const [name, failure] of await failures(store, key)) {
    expect([name, failure]).toEqual([name, expect.any(GatewayError)])
    expect(failure).toMatchObject({ code: 'store_unavailable', detail: { retryAfterSeconds: 1 } })
  }
}

async function failures(of: Store, at: string): Promise<readonly (readonly [string, unknown])[]> {
  const calls = Object.entries(EVERY_CALL)
  const outcomes = await Promise.allSettled(calls.map(([, call]) => call(of, at)))
  return outcomes.map((outcome, n) => [calls[n]?.[0] ?? '', outcome.status === 'rejected' ? outcome.reason : 'an answer'])
}

const lost = () =>
  opened.events.filter(({ name, fields }) => name === 'store_state' && 'state' in fields && fields.state === 'lost')
const isLive = () => store.link.live
const isLost = () => !store.link.live

describe('a frozen Redis', () => {
  test('no call waits for it, the link is known to be lost, and both come back with it', async () => {
    await store.write(key, '1:kept', 60_000)
    redis.freeze()
    await expectEveryCallToFail()
    await until('the link is lost', isLost)
    // Again, now that the connection was given up: a new one is accepted by the system, and never answered.
    await expectEveryCallToFail()

    redis.thaw()
    await until('the link is live', isLive)
    await store.write(key, '3:new', 60_000)
    expect(await store.read([key])).toEqual(['3:new'])
  })

  test('it is told once that the store is lost, and once that it is back, however many requests fail', async () => {
    redis.freeze()
    await until('the link is lost', isLost)
    for (let n = 0; n < 50; n++) await failures(store, key)
    redis.thaw()
    await until('the link is live', isLive)
    expect(lost()).toEqual([{ name: 'store_state', fields: { state: 'lost', note: 'ETIMEDOUT' } }])
    expect(opened.events.filter(({ name }) => name === 'store_state').at(-1)?.fields).toEqual({ state: 'connected' })
  })

  test('what is certain ends with the last heartbeat that was answered', async () => {
    const before = store.link.certainAt
    await until('a heartbeat was answered', () => store.link.certainAt > before)
    redis.freeze()
    const frozenAt = Date.now()
    await until('the link is lost', isLost)
    expect(store.link.certainAt).toBeLessThanOrEqual(frozenAt)
  })

  test('a gateway starts all the same, and is connected once the server answers', async () => {
    redis.freeze()
    const late = await openStore(redis.url)
    expect(late.store.link.live).toBe(false)
    await expect(late.store.read([key])).rejects.toMatchObject({ code: 'store_unavailable' })
    redis.thaw()
    await until('the link is live', () => late.store.link.live)
    expect(await late.store.read([key])).toEqual([undefined])
  })
})

describe('a Redis that is down', () => {
  test('every call fails, and works again after a restart', async () => {
    await redis.kill()
    await expectEveryCallToFail()
    expect(store.link.live).toBe(false)
    await redis.start()
    await until('the link is live', isLive)
    expect(await store.write(key, '1:new', 60_000)).toBe(true)
    expect(await store.read([key])).toEqual(['1:new'])
  })

  test('a gateway starts all the same, and is connected once the server is up', async () => {
    await redis.kill()
    const late = await openStore(redis.url)
    expect(late.store.link.live).toBe(false)
    await redis.start()
    await until('the link is live', () => late.store.link.live)
    expect(late.events).toContainEqual({ name: 'store_state', fields: { state: 'lost', note: 'ECONNREFUSED' } })
  })

  test('a write that failed for want of a connection is not made later', async () => {
    await redis.kill()
    await until('the break was noticed', () => lost().length > 0)
    await expect(store.write(key, 'late', 60_000)).rejects.toMatchObject({ code: 'store_unavailable' })
    await redis.start()
    await until('the link is live', isLive)
    expect(await redis.dump()).toEqual(new Map())
  })

  test('it can be closed at any time, and every later call fails', async () => {
    await redis.kill()
    await until('the link is lost', isLost)
    await store.close()
    await expectEveryCallToFail()
  })
})

describe('a Redis that refuses', () => {
  test('a full one refuses leases, and takes none from who has one and asks for it again', async () => {
    const lease = `${key}:lease`
    expect(await store.lease(lease, 'one', 60_000)).toBe(true)
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    const refusal = { code: 'store_unavailable', detail: { note: 'lease: OOM' } }
    await expect(store.lease(lease, 'one', 120_000)).rejects.toMatchObject(refusal)
    expect(await redis.command('PTTL', lease)).toBeGreaterThan(60_000)
    expect(await store.lease(lease, 'two', 180_000)).toBe(false)
    expect(await redis.command('PTTL', lease)).toBeLessThanOrEqual(120_000)
    await expect(store.lease(`${lease}:2`, 'one', 60_000)).rejects.toMatchObject(refusal)
  })

  test('a full one refuses writes, all or none of several, while records can be read and ended', async () => {
    await store.write(key, '1:kept', 60_000)
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    await expect(store.write(`${key}:2`, 'x', 60_000)).rejects.toMatchObject({ code: 'store_unavailable' })
    await expect(store.swap(key, 1, '2:new')).rejects.toMatchObject({ detail: { note: 'swap: OOM' } })
    const records = [key, `${key}:2`].map((name) => ({ key: name, value: 'x', lifetimeMilliseconds: 60_000 }))
    await expect(store.writeAll(records)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await store.read([key, `${key}:2`])).toEqual(['1:kept', undefined])
    expect(store.link.live).toBe(true)
    expect(await store.remove([key])).toBe(1)
    await redis.command('CONFIG', 'SET', 'maxmemory', '0')
    expect(await store.write(key, 'x', 60_000)).toBe(true)
    // Told by itself: nothing else is asked of the store.
    await until('it is told that it takes writes again', () => statesOf(opened).length === 3)
    expect(statesOf(opened)).toEqual([
      { state: 'connected' },
      { state: 'refusing', note: 'OOM (its memory is full)' },
      { state: 'connected' },
    ])
  })

  test('a read-only replica refuses writes, and takes them once it is the primary', async () => {
    await store.write(key, '1:kept', 60_000)
    await redis.command('REPLICAOF', '127.0.0.1', '1')
    await expect(store.swap(key, 1, '2:new')).rejects.toMatchObject({ code: 'store_unavailable' })
    await expect(store.take(key)).rejects.toMatchObject({ code: 'store_unavailable' })
    await until('it can be read', async () => (await store.read([key]).catch(() => []))[0] === '1:kept')
    await redis.command('REPLICAOF', 'NO', 'ONE')
    await until('it can be written', () =>
      store.swap(key, 1, '2:new').then(
        (outcome) => outcome === 'written',
        () => false,
      ),
    )
  })

  test('a wrong password is told once, by its name and without the password', async () => {
    const guarded = await startServer({ password: 'right' })
    const refused = await openStore(guarded.url.replace('right', 'wrong'))
    for (let n = 0; n < 3; n++) {
      for (const [, failure] of await failures(refused.store, key)) expect(failure).toMatchObject({ code: 'store_unavailable' })
    }
    expect(refused.events).toEqual([
      { name: 'store_state', fields: { state: 'lost', note: 'WRONGPASS (user name or password is wrong)' } },
    ])
  })

  test('a missing password is told', async () => {
    const guarded = await startServer({ password: 'right' })
    const refused = await openStore(guarded.url.replace(':right@', ''))
    expect(refused.events).toEqual([{ name: 'store_state', fields: { state: 'lost', note: 'NOAUTH (it wants a password)' } }])
  })
})

describe('a server that became a replica', () => {
  test('is left for whoever is at its address now, once a write was refused', async () => {
    let ahead = 0
    const there = await openStore(redis.url, { now: () => Date.now() + ahead })
    // As though the connection had stood for a while.
    ahead = 60_000
    await redis.command('REPLICAOF', '127.0.0.1', '1')
    await expect(there.store.write(key, 'x', 60_000)).rejects.toMatchObject({ code: 'store_unavailable' })
    await until('it was left', () => there.store.link.foundAgainAt > 0)
    expect(there.events).toContainEqual({
      name: 'store_state',
      fields: { state: 'refusing', note: 'READONLY (it is a replica)' },
    })
    expect(there.events.filter(({ fields }) => 'state' in fields && fields.state === 'lost')).toEqual([])
    await until('the link is live', () => there.store.link.live)
  })
})

describe('closing', () => {
  test('waits for what was asked before', async () => {
    const writing = store.write(key, 'last', 60_000)
    await store.close()
    expect(await writing).toBe(true)
    expect((await redis.dump()).get(key)).toBe('last')
  })
})

describe('a connection that is accepted and never answered', () => {
  test('is given up for another one', async () => {
    const proxy = await startProxy(redis.port, { swallowed: 1 })
    try {
      const there = await openStore(`redis://127.0.0.1:${proxy.port}`, { isEarly: true })
      expect(there.store.link.live).toBe(false)
      await until('the link is live', () => there.store.link.live)
      expect(proxy.accepted()).toBe(2)
    } finally {
      await proxy.stop()
    }
  })
})

describe('a long outage', () => {
  test('keeps nobody waiting: calls fail at once', async () => {
    let ahead = 0
    const there = await openStore(redis.url, { now: () => Date.now() + ahead })
    await redis.kill()
    await until('the link is lost', () => !there.store.link.live)
    ahead = 1_000
    await expect(there.store.read([key])).rejects.toMatchObject({ detail: { note: 'read: not connected' } })
  })
})

describe('a short break', () => {
  test('calls wait it out instead of failing', async () => {
    await store.write(key, '1:kept', 60_000)
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal')
    await until('the break was noticed', () => lost().length === 1)
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.read([key])))
    expect(answers).toEqual(Array.from({ length: 20 }, () => ['1:kept']))
  })

  test('a gateway that was held up itself takes the answers that came meanwhile', async () => {
    await store.write(key, '1:kept', 60_000)
    const reading = store.read([key])
    // The command is written in this turn, and its answer comes while nobody listens.
    await nextTurn()
    const end = Date.now() + 900
    while (Date.now() < end);
    expect(await reading).toEqual(['1:kept'])
    expect(lost()).toEqual([])
  })
})

describe('a connection that breaks while something is under way', () => {
  test('costs a read nothing: it is asked again on the next one', async () => {
    const line = await startFaultyLine(redis.port)
    try {
      const { store: far } = await openStore(`redis://127.0.0.1:${line.port}`)
      await far.write(key, '1:kept', 60_000)
      for (const keys of [[key], [key, `${key}:absent`]]) {
        let breaks = 1
        line.fault = (command) => (/^M?GET$/.test(command) && breaks-- > 0 ? 'unanswered' : undefined)
        expect((await far.read(keys))[0]).toBe('1:kept')
        expect(breaks).toBe(-1)
      }
    } finally {
      await line.stop()
    }
  })

  test('leaves a write unknown: it is not sent twice', async () => {
    const line = await startFaultyLine(redis.port)
    try {
      const { store: far } = await openStore(`redis://127.0.0.1:${line.port}`)
      let sent = 0
      line.fault = (command) => {
        if (command !== 'SET') return undefined
        sent += 1
        return 'unanswered'
      }
      await expect(far.write(key, '1:once', 60_000)).rejects.toMatchObject({ code: 'store_unavailable' })
      expect([sent, await store.read([key])]).toEqual([1, ['1:once']])
    } finally {
      await line.stop()
    }
  })
})
