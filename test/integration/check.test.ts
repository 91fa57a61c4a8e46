import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { check } from '../../src/commands/check.ts'
import { CLIENT_SECRET, LEAST } from '../support/config-env.ts'
import { findFreePort } from '../support/free-port.ts'
import { startProvider } from '../support/provider.ts'
import { startRedis } from '../support/redis-server.ts'
import { startScriptedProvider } from '../support/scripted-provider.ts'
import { startWatchedRedis } from '../support/sentinel.ts'
import { createStops } from '../support/stops.ts'

const stops = createStops()
afterEach(stops.stopAll)

/** Runs the command; answers its exit code, its lines, and those of one level. */
async function run(env: Readonly<Record<string, string | undefined>>) {
  let text = ''
  const code = await check({
    env: { ...LEAST, COATCHECK_TRUSTED_PROXIES: '127.0.0.1', ...env },
    write: (piece) => (text += piece),
  })
  const ofLevel = (level: string) => text.split('\n').filter((line) => line.startsWith(level))
  return { code, text, ok: ofLevel('ok').join('\n'), warnings: ofLevel('warn').join('\n'), failures: ofLevel('fail') }
}

async function realProvider() {
  const provider = await startProvider({ backchannelLogoutUri: 'https://app.example.com/bff/backchannel-logout' })
  stops.add(provider.stop)
  return { COATCHECK_ISSUER: provider.issuer, COATCHECK_CLIENT_ID: provider.clientId }
}

async function upstream(): Promise<number> {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.add(() => new Promise((resolve) => server.close(resolve)))
  const address: AddressInfo | string | null = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('coatcheck check', () => {
  test('says of a sound deployment what will happen and what to register, and ends with 0', async () => {
    const redis = await startRedis()
    stops.add(() => redis.stop())
    const { code, ok, failures } = await run({
      ...(await realProvider()),
      COATCHECK_STORE: redis.url,
      COATCHECK_ROUTES: `/api/=http://127.0.0.1:${await upstream()}/`,
    })
    expect(failures).toEqual([])
    expect(code).toBe(0)
    expect(ok).toContain('redirect URI: https://app.example.com/bff/callback')
    expect(ok).toContain('post-logout redirect URI: https://app.example.com/bff/logout/callback')
    expect(ok).toContain('S256 is advertised')
    expect(ok).toContain('back-channel logout URI: https://app.example.com/bff/backchannel-logout')
    expect(ok).not.toContain('front-channel')
    expect(ok).toMatch(/Redis at 127\.0\.0\.1:\d+ writes and reads/)
    expect(ok).toContain('takes connections')
    expect((await redis.dump()).size).toBe(0)
  })

  test('lists all problems of the configuration, a line each, and ends with 1', async () => {
    const { code, failures } = await run({
      COATCHECK_BASE_URL: 'http://app.example.com',
      COATCHECK_LOG_LEVEL: 'loud',
      COATCHECK_X: '1',
    })
    expect(code).toBe(1)
    expect(failures).toHaveLength(3)
    expect(failures[1]).toMatch(/COATCHECK_BASE_URL \/ baseUrl is not https.*Write: an https address/)
  })

  test('says that provider, Redis and upstream are not there, each by its address', async () => {
    const [issuer, store, route] = [await findFreePort(), await findFreePort(), await findFreePort()]
    const { code, failures } = await run({
      COATCHECK_ISSUER: `http://127.0.0.1:${issuer}`,
      COATCHECK_STORE: `redis://:${CLIENT_SECRET}@127.0.0.1:${store}`,
      COATCHECK_ROUTES: `/api/=http://127.0.0.1:${route}/,/other/=http://127.0.0.1:${route}/`,
    })
    expect(code).toBe(1)
    expect(failures).toEqual([
      expect.stringMatching(`provider .*127.0.0.1:${issuer}.*nothing listens there`),
      expect.stringMatching(`store .*127.0.0.1:${store}.*nothing listens there`),
      expect.stringMatching(`upstream .*127.0.0.1:${route}.*nothing listens there`),
    ])
    expect(failures.join()).not.toContain(CLIENT_SECRET)
  })

  test.each([
    ['names another issuer', { issuer: 'https://other.example.com' }, /another issuer/],
    ['does not advertise S256', { code_challenge_methods_supported: ['plain'] }, /S256/],
    ['has no token endpoint', { token_endpoint: undefined }, /token_endpoint/],
  ])('refuses a provider that %s', async (_why, change, says) => {
    const provider = await startScriptedProvider()
    stops.add(provider.stop)
    provider.script.metadata = (honest) => ({ ...honest, ...change })
    const { code, failures } = await run({ COATCHECK_ISSUER: provider.issuer })
    expect(failures).toEqual([expect.stringMatching(says)])
    expect(code).toBe(1)
  })

  test('warns of what a provider lacks, and of an exception', async () => {
    const provider = await startScriptedProvider()
    stops.add(provider.stop)
    const without = ['code_challenge_methods_supported', 'end_session_endpoint', 'revocation_endpoint']
    provider.script.metadata = (honest) => ({
      ...Object.fromEntries(Object.entries(honest).filter(([name]) => !without.includes(name))),
      scopes_supported: ['openid', 'profile'],
    })
    const { code, warnings } = await run({ COATCHECK_ISSUER: provider.issuer, COATCHECK_PROVIDER_ASSUME_S256: 'true' })
    expect(code).toBe(0)
    for (const said of [/S256 is not advertised/, /no logout endpoint/, /no revocation/, /scopes: offline_access/])
      expect(warnings).toMatch(said)
  })

  test.each([
    ['back-channel logout', {}, {}, [/does not say that it knows back-channel logout.*\/bff\/backchannel-logout/]],
    ['sessions in logout tokens', { backchannel_logout_supported: true }, {}, [/ends all sessions of its person/]],
    [
      'front-channel logout, where that is switched on',
      { backchannel_logout_supported: true, backchannel_logout_session_supported: true },
      { COATCHECK_PROVIDER_FRONTCHANNEL_LOGOUT: 'true' },
      [/does not say that it knows front-channel logout.*\/bff\/frontchannel-logout/],
    ],
    [
      'sessions in front-channel logout',
      { backchannel_logout_supported: true, backchannel_logout_session_supported: true, frontchannel_logout_supported: true },
      { COATCHECK_PROVIDER_FRONTCHANNEL_LOGOUT: 'true' },
      [/names a session \(iss and sid\)/],
    ],
  ])('warns of a provider that does not tell of %s', async (_, metadata, env, said) => {
    const provider = await startScriptedProvider({ script: { metadata: (honest) => ({ ...honest, ...metadata }) } })
    stops.add(provider.stop)
    const { code, warnings } = await run({ COATCHECK_ISSUER: provider.issuer, ...env })
    expect(code).toBe(0)
    const ofLogout = warnings.split('\n').filter((line) => line.includes('It does not say'))
    expect(ofLogout).toEqual(said.map((each) => expect.stringMatching(each)))
  })

  test('says what to register for the front channel where it is on and known', async () => {
    const known = { frontchannel_logout_supported: true, frontchannel_logout_session_supported: true }
    const provider = await startScriptedProvider({ script: { metadata: (honest) => ({ ...honest, ...known }) } })
    stops.add(provider.stop)
    const { ok } = await run({ COATCHECK_ISSUER: provider.issuer, COATCHECK_PROVIDER_FRONTCHANNEL_LOGOUT: 'true' })
    expect(ok).toContain('front-channel logout URI: https://app.example.com/bff/frontchannel-logout')
  })

  test('warns of a Redis that evicts', async () => {
    const redis = await startRedis({ args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] })
    stops.add(() => redis.stop())
    const { code, warnings } = await run({ ...(await realProvider()), COATCHECK_STORE: redis.url })
    expect(warnings).toMatch(/allkeys-lru.*noeviction/)
    expect(code).toBe(0)
  })

  test('says that a password of Redis is missing', async () => {
    const redis = await startRedis({ password: 'a password of the tests' })
    stops.add(() => redis.stop())
    const { code, failures } = await run({ ...(await realProvider()), COATCHECK_STORE: `redis://127.0.0.1:${redis.port}` })
    expect(failures).toEqual([expect.stringMatching(/it wants a password/)])
    expect(code).toBe(1)
  })

  test('finds Redis by its sentinels, with the password in a file', async () => {
    const servers = await startWatchedRedis({ password: 'of-the-servers' })
    stops.add(servers.stop)
    const folder = await mkdtemp(join(tmpdir(), 'coatcheck-check-'))
    stops.add(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'password'), 'of-the-servers\n')
    const env = {
      ...(await realProvider()),
      COATCHECK_STORE: servers.url.replace(':of-the-servers@', ''),
      COATCHECK_STORE_PASSWORD_FILE: join(folder, 'password'),
    }
    const { ok, failures } = await run(env)
    expect(failures).toEqual([])
    expect(ok).toMatch(/Redis at main \(by the sentinels at 127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+\) writes and reads/)

    const renamed = await run({ ...env, COATCHECK_STORE: env.COATCHECK_STORE.replace('/main', '/other') })
    expect(renamed.failures).toEqual([expect.stringMatching(/NO_PRIMARY \(no sentinel knows a primary of that name\)/)])
    expect(renamed.text).not.toContain('of-the-servers')
  })

  test('does not wait for a Redis that is frozen', async () => {
    const redis = await startRedis()
    stops.add(() => redis.stop())
    redis.freeze()
    const { failures } = await run({ ...(await realProvider()), COATCHECK_STORE: redis.url })
    redis.thaw()
    expect(failures).toEqual([expect.stringMatching(/did not answer in time/)])
  })

  test('warns where no proxy is trusted, and of the memory store', async () => {
    const { warnings } = await run({ ...(await realProvider()), COATCHECK_TRUSTED_PROXIES: '' })
    expect(warnings).toMatch(/trustedProxies/)
    expect(warnings).toMatch(/memory of this process/)
  })
})
