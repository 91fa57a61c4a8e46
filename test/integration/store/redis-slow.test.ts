import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createOpener, statesOf } from '../../support/redis-store.ts'
import type { OpenedStore } from '../../support/redis-store.ts'
import type { RedisServer } from '../../support/redis-server.ts'
import { startProxy } from '../../support/tcp-proxy.ts'
import type { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

const { startServer, openStore, closeAll } = createOpener()
let redis: RedisServer
let proxy: TcpProxy
let key: string
beforeEach(async () => {
  redis = await startServer()
  proxy = await startProxy(redis.port)
  key = `test:{${randomUUID()}}:record`
})
afterEach(async () => {
  await closeAll()
  await proxy.stop()
})

const clients = async () => String(await redis.command('CLIENT', 'LIST'))
const open = (deadlineMilliseconds?: number) =>
  openStore(`redis://127.0.0.1:${proxy.port}`, deadlineMilliseconds === undefined ? {} : { deadlineMilliseconds })

async function untilHeartbeats({ store }: OpenedStore, most: number): Promise<void> {
  for (let n = 0; n < most; n++) {
    const before = store.link.certainAt
    await until('a heartbeat was answered', () => store.link.certainAt > before)
  }
}

// Far from the half second after which a heartbeat is late: a busy machine is slow too.
describe('a Redis that answers after 100 ms', () => {
  test('is connected to and stays so, and every call is answered', async () => {
    proxy.delay(100)
    const there = await open(500)
    await until('the link is live', () => there.store.link.live)
    expect(await there.store.write(key, '1:x', 60_000)).toBe(true)
    await untilHeartbeats(there, 3)
    expect(await there.store.read([key])).toEqual(['1:x'])
    expect(statesOf(there)).toEqual([{ state: 'connected' }])
    expect(proxy.accepted()).toBe(1)
  })

  test('is told of once where that is too late for the deadline, and once more when it is in time again', async () => {
    let ahead = 0
    const there = await openStore(`redis://127.0.0.1:${proxy.port}`, { deadlineMilliseconds: 30, now: () => Date.now() + ahead })
    proxy.delay(100)
    for (let n = 0; n < 5; n++) {
      await expect(there.store.read([key])).rejects.toMatchObject({
        detail: { note: expect.stringContaining('no answer within') },
      })
    }
    await until('it was told', () => statesOf(there).length > 1)
    proxy.delay(0)
    await until('it answers in time', () =>
      there.store.read([key]).then(
        () => true,
        () => false,
      ),
    )
    ahead = 10_000
    await until('it is told of', () =>
      there.store.read([key]).then(
        () => statesOf(there).at(-1)?.state === 'connected',
        () => false,
      ),
    )
    const late = { state: 'refusing', note: 'LATE (it answers later than store.deadline allows)' }
    expect(statesOf(there)).toEqual([{ state: 'connected' }, late, { state: 'connected' }])
  })
})

describe('a store that is closed while it connects', () => {
  test('leaves no connection behind', async () => {
    proxy.delay(300)
    const there = await openStore(`redis://127.0.0.1:${proxy.port}`, { deadlineMilliseconds: 10, isEarly: true })
    await until('its first heartbeat is under way', async () => /name=coatcheck .*cmd=ping /.test(await clients()))
    await there.store.close()
    await until('it has gone', async () => !(await clients()).includes('name=coatcheck'))
    expect(there.events).toEqual([])
  })
})

describe('a Redis that answers after 800 ms', () => {
  test('is lost, once, however often it is tried; what is cached is not made void by trying', async () => {
    const there = await open()
    const heard: (string | undefined)[] = []
    there.store.watch((changed) => heard.push(changed))
    proxy.delay(800)
    await until('the link is lost', () => !there.store.link.live)
    await until('it was tried some times', () => proxy.accepted() > 3)
    expect(heard).toEqual([])
    expect(statesOf(there)).toEqual([{ state: 'connected' }, { state: 'lost', note: 'ETIMEDOUT' }])
    proxy.delay(0)
    await until('the link is live', () => there.store.link.live)
    expect(heard).toEqual([undefined])
    expect(await there.store.read([key])).toEqual([undefined])
  })
})

describe('a Redis that loads its records', () => {
  test('knows nothing until it has: no record is absent, nothing is void, and it is there by itself', async () => {
    await redis.transaction(...Array.from({ length: 1_000 }, (_, n) => ['SET', `${key}:${n}`, 'x'.repeat(100)]))
    await redis.command('SET', key, '1:kept')
    await redis.command('SAVE')
    const there = await open()
    const heard: (string | undefined)[] = []
    there.store.watch((changed) => heard.push(changed))
    await redis.kill()
    await redis.start(['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'])
    await until('that is told', () => statesOf(there).some(({ note }) => note?.startsWith('LOADING')))
    expect(String(await redis.command('INFO', 'persistence'))).toContain('loading:1')
    await expect(there.store.read([key])).rejects.toMatchObject({ code: 'store_unavailable' })
    expect([there.store.link.live, heard]).toEqual([false, []])

    await until('the link is live', () => there.store.link.live)
    expect(await there.store.read([key])).toEqual(['1:kept'])
    expect(statesOf(there).filter(({ note }) => note?.startsWith('LOADING'))).toEqual([
      { state: 'lost', note: 'LOADING (it is loading its records)' },
    ])
  })

  test('is not asked for anything that nobody wants when it is back', async () => {
    const there = await open()
    const names = Array.from({ length: 50 }, (_, n) => `${key}:${n}`)
    await redis.transaction(...names.map((name) => ['SET', name, 'x']))
    // On a busy machine a heartbeat may be late, and the connection another by now.
    await until('all of them are read', () =>
      there.store.read(names).then(
        () => there.store.link.live,
        () => false,
      ),
    )
    const readAt = Date.now()
    const monitor = await redis.monitor()
    const [, id = ''] = /id=(\d+) .* name=coatcheck /.exec(await clients()) ?? []
    await redis.command('CLIENT', 'KILL', 'ID', id)
    await until('it is connected again', () => there.store.link.live && there.store.link.foundAgainAt >= readAt)
    await there.store.read([`${key}:7`])
    const sent = await monitor.stop()
    expect(sent.filter((line) => /^M?GET/.test(line))).toEqual([`GET ${key}:7`])
  })
})
