import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { request } from 'node:http'
import { type Cluster, startCluster } from '../../support/cluster.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { until } from '../../support/until.ts'

const TOKEN_MILLISECONDS = 4_000

let redis: RedisServer
let cluster: Cluster
let cookie: string
let begun: number
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  const provider = { accessTokenSeconds: TOKEN_MILLISECONDS / 1_000, renewedTokenSeconds: 3600 }
  cluster = await startCluster({ store: redis.url, instances: 2, provider })
  cookie = await cluster.signIn()
  begun = Date.now()
})
afterEach(() => cluster.stop())

const refreshes = () => cluster.provider.counts.token - 1
const sentToken = () => cluster.upstream.last().values('authorization')[0]
/** The version of the session's grant in the store. */
const storedVersion = async () => {
  const grants = [...(await redis.dump())].filter(([key]) => key.endsWith(':grant'))
  return Math.max(...grants.map(([, value]) => Number.parseInt(value, 10)))
}

/** Starts a call whose answer the upstream ends when it is told to. */
async function longCall(path: string, type: string): Promise<{ readonly end: () => void; readonly ended: Promise<string> }> {
  const arrived = Promise.withResolvers<() => void>()
  cluster.upstream.answer(path, (_request, response) => {
    response.writeHead(200, { 'content-type': type }).write('data: first\n\n')
    arrived.resolve(() => response.end('data: last\n\n'))
  })
  const { port = 0 } = cluster.instances[0] ?? {}
  const headers = { Host: new URL(cluster.origin).host, Cookie: cookie, 'X-CSRF': '1', 'Sec-Fetch-Site': 'same-origin' }
  const ended = new Promise<string>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: `/api${path}`, headers }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (body += piece))
      answer.on('error', reject).on('end', () => resolve(body))
    })
      .on('error', reject)
      .end()
  })
  return { end: await arrived.promise, ended }
}

describe('an answer that lasts longer than the token it was asked with', () => {
  test.each([
    ['a slow download', '/slow-file', 'application/octet-stream'],
    ['an event stream', '/stream', 'text/event-stream'],
  ])('%s: puts no old token back when it ends', async (_, path, type) => {
    const call = await longCall(path, type)
    const first = sentToken()
    await until('the token has ended', () => Date.now() > begun + TOKEN_MILLISECONDS)
    expect((await cluster.call(1, cookie)).status).toBe(200)
    const renewed = sentToken()
    expect(renewed).not.toBe(first)
    const version = await storedVersion()
    expect(version).toBeGreaterThan(1)

    call.end()
    expect(await call.ended).toContain('last')
    for (const instance of [0, 1]) {
      expect((await cluster.call(instance, cookie)).status).toBe(200)
      expect(sentToken()).toBe(renewed)
    }
    expect(await storedVersion()).toBe(version)
    expect(refreshes()).toBe(1)
  })
})

describe('a provider that is down', () => {
  test('for the rest of the life of an access token but a second fails no call', async () => {
    const { provider } = cluster
    await provider.pause()
    const statuses = new Set<number>()
    let calls = 0
    const call = async () => statuses.add((await cluster.call((calls += 1) % 2, cookie)).status)
    await until('a second of its life is left', async () => {
      await call()
      return Date.now() > begun + TOKEN_MILLISECONDS - 1_000
    })
    await provider.resume()
    await until('the token of before has ended', async () => {
      await call()
      return Date.now() > begun + TOKEN_MILLISECONDS + 500
    })
    expect([...statuses]).toEqual([200])
    expect(refreshes()).toBe(1)
  })
})
