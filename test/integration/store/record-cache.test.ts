import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createRecordCache } from '../../../src/store/record-cache.ts'
import type { RecordCache } from '../../../src/store/record-cache.ts'
import type { Store } from '../../../src/store/port.ts'
import { startRedis } from '../../support/redis-server.ts'
import type { RedisServer } from '../../support/redis-server.ts'
import { createOpener } from '../../support/redis-store.ts'
import { until } from '../../support/until.ts'

const GRACE = 10_000
const KEY = 'test:{a}:grant'
const { openStore, closeAll } = createOpener()
let redis: RedisServer
beforeEach(async () => {
  redis = await startRedis()
})
afterEach(async () => {
  await closeAll()
  await redis.stop()
})

interface Instance {
  readonly store: Store
  readonly cache: RecordCache<string>
  readonly pass: (milliseconds: number) => void
  /** Runs after a load has its answer from Redis, before the cache has it. */
  afterRead: () => Promise<void>
}

/** One gateway of several: a store, a cache over it, and a clock that can be moved on. */
async function openInstance(): Promise<Instance> {
  let ahead = 0
  const now = () => Date.now() + ahead
  const { store } = await openStore(redis.url, { now, deadlineMilliseconds: 2_000 })
  const instance: Instance = {
    store,
    pass: (milliseconds) => void (ahead += milliseconds),
    afterRead: async () => {},
    cache: createRecordCache<string>({
      async load(id) {
        const [value] = await store.read([`test:{${id}}:grant`])
        await instance.afterRead()
        return value
      },
      idOfKey: (key) => /^test:\{(.+)\}:grant$/.exec(key)?.[1],
      store,
      most: 100,
      outageGraceMilliseconds: GRACE,
      now,
    }),
  }
  return instance
}

describe('two gateways on one Redis', () => {
  test('what one changes is gone from the cache of the other', async () => {
    const [one, two] = await Promise.all([openInstance(), openInstance()])
    await one.store.write(KEY, '1:old', 60_000)
    expect(await two.cache.read('a')).toBe('1:old')
    expect(await one.store.swap(KEY, 1, '2:new')).toBe('written')
    await until('the old one is gone', () => two.cache.peek('a') === undefined)
    expect(await two.cache.read('a')).toBe('2:new')
    await one.store.remove([KEY])
    await until('the record is gone', () => two.cache.peek('a') === undefined)
    expect(await two.cache.read('a')).toBeUndefined()
  })

  test('who changes a record never sees the old one again', async () => {
    const one = await openInstance()
    await one.store.write(KEY, '1:x', 60_000)
    for (let version = 1; version <= 200; version++) {
      expect(await one.cache.read('a')).toBe(`${version}:x`)
      await one.store.swap(KEY, version, `${version + 1}:x`)
      expect(one.cache.peek('a')).toBeUndefined()
    }
  })

  test('news that overtakes a read leaves nothing stale behind', async () => {
    const [one, two] = await Promise.all([openInstance(), openInstance()])
    await one.store.write(KEY, '1:old', 60_000)
    const heard: (string | undefined)[] = []
    two.store.watch((key) => heard.push(key))
    two.afterRead = async () => {
      two.afterRead = async () => {}
      await one.store.swap(KEY, 1, '2:new')
      await until('the news is here', () => heard.includes(KEY))
    }
    expect(await two.cache.read('a')).toBe('1:old')
    expect(two.cache.peek('a')).toBeUndefined()
    expect(await two.cache.read('a')).toBe('2:new')
  })

  test('however reads and changes fall together, the caches end with what the store holds', async () => {
    const [one, two] = await Promise.all([openInstance(), openInstance()])
    await one.store.write(KEY, '0:x', 60_000)
    const readAll = async () => {
      for (let n = 0; n < 300; n++) await Promise.all([one.cache.read('a'), two.cache.read('a')])
    }
    const changeAll = async () => {
      for (let n = 0; n < 200; n++) await (n % 3 === 0 ? two : one).store.swap(KEY, n, `${n + 1}:x`)
    }
    await Promise.all([readAll(), changeAll(), readAll()])
    for (const { cache } of [one, two]) await until('the cache is right', async () => (await cache.read('a')) === '200:x')
  })

  test('a cached record costs Redis nothing', async () => {
    const one = await openInstance()
    await one.store.write(KEY, '1:x', 60_000)
    await one.cache.read('a')
    const monitor = await redis.monitor()
    for (let n = 0; n < 100; n++) expect(await one.cache.read('a')).toBe('1:x')
    expect((await monitor.stop()).filter((line) => line !== 'PING')).toEqual([])
  })
})

describe('without Redis', () => {
  test('cached records carry on for the grace, and then nobody is signed out but told to wait', async () => {
    const one = await openInstance()
    await one.store.write(KEY, '1:x', 60_000)
    await one.cache.read('a')
    redis.freeze()
    await until('the link is lost', () => !one.store.link.live)
    expect(one.cache.peek('a')).toBe('1:x')
    expect(await one.cache.read('a')).toBe('1:x')
    await expect(one.cache.read('b')).rejects.toMatchObject({ code: 'store_unavailable' })
    one.pass(GRACE)
    expect(one.cache.peek('a')).toBeUndefined()
    await expect(one.cache.read('a')).rejects.toMatchObject({ code: 'store_unavailable' })
    redis.thaw()
    await until('it is back', () =>
      one.cache.read('a').then(
        (value) => value === '1:x',
        () => false,
      ),
    )
  })

  test('what changed meanwhile is not served from the cache afterwards', async () => {
    const one = await openInstance()
    await one.store.write(KEY, '1:old', 60_000)
    await one.cache.read('a')
    // In one step, so that nobody is connected when the record changes.
    await redis.transaction(['CLIENT', 'KILL', 'TYPE', 'normal'], ['SET', KEY, '2:new'])
    await until('the link is live', () => one.store.link.live && one.cache.peek('a') === undefined)
    expect(await one.cache.read('a')).toBe('2:new')
  })

  test('a process that was stopped for longer than the grace does not trust its cache when it goes on', async () => {
    const one = await openInstance()
    await one.store.write(KEY, '1:x', 60_000)
    await one.cache.read('a')
    one.pass(GRACE + 1_000)
    expect(one.store.link.live).toBe(false)
    expect(one.cache.peek('a')).toBeUndefined()
    expect(await one.cache.read('a')).toBe('1:x')
  })
})
