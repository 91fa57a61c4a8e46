/*
 * The cookie is all that a browser holds, so that whoever gets one, plants one, or makes the gateway misread one, is somebody else.
 *
 * The attacker replays a cookie whose session has ended, plants their own before somebody signs in (so that both share what follows),
 * sends a header that no browser would, or waits until the store has a bad moment and sees whether the gateway takes that for
 * "signed out" or, worse, for "signed in". In the store itself they swap records, and wait for a slow answer to write back what was
 * true when it began.
 *
 * Met in mod_auth_openidc, which a Cookie header could crash (CVE-2023-28625) and which took a number of cookies from the client as it
 * came (CVE-2024-24814); in Envoy's OAuth2 filter, whose signed cookies could be good for ever (CVE-2023-35941).
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { NAVIGATION, SCRIPT } from '../support/attack-texts.ts'
import { answers } from '../support/answers.ts'
import type { Attacked } from '../support/attacked.ts'
import type { Browser } from '../support/browser.ts'
import { describeAttack, describeOwnGateways } from '../support/describe-attack.ts'
import { startFaultyLine } from '../support/faulty-line.ts'
import { logoutToken } from '../support/logout-token.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { until } from '../support/until.ts'

const isDeletion = ({ value }: { readonly value: string }): boolean => value === ''

const whoIs = async ({ origin }: Attacked, browser: Browser) => (await browser.fetch(`${origin}/bff/session`)).json()

/** Calls the API with header lines that were written down earlier. */
const statusOf = async ({ ask }: Attacked, lines: readonly string[]) => (await ask('GET', '/api/x', lines)).status

/** Resolves once the cookie in these lines opens neither lane; at once, but where nginx keeps a decision for a moment. */
async function expectToBeDead(world: Attacked, lines: readonly string[]): Promise<void> {
  if (world.isCarriedByNginx) await until('the decision is forgotten', async () => (await statusOf(world, lines)) !== 200)
  expect(await statusOf(world, lines)).toBe(401)
  const session = await world.ask('GET', '/bff/session', lines)
  expect(session.body).toContain('"authenticated":false')
}

describeAttack('sessions and cookies', (world) => {
  // H-11
  test.each<[string, (browser: Browser) => Promise<unknown>]>([
    ['they sign out', (browser) => browser.fetch(`${world().origin}/bff/logout`, { method: 'POST' })],
    [
      'they sign in anew',
      async (browser) => {
        const callback = await world().upToCallback(browser)
        return browser.navigate(callback, { from: `${world().provider.issuer}/`, follow: false })
      },
    ],
    [
      'they end it from elsewhere',
      async (browser) => {
        const other = await world().signedIn()
        const { sessions } = (await browser.fetch(`${world().origin}/bff/sessions`)).json() as {
          sessions: { handle: string; current: boolean }[]
        }
        const { handle } = sessions.find(({ current }) => current) ?? {}
        return other.fetch(`${world().origin}/bff/sessions/${handle}`, { method: 'DELETE' })
      },
    ],
    [
      'the provider says so',
      async () => {
        const form = ['Content-Type: application/x-www-form-urlencoded']
        const body = `logout_token=${await logoutToken(world().provider)}`
        expect((await world().ask('POST', '/bff/backchannel-logout', form, body)).status).toBe(200)
      },
    ],
  ])('the cookie of an ended session opens nothing: %s', async (_, end) => {
    const browser = await world().signedIn()
    const lines = world().linesOf(browser)
    expect(await statusOf(world(), lines)).toBe(200)
    await end(browser)
    await expectToBeDead(world(), lines)
  })

  // H-14
  test('a planted session id never survives a sign-in', async () => {
    const { signedIn, newBrowser, signIn, cookieName, linesOf } = world()
    const attacker = await signedIn()
    const planted = attacker.cookie(cookieName)
    for (const value of [planted?.value ?? '', `s%3A${randomBytes(32).toString('base64url')}.AAAA`, 'planted']) {
      const victim = newBrowser()
      if (planted) victim.jar.put({ ...planted, value })
      await signIn(victim)
      expect(victim.cookie(cookieName)?.value).toMatch(/^s%3A[\w-]{43}\./)
      expect(victim.cookie(cookieName)?.value).not.toBe(value)
      expect(await whoIs(world(), victim)).toMatchObject({ authenticated: true })
    }
    // What was planted shares nothing with what came of it: it ended as replaced.
    await expectToBeDead(world(), linesOf(attacker))
  })

  // H-21
  test('no Cookie header makes the gateway fail, or a session out of nothing', async () => {
    const { ask, signedIn, cookieName } = world()
    const good = (await signedIn()).cookie(cookieName)?.value ?? ''
    const name = fc.constantFrom(
      cookieName,
      ` ${cookieName}`,
      `${cookieName}-login-AAAAAAAA`,
      cookieName.toUpperCase(),
      '',
      'a',
      '__proto__',
    )
    const value = fc.oneof(
      fc.constantFrom(
        '',
        '=',
        '"',
        good.slice(0, -1),
        `${good}x`,
        `"${good}"`,
        good.replace('s%3A', 's%253A'),
        good.toLowerCase(),
        `${good}%00`,
        '%',
        '\xff',
        'x'.repeat(5_000),
      ),
      fc.string({ unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
    )
    const pair = fc.tuple(name, fc.constantFrom('=', '', '=='), value).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(fc.array(pair, { maxLength: 4 }), fc.constantFrom(';', '; ', ';;;', ','), async (pairs, between) => {
        const cookie = `Cookie: ${pairs.join(between)}`
        for (const path of ['/bff/session', '/api/x']) {
          const { status, body } = await ask('GET', path, [cookie, ...SCRIPT])
          expect([cookie, status]).toEqual([cookie, expect.any(Number)])
          expect(status >= 200 && status < 500).toBe(true)
          expect(body).not.toContain('"authenticated":true')
        }
      }),
      { numRuns: 60 },
    )
    // Browsers hold names to our prefix by their first byte: one before which something stands can be planted by any sibling.
    for (const before of ['\xa0', '\x85', '\xc2\xa0', '\xe2\x80\x80', '$Version=1, ', '"', '\xef\xbb\xbf']) {
      const planted = `Cookie: ${before}${cookieName}=${good}`
      expect([planted, (await ask('GET', '/api/x', [planted, ...SCRIPT])).status]).toEqual([planted, 401])
      const beside = `Cookie: ${before}${cookieName}=${good}; ${cookieName}=${good}`
      expect([beside, (await ask('GET', '/api/x', [beside, ...SCRIPT])).status]).toEqual([beside, 200])
    }
    for (const cookie of [`${cookieName}=${good}; ${cookieName}=${good}`, `${cookieName}=x; ${cookieName}=${good}`]) {
      expect((await ask('GET', '/api/x', [`Cookie: ${cookie}`, ...SCRIPT])).status).toBe(400)
    }
    const many = Array.from({ length: 500 }, (_, at) => `c${at}=${at}`).join('; ')
    expect((await ask('GET', '/api/x', [`Cookie: ${many.slice(0, 7_000)}; ${cookieName}=${good}`, ...SCRIPT])).status).toBe(200)
    const { status } = await ask('GET', '/api/x', [`Cookie: a=${'x'.repeat(65_536)}`, ...SCRIPT])
    expect([400, 431]).toContain(status)
  })

  // H-22
  test('nothing that a client sends is a count or a size without a bound', async () => {
    const { ask, signedIn, linesOf, upstream, cookieName } = world()
    const huge = '9'.repeat(1_500)
    const own = linesOf(await signedIn())
    for (const name of ['maxAge', 'loginHint', 'acrValues', 'uiLocales', 'prompt']) {
      expect([name, (await ask('GET', `/bff/login?${name}=${huge}`, NAVIGATION)).status]).toEqual([name, 400])
    }
    const { length: asked } = upstream.requests
    for (const length of [huge, '-1', '1e9', '0x10', '99999999999999999999', '+5', '1,1']) {
      expect([length, (await ask('POST', '/api/x', [...own, `Content-Length: ${length}`])).status]).toEqual([
        length,
        expect.any(Number),
      ])
    }
    expect(upstream.requests.length).toBe(asked)
    // Chunks of a cookie, as other gateways count them.
    const chunks = ['.0=x', '.1=x', `.${huge}=x`, '.count=1e9', '-chunks=4294967296'].map((text) => `${cookieName}${text}`)
    expect((await ask('GET', '/bff/session', [`Cookie: ${chunks.join('; ')}`, ...SCRIPT])).status).toBe(200)
    for (const target of [`/bff/login?${'a&'.repeat(20_000)}`, `/bff/${'x'.repeat(40_000)}`]) {
      expect([400, 414, 431]).toContain((await ask('GET', target, NAVIGATION)).status)
    }
    const manyLogins = Array.from({ length: 200 }, (_, number) => `${cookieName}-login-${String(number).padStart(8, 'A')}=x.y`)
    const begun = await ask('GET', '/bff/login', [`Cookie: ${manyLogins.join('; ').slice(0, 7_000)}`, ...NAVIGATION])
    expect(begun.status).toBe(303)
    expect(begun.values('Set-Cookie').length).toBeLessThan(60)
  })

  // H-52
  test('nothing that is signed or sealed for one purpose is good for another', async () => {
    const { ask, newBrowser, upToCallback, signedIn, cookieName, provider, origin } = world()
    const browser = newBrowser()
    const callback = await upToCallback(browser)
    const bindings = browser.jar.all().filter(({ name }) => name.startsWith(`${cookieName}-login-`))
    expect(bindings).toHaveLength(1)
    const binding = bindings[0]
    const session = (await signedIn()).cookie(cookieName)
    if (!binding || !session) throw new Error('no cookies')

    // The binding of a sign-in as a session, a session as the binding of a sign-in, one sign-in's binding for another.
    for (const value of [
      binding.value,
      `s%3A${binding.value}`,
      `s:${binding.value.split('.')[1]}.${binding.value.split('.')[0]}`,
    ]) {
      expect(await statusOf(world(), [`Cookie: ${cookieName}=${value}`, ...SCRIPT])).toBe(401)
    }
    const thief = newBrowser()
    thief.jar.put({ ...binding, value: session.value })
    expect((await thief.navigate(callback, { from: `${provider.issuer}/`, follow: false })).status).toBe(400)
    const other = newBrowser()
    const otherCallback = new URL(await upToCallback(other))
    const mixed = new URL(callback)
    mixed.searchParams.set('state', otherCallback.searchParams.get('state') ?? '')
    expect((await browser.navigate(mixed, { from: `${provider.issuer}/`, follow: false })).status).toBe(400)

    // A state as a logout handle.
    const leave = await browser.navigate(`${origin}/bff/logout/continue?handle=${mixed.searchParams.get('state')}`, {
      from: `${origin}/`,
      follow: false,
    })
    expect([leave.status, leave.headers.location]).toEqual([200, undefined])
    // An ID token as a logout token.
    const idToken = await provider.signer.sign({
      iss: provider.issuer,
      aud: provider.clientId,
      sub: 'alice',
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 300,
      jti: 'x',
      nonce: 'n',
    })
    const form = ['Content-Type: application/x-www-form-urlencoded']
    expect((await ask('POST', '/bff/backchannel-logout', form, `logout_token=${idToken}`)).status).toBe(400)
  })

  // H-53
  test('a cookie that is deleted is gone, by the attributes that it was set with', async () => {
    const { newBrowser, signIn, origin, provider } = world()
    const browser = newBrowser()
    await signIn(browser)
    const { continue: next } = (await browser.fetch(`${origin}/bff/logout`, { method: 'POST' })).json() as { continue: string }
    await browser.navigate(`${origin}${next}`, { from: `${origin}/` })
    expect(provider.count('endSession')).toBeGreaterThan(0)
    expect(browser.jar.all().map(({ name }) => name)).toEqual([])
    const given = browser.answers.flatMap(({ setCookies }) => setCookies)
    const [deleted, set] = [given.filter(isDeletion), given.filter((cookie) => !isDeletion(cookie))]
    expect(new Set(deleted.map(({ name }) => name))).toEqual(new Set(set.map(({ name }) => name)))
    for (const { name, domain, path, secure, httpOnly, sameSite } of deleted) {
      expect(set.find((cookie) => cookie.name === name)).toMatchObject({ domain, path, secure, httpOnly, sameSite })
    }
    expect(given.every(({ httpOnly, path, domain }) => httpOnly && path === '/' && domain === undefined)).toBe(true)
  })

  // H-56
  test('a role that was removed at the provider is gone here after the next refresh', async () => {
    const { provider, signedIn, origin, upstream } = world()
    const { script } = provider
    try {
      script.claims = (honest) => ({ ...honest, roles: ['admin', 'reader'] })
      script.token = (honest) => ({ ...honest, expires_in: 2 })
      const browser = await signedIn()
      expect(await whoIs(world(), browser)).toMatchObject({ user: { roles: ['admin', 'reader'] } })
      const [first] = (await browser.fetch(`${origin}/api/x`).then(() => upstream.last())).values('authorization')
      script.claims = (honest) => ({ ...honest, roles: ['reader'] })
      await until('the token was renewed', async () => {
        await browser.fetch(`${origin}/api/x`)
        return upstream.last().values('authorization')[0] !== first
      })
      expect(await whoIs(world(), browser)).toMatchObject({ user: { roles: ['reader'] } })
    } finally {
      delete script.claims
      delete script.token
    }
  })
})

describeOwnGateways('sessions and cookies', (start) => {
  let redis: RedisServer
  let first: Attacked
  beforeAll(async () => {
    redis = await startRedis()
    first = await start({ COATCHECK_STORE: redis.url, COATCHECK_STORE_OUTAGE_GRACE: '0s' })
  })
  afterAll(() => redis.stop())

  const recordsOf = async (...kinds: readonly string[]) =>
    [...(await redis.dump()).keys()].filter((key) => kinds.some((kind) => key.endsWith(`}:${kind}`)))

  // H-11
  test('an ended session leaves no records, be it signed out, idle, at its end, or refused by the provider', async () => {
    const own = await startRedis()
    try {
      const world = await start({
        COATCHECK_STORE: own.url,
        COATCHECK_SESSION_IDLE_TIMEOUT: '1s',
        COATCHECK_SESSION_ABSOLUTE_TIMEOUT: '2s',
      })
      const { provider, origin, signedIn, linesOf } = world
      const expectNothingLeft = async (how: string) => {
        const left = [...(await own.dump()).keys()].filter((key) => /\}:(?:session|grant|about|seen)$/.test(key))
        expect([how, left]).toEqual([how, []])
      }
      const signedInWithRecords = async () => {
        const browser = await signedIn()
        expect([...(await own.dump()).keys()].filter((key) => key.endsWith('}:grant'))).toHaveLength(1)
        return browser
      }
      const untilRefused = async (how: string, browser: Browser) => {
        await until(`it is over: ${how}`, async () => (await statusOf(world, linesOf(browser))) === 401)
        await expectNothingLeft(how)
      }
      const idle = await signedInWithRecords()
      const idleAt = Date.now() + 1_000
      await until('nobody was there for a second', () => Date.now() > idleAt)
      await untilRefused('idle', idle)
      expect(await whoIs(world, idle)).toMatchObject({ authenticated: false })
      await untilRefused('at its end', await signedInWithRecords())
      provider.script.token = (honest, { form }) =>
        form.get('grant_type') === 'refresh_token' ? answers.json(400, { error: 'invalid_grant' }) : { ...honest, expires_in: 1 }
      await untilRefused('refused by the provider', await signedInWithRecords())
      delete provider.script.token
      const signedOut = await signedIn()
      await signedOut.fetch(`${origin}/bff/logout`, { method: 'POST' })
      await expectNothingLeft('signed out')
    } finally {
      await own.stop()
    }
  })

  // H-19
  test('a session id of another alphabet or length never reaches the store', async () => {
    const { ask, cookieName } = first
    const signature = 'A'.repeat(43)
    const ids = [
      '*',
      '{*}',
      'a*b',
      '../x',
      'a\tb',
      'ä',
      '%0d%0aDEL%20x',
      '%00',
      `${'A'.repeat(42)}*`,
      'A'.repeat(44),
      'A'.repeat(43),
      'x'.repeat(9_000),
      '__proto__',
      '',
    ]
    const monitor = await redis.monitor()
    for (const id of ids) {
      for (const path of ['/bff/session', '/api/x', '/bff/sessions'])
        await ask('GET', path, [`Cookie: ${cookieName}=s%3A${id}.${signature}`, ...SCRIPT])
      await ask('POST', '/bff/logout', [`Cookie: ${cookieName}=s%3A${id}.${signature}`, ...SCRIPT])
    }
    const commands = (await monitor.stop()).filter(
      (command) => !/^(?:PING|INFO|CLIENT|HELLO|SUBSCRIBE|PUBLISH|ROLE)\b/i.test(command),
    )
    expect(commands).toEqual([])
  })

  // H-20
  test('a record that is moved to another session opens nothing, and the same is never sealed twice alike', async () => {
    const { signedIn, linesOf, ask } = first
    await redis.command('FLUSHALL')
    const [one, other] = [await signedIn(), await signedIn()]
    const sealed = await redis.dump()
    const parts = [...sealed.values()].flatMap((value) =>
      [...value.matchAll(/1\.[\w-]{8,16}\.([\w-]{16})[\w-]{20,}/g)].map(([, nonce]) => nonce),
    )
    expect(parts.length).toBeGreaterThanOrEqual(6)
    expect(new Set(parts).size).toBe(parts.length)

    for (const kind of ['grant', 'session']) {
      const [mine = '', theirs = ''] = await recordsOf(kind)
      const before = await redis.dump()
      await redis.transaction(
        ['SET', mine, before.get(theirs) ?? '', 'KEEPTTL'],
        ['SET', theirs, before.get(mine) ?? '', 'KEEPTTL'],
      )
      for (const browser of [one, other]) {
        const { status, values } = await ask('GET', '/api/x', linesOf(browser))
        expect([kind, status, values('Set-Cookie'), values('Retry-After').length]).toEqual([kind, 503, [], 1])
      }
      await redis.transaction(
        ['SET', mine, before.get(mine) ?? '', 'KEEPTTL'],
        ['SET', theirs, before.get(theirs) ?? '', 'KEEPTTL'],
      )
    }
    for (const browser of [one, other]) expect(await statusOf(first, linesOf(browser))).toBe(200)
  })

  /** A call whose answer the API ends when it is told to, by which time the token of the beginning has been renewed. */
  async function spanRefresh(path: string, type: string): Promise<void> {
    const { provider, upstream, signedIn, linesOf, ask, origin } = first
    try {
      provider.script.token = (honest) => ({ ...honest, expires_in: 2 })
      const browser = await signedIn()
      delete provider.script.token
      const arrived = Promise.withResolvers<() => void>()
      upstream.answer(path, (_request, response) => {
        response.writeHead(200, { 'content-type': type }).write('data: first\n\n')
        arrived.resolve(() => response.end('data: last\n\n'))
      })
      const slow = ask('GET', `/api${path}`, linesOf(browser))
      const end = await arrived.promise
      const [old] = upstream.last().values('authorization')
      const callOnce = async () => {
        expect((await browser.fetch(`${origin}/api/x`)).status).toBe(200)
        return upstream.last().values('authorization')[0]
      }
      await until('the token was renewed beside it', async () => (await callOnce()) !== old)
      const renewed = await callOnce()
      const isStored = async () => [...(await redis.dump())].filter(([key]) => key.endsWith('}:grant')).map(([, value]) => value)
      await until('the new grant is written', async () => (await isStored()).some((grant) => grant.startsWith('2:')))
      const stored = await isStored()
      end()
      expect((await slow).text).toContain('last')
      expect(await isStored()).toEqual(stored)
      expect(await callOnce()).toBe(renewed)
    } finally {
      delete provider.script.token
    }
  }

  // H-44
  test('a refresh during a slow answer survives the end of that answer', async () =>
    spanRefresh('/slow', 'application/octet-stream'))

  // H-45
  test('a stream that spans a refresh never writes old tokens back', async () => spanRefresh('/stream', 'text/event-stream'))

  // H-46
  test('a sign-in whose session cannot be kept says so, and sets no cookie', async () => {
    const line = await startFaultyLine(redis.port)
    const world = await start({ COATCHECK_STORE: `redis://127.0.0.1:${line.port}` }, first)
    try {
      const browser = world.newBrowser()
      const callback = await world.upToCallback(browser, '/deep')
      line.fault = (command) =>
        command === 'GETDEL' ? undefined : command.startsWith('EVAL') || command === 'SET' ? 'refused' : undefined
      const page = await browser.navigate(callback, { from: `${world.provider.issuer}/`, follow: false })
      expect([page.status, page.headers.location]).toEqual([503, undefined])
      expect(page.setCookies.map(({ name }) => name)).not.toContain(world.cookieName)
      line.fault = undefined
      // And where it can, the cookie is there with the redirect.
      const again = await browser.navigate(await world.upToCallback(browser, '/deep'), {
        from: `${world.provider.issuer}/`,
        follow: false,
      })
      expect([again.status, again.setCookies.map(({ name }) => name)]).toEqual([303, expect.arrayContaining([world.cookieName])])
    } finally {
      await world.stop()
      await line.stop()
    }
  })

  // H-47
  test('a store that fails is not "signed out", at any address: 503, when to come again, and the cookie stays', async () => {
    const own = await startRedis()
    const world = await start({ COATCHECK_STORE: own.url, COATCHECK_STORE_OUTAGE_GRACE: '0s', COATCHECK_STORE_DEADLINE: '200ms' })
    try {
      const browser = await world.signedIn()
      const own503 = async (how: string) => {
        const lines = world.linesOf(browser)
        for (const [method, path] of [
          ['GET', '/api/x'],
          ['GET', '/bff/session'],
          ['POST', '/bff/session/extend'],
          ['POST', '/bff/logout'],
          ['GET', '/bff/sessions'],
          ['DELETE', '/bff/sessions'],
        ] as const) {
          const { status, values } = await world.ask(method, path, lines)
          expect([how, method, path, status, values('Set-Cookie'), values('Retry-After').length]).toEqual([
            how,
            method,
            path,
            503,
            [],
            1,
          ])
        }
      }
      const back = () => until('it is back', async () => (await statusOf(world, world.linesOf(browser))) === 200)
      own.freeze()
      await until('it is noticed', async () => (await statusOf(world, world.linesOf(browser))) === 503)
      await own503('frozen')
      own.thaw()
      await back()
      await own.command('SAVE')
      await own.kill()
      await until('it is noticed', async () => (await statusOf(world, world.linesOf(browser))) === 503)
      await own503('killed')
      await own.start()
      await back()
      // Read-only and full: what must write is 503, what only reads goes on.
      await own.command('CONFIG', 'SET', 'min-replicas-to-write', '1')
      const { status, values } = await world.ask('POST', '/bff/logout', world.linesOf(browser))
      expect([status, values('Set-Cookie')]).toEqual([503, []])
      await own.command('CONFIG', 'SET', 'min-replicas-to-write', '0')
      await back()
      expect(await whoIs(world, browser)).toMatchObject({ authenticated: true })
    } finally {
      await world.stop()
      await own.stop()
    }
  })

  // H-48
  test('a session of one host or client is none at another, though they share keys and store', async () => {
    const shared = { COATCHECK_STORE: redis.url, COATCHECK_SECRETS: first.settings['COATCHECK_SECRETS'] ?? '' }
    const other = await start(shared, first)
    const [here, there] = [await first.signedIn(), await other.signedIn()]
    expect([await statusOf(first, first.linesOf(here)), await statusOf(other, other.linesOf(there))]).toEqual([200, 200])
    expect([await statusOf(other, first.linesOf(here)), await statusOf(first, other.linesOf(there))]).toEqual([401, 401])
    const { body } = await other.ask('GET', '/bff/session', first.linesOf(here))
    expect(JSON.parse(body)).toMatchObject({ authenticated: false, reason: 'none' })
  })

  // H-52
  test('a sign-in that took too long is none', async () => {
    const world = await start({ COATCHECK_LOGIN_TIMEOUT: '1m', COATCHECK_STORE: redis.url }, first)
    const browser = world.newBrowser()
    const callback = await world.upToCallback(browser)
    // A minute of the store's is over in no time; the cookie is held on to, as an attacker would.
    const logins = [...(await redis.dump()).keys()].filter((key) => key.includes(':login:'))
    for (const key of logins) {
      expect(Number(await redis.command('PTTL', key))).toBeLessThanOrEqual(600_000)
      expect(Number(await redis.command('PTTL', key))).toBeGreaterThan(0)
      await redis.command('PEXPIRE', key, '1')
    }
    await until('they have lapsed', async () => ![...(await redis.dump()).keys()].some((key) => key.includes(':login:')))
    const late = await browser.navigate(callback, { from: `${world.provider.issuer}/`, follow: false })
    expect([late.status, browser.cookie(world.cookieName)]).toEqual([400, undefined])
  })
})
