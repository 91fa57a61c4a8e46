import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createOpener, statesOf } from '../../support/redis-store.ts'
import type { RedisServer } from '../../support/redis-server.ts'
import { until } from '../../support/until.ts'

const { startServer, openStore, closeAll } = createOpener()
let folder: string
let passwordFile: string
let redis: RedisServer
let key: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-password-'))
  passwordFile = join(folder, 'password')
  redis = await startServer({
    args: ['--user default on nopass ~* &* +@all', '--user app on >first/@: ~* &* +@all', '--unixsocket', join(folder, 'socket')],
  })
  await writeFile(passwordFile, 'first/@:\n')
  key = `test:{${randomUUID()}}:record`
})
afterEach(async () => {
  await closeAll()
  await rm(folder, { recursive: true })
})

const rotate = (password: string) => redis.command('ACL', 'SETUSER', 'app', 'resetpass', `>${password}`)
const breakConnections = () => redis.command('CLIENT', 'KILL', 'USER', 'app')
const open = (url = `redis://app@127.0.0.1:${redis.port}`) => openStore(url, { passwordFile })

/** How many greetings, which hold the password, Redis has refused so far. */
async function refusedGreetings(): Promise<number> {
  const stats = String(await redis.command('INFO', 'commandstats'))
  return Number(/cmdstat_hello:.*failed_calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

describe('the password of Redis in a file', () => {
  test('is taken anew for each connection, so that one that was rotated is found without a restart', async () => {
    const there = await open()
    await there.store.write(key, '1:kept', 60_000)
    await writeFile(passwordFile, 'second')
    await rotate('second')
    expect(await there.store.read([key])).toEqual(['1:kept'])
    await breakConnections()
    await until('it is connected again', () => there.store.link.foundAgainAt > 0)
    expect(await there.store.read([key])).toEqual(['1:kept'])
    expect(JSON.stringify(there.events)).not.toContain('WRONGPASS')
  })

  test('that is not the right one is told of once, in words and without it, and tried until it is', async () => {
    const there = await open()
    await rotate('second')
    await breakConnections()
    const said = () => statesOf(there).filter(({ note }) => note?.startsWith('WRONGPASS'))
    await until('it was told', () => said().length > 0)
    await writeFile(passwordFile, 'third')
    const before = await refusedGreetings()
    await until('it was refused some times more', async () => (await refusedGreetings()) > before + 2)
    expect(said()).toEqual([{ state: 'lost', note: 'WRONGPASS (user name or password is wrong)' }])
    await writeFile(passwordFile, 'second\r\n')
    await until('the link is live', () => there.store.link.live)
    expect(await there.store.write(key, 'x', 60_000)).toBe(true)
    expect(statesOf(there).at(-1)).toEqual({ state: 'connected' })
    expect(JSON.stringify(there.events)).not.toMatch(/first|second|third/)
  })

  test('that cannot be read, or is empty, is told of, and read again', async () => {
    await rm(passwordFile)
    const there = await open()
    expect(statesOf(there)).toEqual([{ state: 'lost', note: expect.stringMatching(/^PASSWORD_FILE \(.*store\.passwordFile/) }])
    await writeFile(passwordFile, '\n')
    // Not taken for "no password", which lets this server's other user in.
    const empty = await open()
    expect(statesOf(empty)).toEqual([{ state: 'lost', note: expect.stringMatching(/^PASSWORD_FILE/) }])
    await writeFile(passwordFile, 'first/@:')
    await until('the link is live', () => there.store.link.live)
  })

  test('is shown to a socket and in a URL without a user too', async () => {
    const bySocket = await open(`unix://app@${join(folder, 'socket')}`)
    expect(await bySocket.store.write(key, 'x', 60_000)).toBe(true)
    await redis.command('ACL', 'SETUSER', 'default', 'resetpass', '>first/@:')
    const plain = await open(`redis://127.0.0.1:${redis.port}/0`)
    expect(await plain.store.read([key])).toEqual(['x'])
  })
})
