import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { until } from '../support/until.ts'
import { createFinder } from '../support/secret-finder.ts'
import { type Piece, recordEverything, type Recording } from './recording.ts'
import { tapServer, type Tap } from './tap.ts'
import { callApi, signIn, signOut } from './acts.ts'
import { startWorld, type World } from './world.ts'

let world: World
let page: Page
let recording: Recording
let tap: Tap
/** Every secret of the run, by what it is. */
let secrets: ReadonlyMap<string, string>

/** A full run: refused sign-in, sign-in, calls over a refresh, sign-out, and every page on the way. */
beforeAll(async () => {
  world = await startWorld({ accessTokenSeconds: 2 })
  tap = tapServer(world.provider.port)
  page = await (await world.newPerson()).newPage()
  recording = await recordEverything(page)

  await refuse()
  await signIn(page, '/orders?tab=a#b', world)
  const { internal } = await inside()
  await callAndRefresh()
  for (const path of ['/bff/logout', '/bff/session', '/bff/nothing', '/api/plain', '/api//x', '/missing.js']) {
    await page.goto(world.origin + path)
    await recording.lookAround()
  }
  // Leads on to the app, where somebody is signed in.
  await page.goto(`${world.origin}/bff/callback?code=a&state=b`)
  await page.locator('#who', { hasText: 'alice' }).waitFor()
  await signOut(page, world)
  await recording.lookAround()

  secrets = new Map([
    ...grantSecrets(),
    ...internal,
    ['client secret', world.secrets.clientSecret],
    ['server key', world.secrets.serverKey],
  ])
}, 120_000)

afterAll(async () => {
  tap?.close()
  await page?.context().close()
  await world?.stop()
})

async function refuse(): Promise<void> {
  world.provider.interactive = 'deny'
  await page.goto(world.origin)
  await page.locator('#who', { hasText: 'nobody' }).waitFor()
  await page.locator('#sign-in').click()
  await page.waitForURL(/\/bff\/callback/)
  await recording.lookAround()
  world.provider.interactive = 'page'
}

async function callAndRefresh(): Promise<void> {
  await until('a call needed a new token', async () => {
    await callApi(page, '/api/plain')
    return tap.exchanges.some(({ asked }) => asked.includes('grant_type=refresh_token'))
  })
  await callApi(page, '/bff/session/extend', 'POST')
  await callApi(page, '/api/no-content', 'PUT')
  await callApi(page, '/api/close-at-once')
  await recording.lookAround()
}

/** The ids under which Redis knows the session: a cookie's hash, no handle for anybody else. */
async function inside(): Promise<{ readonly internal: readonly (readonly [string, string])[] }> {
  const keys = [...(await world.redis.dump()).keys()]
  const ids = new Set(keys.map((key) => /\{(.+)\}/.exec(key)?.[1] ?? '').filter((id) => id.length > 20))
  return { internal: [...ids].map((id, index) => [`internal id ${index}`, id]) }
}

/** What passed between gateway and provider, behind the browser's back. */
function grantSecrets(): readonly (readonly [string, string])[] {
  return tap.exchanges
    .filter(({ path }) => path === '/token')
    .flatMap(({ asked, answered, authorization = '' }, index) => {
      const given = new URLSearchParams(asked)
      const got: Record<string, unknown> = JSON.parse(answered)
      const [, claims, signature] = typeof got['id_token'] === 'string' ? got['id_token'].split('.') : []
      const found = {
        verifier: given.get('code_verifier'),
        'access token': got['access_token'],
        'refresh token': got['refresh_token'],
        'id token': claims,
        'id token, signed': signature,
        'client credentials': authorization.replace('Basic ', ''),
      }
      return Object.entries(found).flatMap(([name, value]) =>
        typeof value === 'string' && value !== '' ? [[`${name} ${index}`, value] as const] : [],
      )
    })
}

/**
 * OpenID Connect RP-Initiated Logout hands the id token to the provider by the address of a navigation, which no script can read:
 * the redirect that the one-time handle buys, and the provider's own address. There and nowhere else.
 */
function isLogoutAtProvider({ url, kind }: Piece): boolean {
  const { origin, pathname } = new URL(url, 'http://nowhere')
  if (origin === world.origin) return pathname === '/bff/logout/continue' && (kind === 'redirect' || kind.endsWith('ExtraInfo'))
  return origin === new URL(world.provider.issuer).origin && pathname.startsWith('/session/end')
}

// H-59
test('No token, verifier, secret or internal id is in any byte that the browser sees, in any encoding.', () => {
  const seen = [...secrets].flatMap(([name, secret]) => {
    const holds = createFinder(secret)
    return recording.pieces
      .filter((piece) => holds(piece.text) && !(name.startsWith('id token') && isLogoutAtProvider(piece)))
      .map(({ url, kind }) => `${name} in ${kind} of ${url}`)
  })
  expect(seen).toEqual([])
})

// OAU-40, H-12
test('No log of nginx or of the gateway holds one of them, nor an authorization code.', async () => {
  const codes = tap.exchanges.flatMap(({ asked }) => new URLSearchParams(asked).get('code') ?? [])
  expect(codes.length).toBeGreaterThanOrEqual(1)
  const logs = { nginx: await world.nginx.log(), gateway: JSON.stringify(world.gateway().logs()) }
  for (const log of Object.values(logs)) expect(log).toContain('/bff/callback')
  const seen = [...secrets, ...codes.map((code) => ['code', code] as const)].flatMap(([name, secret]) => {
    const holds = createFinder(secret)
    return Object.entries(logs).flatMap(([whose, log]) => (holds(log) ? [`${name} in the log of ${whose}`] : []))
  })
  expect(seen).toEqual([])
})

describe('That test looks where it says:', () => {
  test('the run had secrets of each kind', () => {
    const kinds = [...secrets.keys()].map((name) => name.replace(/ \d+$/, ''))
    expect(new Set(kinds)).toEqual(
      new Set([
        'verifier',
        'access token',
        'refresh token',
        'id token',
        'id token, signed',
        'client credentials',
        'client secret',
        'server key',
        'internal id',
      ]),
    )
    expect(kinds.filter((kind) => kind === 'access token').length).toBeGreaterThanOrEqual(2)
    for (const secret of secrets.values()) expect(secret.length).toBeGreaterThan(20)
  })

  test('bodies, headers, cookies, addresses and pages were recorded, and every one could be read', () => {
    const holding = (text: string): Set<string> =>
      new Set(recording.pieces.filter((piece) => piece.text.includes(text)).map(({ kind }) => kind))
    expect(holding('Alice Example')).toContain('body')
    expect(holding('__Host-Http-coatcheck=')).toContain('Network.requestWillBeSentExtraInfo')
    expect(holding('__Host-Http-coatcheck=')).toContain('Network.responseReceivedExtraInfo')
    expect(holding('"__Host-Http-coatcheck"')).toContain('cookies')
    expect(holding('code_challenge=')).toContain('redirect')
    expect(holding('Sign out?')).toContain('page')
    expect(recording.pieces.filter(({ kind }) => kind === 'unread')).toEqual([])
    expect(recording.pieces.some((piece) => isLogoutAtProvider(piece) && piece.text.includes('id_token_hint='))).toBe(true)
  })

  test('a token that an API itself gives away would be found', async () => {
    await signIn(page, '/', world)
    const before = recording.pieces.length
    await callApi(page, '/api/echoes-what-it-got')
    const [token = ''] = world.api.last().values('authorization')
    const holds = createFinder(token.replace('Bearer ', ''))
    expect(recording.pieces.slice(before).some(({ text }) => holds(text))).toBe(true)
  })

  test.each([
    ['in plain', (secret: string) => `x${secret}x`],
    ['in base64', (secret: string) => Buffer.from(secret).toString('base64')],
    ['in base64, somewhere', (secret: string) => Buffer.from(`{"a":"${secret}"}`).toString('base64')],
    ['in base64, elsewhere', (secret: string) => Buffer.from(`Bearer ${secret}, and more`).toString('base64url')],
    ['in base64, at the end', (secret: string) => Buffer.from(`12${secret}`).toString('base64')],
    ['in an address', (secret: string) => `?a=${encodeURIComponent(secret)}`],
    ['in an address within an address', (secret: string) => encodeURIComponent(`?a=${encodeURIComponent(secret)}`)],
    ['in hexadecimal', (secret: string) => Buffer.from(secret).toString('hex')],
  ])('a secret %s would be found', (_, hide) => {
    for (const secret of ['aSecret-with_every/sort+of=character', 'another one, of another length']) {
      expect(createFinder(secret)(hide(secret))).toBe(true)
      expect(createFinder(secret)(hide('something quite different'))).toBe(false)
    }
  })
})
