import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createOpener } from '../../support/redis-store.ts'
import type { OpenedStore } from '../../support/redis-store.ts'
import type { RedisServer } from '../../support/redis-server.ts'
import { until } from '../../support/until.ts'

const { startServer, openStore, closeAll } = createOpener()
let redis: RedisServer
let key: string
beforeEach(async () => {
  redis = await startServer({
    args: [
      '--repl-diskless-sync-delay',
      '0',
      '--user default on nopass ~* &* +@all',
      '--user plain on >secret ~* &* +@all -wait',
      '--user blind on >secret ~* &* +@all -role',
    ],
  })
  key = `test:{${randomUUID()}}:record`
})
afterEach(closeAll)

async function startReplica(): Promise<RedisServer> {
  const replica = await startServer({ args: ['--replicaof', `127.0.0.1 ${redis.port}`] })
  await until('the replica follows', async () => String(await replica.command('ROLE')).includes('connected'))
  await until('that is known', async () => String(await redis.command('INFO', 'replication')).includes('state=online'))
  return replica
}

/** What a call sends, heartbeats aside. */
async function sentBy(run: () => Promise<unknown>): Promise<readonly string[]> {
  const monitor = await redis.monitor()
  await run()
  return (await monitor.stop()).filter((line) => /^(SET|EVALSHA|WAIT|GETDEL)/.test(line)).map((line) => line.split(' ')[0] ?? '')
}

/** Once an answer came, whatever was asked before, on the same connection, has been answered too. */
async function open(url = redis.url, now?: () => number): Promise<OpenedStore> {
  const opened = await openStore(url, { deadlineMilliseconds: 2_000, ...(now ? { now } : {}) })
  await opened.store.read([key])
  // The scripts are known from here on.
  await opened.store.removeLeaving([key], { key: `${key}:ended`, value: 'x', lifetimeMilliseconds: 60_000 })
  await opened.store.swap(key, 1, '2:x')
  return opened
}

const warnings = ({ events }: OpenedStore) => events.filter(({ name }) => name === 'store_warning')

describe('what must outlive a failover', () => {
  test('goes on once a replica has it: a beginning, a new grant, an ending; and nothing else waits', async () => {
    await startReplica()
    // As though so much time had passed between them that none is spared the wait since an earlier one was long.
    let ahead = 0
    const { store } = await open(redis.url, () => Date.now() + ahead)
    const sent = (run: () => Promise<unknown>) => {
      ahead += 60_000
      return sentBy(run)
    }
    const ended = { key: `${key}:ended`, value: 'x', lifetimeMilliseconds: 60_000 }
    expect(await sent(() => store.write(key, '1:x', 60_000, 'absent'))).toEqual(['SET', 'WAIT'])
    expect(await sent(() => store.swap(key, 1, '2:x'))).toEqual(['EVALSHA', 'WAIT'])
    expect(await sent(() => store.removeLeaving([key], ended))).toEqual(['EVALSHA', 'WAIT'])

    expect(await sent(() => store.swap(key, 2, '3:x'))).toEqual(['EVALSHA'])
    expect(await sent(() => store.removeLeaving([key], ended))).toEqual(['EVALSHA'])
    expect(await sent(() => store.write(key, '1:x', 60_000))).toEqual(['SET'])
    expect(await sent(() => store.write(key, '1:x', 60_000, 'absent'))).toEqual(['SET'])
    expect(await sent(() => store.take(key))).toEqual(['GETDEL'])
  })

  test('is waited for by many at once with a few commands', async () => {
    await startReplica()
    const { store } = await open()
    const sent = await sentBy(() =>
      Promise.all(Array.from({ length: 200 }, (_, n) => store.write(`${key}:${n}`, '1:x', 60_000, 'absent'))),
    )
    const waits = sent.filter((word) => word === 'WAIT').length
    expect(waits).toBeGreaterThan(0)
    expect(waits).toBeLessThan(100)
  })

  test('is not waited for where there is no replica, and is once there is one', async () => {
    let ahead = 0
    const { store } = await open(redis.url, () => Date.now() + ahead)
    expect(await sentBy(() => store.write(`${key}:1`, '1:x', 60_000, 'absent'))).toEqual(['SET'])
    await startReplica()
    ahead = 60_000
    // The write that finds out is not kept waiting for that.
    await store.write(`${key}:2`, '1:x', 60_000, 'absent')
    await store.read([key])
    expect(await sentBy(() => store.write(`${key}:3`, '1:x', 60_000, 'absent'))).toEqual(['SET', 'WAIT'])
  })
})

describe('a replica that does not keep up', () => {
  test('fails no write, is told of once, and is left alone for a while', async () => {
    const replica = await startReplica()
    let ahead = 0
    const there = await open(redis.url, () => Date.now() + ahead)
    const begin = (n: number) =>
      sentBy(async () => expect(await there.store.write(`${key}:${n}`, '1:x', 60_000, 'absent')).toBe(true))
    replica.freeze()
    try {
      expect(await begin(1)).toEqual(['SET', 'WAIT'])
      expect(await begin(2)).toEqual(['SET'])
      ahead = 60_000
      expect(await begin(3)).toEqual(['SET', 'WAIT'])
    } finally {
      replica.thaw()
    }
    await until('it was told', () => warnings(there).length > 0)
    expect(warnings(there)).toEqual([{ name: 'store_warning', fields: { note: expect.stringContaining('do not keep up') } }])
  })
})

describe('a server that does not let us wait', () => {
  test('takes writes all the same, and is asked no more', async () => {
    await startReplica()
    const { store } = await open(redis.url.replace('//', '//plain:secret@'))
    expect(await sentBy(() => store.write(key, '1:x', 60_000, 'absent'))).toEqual(['SET'])
    expect(await store.swap(key, 1, '2:x')).toBe('written')
    expect(await store.swap(key, 2, '3:x')).toBe('written')
    expect(String(await redis.command('INFO', 'commandstats'))).toMatch(/cmdstat_wait:.*rejected_calls=1,/)
  })

  test('or does not say what it is, takes writes too', async () => {
    await startReplica()
    const { store } = await open(redis.url.replace('//', '//blind:secret@'))
    expect(await sentBy(() => store.write(key, '1:x', 60_000, 'absent'))).toEqual(['SET'])
  })
})
