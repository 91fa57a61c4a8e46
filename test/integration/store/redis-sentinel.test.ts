import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Secret } from '../../../src/config/secret.ts'
import { parseStoreUrl } from '../../../src/config/parse-store-url.ts'
import { inspectRedis } from '../../../src/store/inspect-redis.ts'
import { createOpener } from '../../support/redis-store.ts'
import type { OpenedStore } from '../../support/redis-store.ts'
import { startScriptedSentinel } from '../../support/scripted-sentinel.ts'
import type { ScriptedSentinel } from '../../support/scripted-sentinel.ts'
import { startWatchedRedis } from '../../support/sentinel.ts'
import { createStops } from '../../support/stops.ts'
import { until } from '../../support/until.ts'

const { startServer, openStore, closeAll } = createOpener()
const stops = createStops()
let key: string
beforeEach(() => {
  key = `test:{${randomUUID()}}:record`
})
afterEach(async () => {
  await closeAll()
  await stops.stopAll()
})

/** The settings that a URL stands for, as the configuration reads them. */
function settingsOf(url: string, sentinelPassword?: string) {
  const parsed = parseStoreUrl(url)
  if (!('kind' in parsed) || parsed.kind !== 'redis' || !parsed.sentinel) throw new Error('no sentinels')
  const password = sentinelPassword === undefined ? undefined : new Secret(sentinelPassword)
  return { url: parsed.url.reveal(), sentinel: { ...parsed.sentinel, password } }
}

function openBy(url: string, sentinelPassword?: string): Promise<OpenedStore> {
  const { url: primaryUrl, sentinel } = settingsOf(url, sentinelPassword)
  return openStore(primaryUrl, { sentinel, deadlineMilliseconds: 2_000 })
}

async function watched(options?: Parameters<typeof startWatchedRedis>[0]) {
  const servers = await startWatchedRedis(options)
  stops.add(servers.stop)
  return servers
}

async function scripted(says: Parameters<typeof startScriptedSentinel>[0]): Promise<ScriptedSentinel> {
  const sentinel = await startScriptedSentinel(says)
  stops.add(() => sentinel.stop())
  return sentinel
}

const urlOf = (...sentinels: readonly ScriptedSentinel[]) =>
  `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/main`
const notes = ({ events }: OpenedStore) => events.flatMap(({ fields }) => ('note' in fields ? [fields.note] : []))

describe('a Redis that sentinels watch', () => {
  test('is found by any sentinel that answers, with its password and theirs, and goes on at another server when the primary freezes', async () => {
    const servers = await watched({ sentinels: 3, password: 'of the/servers', sentinelPassword: 'of-the-sentinels' })
    const there = await openBy(servers.url, 'of-the-sentinels')
    expect(await there.store.write(key, '1:kept', 60_000, 'absent')).toBe(true)
    expect((await servers.primary.dump()).get(key)).toBe('1:kept')

    servers.primary.freeze()
    try {
      const next = await servers.failedOver(servers.primary.port)
      await until('the link is live', () => there.store.link.live)
      expect(await there.store.read([key])).toEqual(['1:kept'])
      expect(await there.store.swap(key, 1, '2:new')).toBe('written')
      expect((await next.dump()).get(key)).toBe('2:new')
    } finally {
      servers.primary.thaw()
    }
    // Whoever comes back is a replica soon, and meanwhile nobody was sent to it.
    await until('it has become a replica', async () =>
      // Whoever demotes it breaks all its connections, this one too.
      String(await servers.primary.command('ROLE').catch(() => undefined)).startsWith('slave'),
    )
    expect(await there.store.read([key])).toEqual(['2:new'])
    expect(await there.store.swap(key, 2, '3:newer')).toBe('written')
  })

  test('whose sentinels refuse the password is told so', async () => {
    const servers = await watched({ sentinelPassword: 'right' })
    const refused = await openBy(servers.url, 'wrong')
    expect(notes(refused)).toEqual([expect.stringMatching(/^SENTINEL_REFUSED \(.*store\.sentinelPassword\)$/)])
    expect(refused.store.link.live).toBe(false)
  })
})

describe('sentinels', () => {
  test('of which one still names a server that was demoted: the others are believed, and asked first from then on', async () => {
    const primary = await startServer()
    const demoted = await startServer({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] })
    const [stale, current] = [await scripted(demoted.port), await scripted(primary.port)]
    const there = await openBy(urlOf(stale, current))
    await until('the link is live', () => there.store.link.live)
    expect(await there.store.write(key, 'x', 60_000)).toBe(true)
    expect(notes(there)).toEqual([expect.stringContaining('NOT_PRIMARY')])
    await primary.command('CLIENT', 'KILL', 'TYPE', 'normal')
    await until('it is connected again', () => current.asked() === 2 && there.store.link.live)
    expect(stale.asked()).toBe(1)
  })

  test('of which all name a server that was demoted: it is tried again until one is a primary', async () => {
    const demoted = await startServer({ args: ['--replicaof', '127.0.0.1 1'] })
    const stale = await scripted(demoted.port)
    const there = await openBy(urlOf(stale))
    await until('it was asked some times', () => stale.asked() > 3)
    expect(there.store.link.live).toBe(false)
    expect(notes(there)).toEqual([expect.stringContaining('NOT_PRIMARY')])
    await demoted.command('REPLICAOF', 'NO', 'ONE')
    await until('the link is live', () => there.store.link.live)
  })

  test('of which one is silent and one knows nothing: the next one is asked, and asked first from then on', async () => {
    const primary = await startServer()
    const [silent, ignorant, knowing] = [await scripted('silent'), await scripted('unknown'), await scripted(primary.port)]
    const there = await openBy(urlOf(silent, ignorant, knowing))
    await until('the link is live', () => there.store.link.live)
    expect(notes(there)).toEqual([])
    await primary.command('CLIENT', 'KILL', 'TYPE', 'normal')
    await until('it is connected again', () => there.store.link.foundAgainAt > 0)
    expect([silent, ignorant, knowing].map(({ asked }) => asked())).toEqual([1, 1, 2])
  })

  test.each([
    ['that know no primary of that name', 'unknown', 'NO_PRIMARY'],
    ['that do not answer', 'silent', 'NO_SENTINEL'],
  ] as const)('%s are told so, in words', async (_, says, code) => {
    const sentinel = await scripted(says)
    const there = await openBy(urlOf(sentinel))
    await until('it was told', () => notes(there).length > 0)
    expect(notes(there)).toEqual([expect.stringMatching(`^${code} \\(.+\\)$`)])
    const { url, sentinel: asked } = settingsOf(urlOf(sentinel))
    const config = { kind: 'redis', passwordFile: undefined, deadlineMilliseconds: 500, outageGraceMilliseconds: 0 } as const
    expect(await inspectRedis({ ...config, url: new Secret(url), sentinel: asked }, 'ns')).toEqual({ kind: 'failed', code })
  })

  test.each([
    ['rediss', true],
    ['redis', false],
  ])('are spoken to over TLS where the URL says so: %s+sentinel', async (scheme, inTls) => {
    const silent = await scripted('silent')
    const there = await openBy(urlOf(silent).replace(/^redis/, scheme))
    expect(silent.wasGreetedInTls()).toBe(inTls)
    expect(there.store.link.live).toBe(false)
  })

  test('are not asked any more once the store is closed', async () => {
    const silent = await scripted('silent')
    const there = await openBy(urlOf(silent))
    await there.store.close()
    const asked = silent.asked()
    await expect(there.store.read([key])).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(silent.asked()).toBe(asked)
  })
})
