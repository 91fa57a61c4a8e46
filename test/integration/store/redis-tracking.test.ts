import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import type { Store } from '../../../src/store/port.ts'
import { createOpener, EVERY_CALL } from '../../support/redis-store.ts'
import type { OpenedStore } from '../../support/redis-store.ts'
import type { RedisServer } from '../../support/redis-server.ts'
import { startProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

const { startServer, openStore, closeAll } = createOpener()
let redis: RedisServer
let opened: OpenedStore
let store: Store
let key: string

beforeEach(async () => {
  redis = await startServer({
    args: ['--user default on nopass ~* &* +@all', '--user plain on >secret ~* &* +@all -client|tracking'],
  })
  opened = await openStore(redis.url, { deadlineMilliseconds: 2_000 })
  store = opened.store
  key = `test:{${randomUUID()}}:record`
})
afterEach(async () => {
  await closeAll()
})

const states = (of: OpenedStore) => of.events.filter(({ name }) => name === 'store_state').map(({ fields }) => fields)
const warnings = (of: OpenedStore) => of.events.filter(({ name }) => name === 'store_warning')

describe('after a connection was lost', () => {
  test('everything is void before the link is live again, and changes are told of once more', async () => {
    await store.write(key, '1:old', 60_000)
    await store.read([key])
    const heard: { changed: string | undefined; live: boolean }[] = []
    store.watch((changed) => heard.push({ changed, live: store.link.live }))

    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal')
    await until('everything is void', () => heard.length > 0)
    expect(heard).toEqual([{ changed: undefined, live: false }])
    await until('the link is live', () => store.link.live)

    await store.read([key])
    await redis.command('SET', key, '2:new')
    await until('the change was heard of', () => heard.some(({ changed }) => changed === key))
    expect(states(opened)).toMatchObject([{ state: 'connected' }, { state: 'lost' }, { state: 'connected' }])
  })

  test('who hears of it may ask at once, however long the store was away', async () => {
    const brief = await openStore(redis.url, { deadlineMilliseconds: 1_000 })
    await until('the link is live', () => brief.store.link.live)
    await store.write(key, '1:old', 60_000)
    const answers: Promise<unknown>[] = []
    brief.store.watch((changed) => {
      if (changed === undefined) answers.push(brief.store.read([key]))
    })
    await redis.command('SAVE')
    await redis.kill()
    await until('nobody waits for the store any more', () =>
      brief.store.read([key]).then(
        () => false,
        (failure: Error) => failure.message.includes('not connected'),
      ),
    )
    await redis.start()
    await until('it was heard of', () => answers.length > 0)
    expect(await answers[0]).toEqual(['1:old'])
  })

  test('a connection that is killed again and again comes back each time', async () => {
    for (let n = 0; n < 5; n++) {
      await redis.command('CLIENT', 'KILL', 'TYPE', 'normal')
      await until('it was noticed', () => states(opened).length >= 2 * (n + 1))
      await until('the link is live', () => store.link.live)
    }
    expect(await store.write(key, 'x', 60_000)).toBe(true)
  })
})

describe('a change of one`s own', () => {
  test('is heard of before it is confirmed, however late the server`s own word arrives', async () => {
    const proxy = await startProxy(redis.port, { dribble: true })
    try {
      const slow = await openStore(`redis://127.0.0.1:${proxy.port}`, { deadlineMilliseconds: 10_000 })
      await slow.store.write(key, '1:old', 60_000)
      const heard: (string | undefined)[] = []
      slow.store.watch((changed) => heard.push(changed))
      for (let version = 1; version < 10; version++) {
        await slow.store.read([key])
        heard.length = 0
        expect(await slow.store.swap(key, version, `${version + 1}:new`)).toBe('written')
        expect(heard).toEqual([key])
        await until('the server said it too', () => heard.length === 2)
      }
    } finally {
      await proxy.stop()
    }
  })
})

describe('a set of members', () => {
  test('keeps nothing in Redis of those whose deadline has passed', async () => {
    const deadline = Date.now() + 60_000
    await store.addMember(key, 'one', deadline, 10)
    await store.addMember(key, 'past', Date.now() + 1, 10)
    await until('its deadline has passed', async () => (await store.members(key)).length === 1)
    await store.addMember(key, 'two', deadline + 1, 10)
    const kept = ['one', String(deadline), 'two', String(deadline + 1)]
    expect(await redis.dump()).toEqual(new Map([[key, JSON.stringify(kept)]]))
  })
})

describe('everything may have changed', () => {
  test('when the server was emptied', async () => {
    await store.write(key, '1:old', 60_000)
    await store.read([key])
    const heard: (string | undefined)[] = []
    store.watch((changed) => heard.push(changed))
    await redis.command('FLUSHALL')
    await until('it was heard of', () => heard.includes(undefined))
  })
})

describe('a server that does not tell of changes', () => {
  test('is used without, and that is said at the start', async () => {
    const plain = await openStore(redis.url.replace('//', '//plain:secret@'))
    await until('the link is live', () => plain.store.link.live)
    expect(plain.store.link.tells).toBe(false)
    for (const call of Object.values(EVERY_CALL)) await call(plain.store, key)
    await until('it was said', () => warnings(plain).length > 0)
    expect(warnings(plain)).toEqual([
      { name: 'store_warning', fields: { note: expect.stringContaining('does not tell of changes') } },
    ])
    expect(states(plain)).toEqual([{ state: 'connected' }])
  })

  test('is used without RESP3, too', async () => {
    const older = await startServer({ args: ['--rename-command', 'HELLO', ''] })
    const old = await openStore(older.url)
    await until('the link is live', () => old.store.link.live)
    expect(old.store.link.tells).toBe(false)
    expect(await old.store.write(key, 'x', 60_000)).toBe(true)
  })
})

describe('what is said of a server that may lose records', () => {
  test('one that evicts is warned of, once, however often it is connected to', async () => {
    const evicting = await startServer({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru'] })
    const there = await openStore(evicting.url)
    await until('it was said', () => warnings(there).length > 0)
    await evicting.command('CLIENT', 'KILL', 'TYPE', 'normal')
    await until('it is connected again', () => states(there).length === 3)
    await there.store.read([key])
    expect(warnings(there)).toEqual([
      { name: 'store_warning', fields: { note: expect.stringContaining('maxmemory-policy volatile-lru') } },
    ])
  })

  test('a replica is warned of', async () => {
    await redis.command('REPLICAOF', '127.0.0.1', '1')
    const there = await openStore(redis.url)
    await until('it was said', () => warnings(there).length > 0)
    expect(warnings(there)).toEqual([{ name: 'store_warning', fields: { note: expect.stringContaining('read-only replica') } }])
  })

  test('one that keeps what it has is not', async () => {
    // Answered after the server was asked about itself, on the same connection.
    await store.read([key])
    expect(warnings(opened)).toEqual([])
  })
})

describe('what is sent', () => {
  test('is one command a call, and a heartbeat', async () => {
    for (const call of Object.values(EVERY_CALL)) await call(store, key)
    const monitor = await redis.monitor()
    for (const call of Object.values(EVERY_CALL)) await call(store, key)
    const sent = (await monitor.stop()).map((line) => line.split(' ')[0]).filter((word) => word !== 'PING')
    const expected = 'GET MGET SET SET EVALSHA GETDEL DEL EVALSHA EVALSHA EVALSHA EVALSHA EVALSHA EVALSHA ZRANGEBYSCORE ZREM'
    expect(sent.join(' ')).toBe(expected)
  })
})
