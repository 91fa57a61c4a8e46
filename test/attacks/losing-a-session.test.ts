/*
 * The ten ways in which people who use gateways of this kind are signed out, or end on a dead page, though nobody attacked anything.
 *
 * Refresh tokens that work once are the cause of most: whoever sends one twice loses the grant, whoever loses the answer loses the
 * session. The rest are bad moments of the store or the provider that a gateway takes for "signed out", and sign-ins that assume one
 * tab, one attempt and nobody who goes back. Each of these stands in the trackers of oauth2-proxy, express-openid-connect or their kind,
 * many of them for years.
 *
 * The provider here gives each refresh token for one use, and remembers. Two gateways share one Redis where it matters.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { NAVIGATION } from '../support/attack-texts.ts'
import { requestBytes } from '../support/attack-wire.ts'
import type { Attacked } from '../support/attacked.ts'
import { type Answer, answers } from '../support/answers.ts'
import type { Browser } from '../support/browser.ts'
import { describeAttack, describeOwnGateways } from '../support/describe-attack.ts'
import { type FaultyLine, startFaultyLine } from '../support/faulty-line.ts'
import { openRaw } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { Script } from '../support/scripted-provider.ts'
import { until } from '../support/until.ts'

const call = ({ origin }: Attacked, browser: Browser) => browser.fetch(`${origin}/api/x`)

const extend = ({ origin }: Attacked, browser: Browser) => browser.fetch(`${origin}/bff/session/extend`, { method: 'POST' })

const isSignedIn = async ({ origin }: Attacked, browser: Browser) =>
  (await browser.fetch(`${origin}/bff/session`)).text.includes('"authenticated":true')

const refreshes = ({ provider }: Attacked): number =>
  provider.seen('token').filter(({ form }) => form.get('grant_type') === 'refresh_token').length

/** Somebody whose access token has ended, or ends when `seconds` are over. */
async function signedInFor(seconds: number, world: Attacked, hasEnded = true): Promise<Browser> {
  const { script } = world.provider
  script.token = (honest) => ({ ...honest, expires_in: seconds })
  const browser = await world.signedIn()
  const endsAt = Date.now() + seconds * 1_000
  delete script.token
  if (hasEnded) await until('the access token has ended', () => Date.now() > endsAt)
  return browser
}

describeAttack('losing a session', (world) => {
  // Way 7
  test('sign-ins in two tabs, back, a bookmark and a page left open each end on a page that leads on', async () => {
    const { newBrowser, upToCallback, provider, origin } = world()
    const browser = newBrowser()
    const [first, second] = [await upToCallback(browser, '/one'), await upToCallback(browser, '/two')]
    const open = (callback: string) => browser.navigate(callback, { from: `${provider.issuer}/`, follow: false })
    expect((await open(second)).headers.location).toBe('/two')
    expect((await open(first)).headers.location).toBe('/one')
    expect(await isSignedIn(world(), browser)).toBe(true)

    const bookmarked = newBrowser()
    const stale = [
      await open(first),
      await browser.navigate(second, { from: null, follow: false }),
      await bookmarked.navigate(first, { from: null, follow: false }),
      await browser.navigate(`${origin}/bff/callback`, { from: null, follow: false }),
      await browser.navigate(`${origin}/bff/callback?error=access_denied&state=x`, { from: null, follow: false }),
    ]
    for (const { status, text, setCookies } of stale) {
      expect([status, setCookies.filter(({ value }) => value !== '')]).toEqual([400, []])
      expect(text).toMatch(/href="\/bff\/login\?returnTo=/)
      expect(text).toContain('data-continue')
    }
    expect(await isSignedIn(world(), browser)).toBe(true)
    // The page leads on, by the link on it.
    const [, way = ''] = /href="(\/bff\/login[^"]*)"/.exec(stale[2]?.text ?? '') ?? []
    expect((await bookmarked.navigate(origin + way, { from: first })).url.startsWith(origin)).toBe(true)
    expect(await isSignedIn(world(), bookmarked)).toBe(true)
  })

  // Way 8
  test('requests that are in flight while the session gets a new id succeed, and so do those that were just sent', async () => {
    const { upstream, linesOf, ask, origin, provider, signedIn, cookieName } = world()
    const held: (() => void)[] = []
    upstream.answer('/held', (_, response) => {
      if (held.length % 2 === 0) response.write('begun, ')
      held.push(() => response.end('done'))
    })
    const browser = await signedIn()
    const [old, before] = [linesOf(browser), browser.cookie(cookieName)?.value]
    const calls = Array.from({ length: 10 }, () => ask('GET', '/api/held', old))
    await until('they are in flight', () => held.length === 10)

    // Whoever steps up gets a new id, since somebody may know the old one.
    const begun = await browser.navigate(`${origin}/bff/login?acrValues=loa2`, { from: `${origin}/`, follow: false })
    const answer = await provider.authorize(begun.headers.location ?? '')
    await browser.navigate(`${origin}/bff/callback?${answer.toString()}`, { from: `${provider.issuer}/`, follow: false })
    expect(browser.cookie(cookieName)?.value).not.toBe(before)

    expect((await ask('GET', '/api/x', old)).status).toBe(200)
    for (const release of held) release()
    for (const { status, body } of await Promise.all(calls)) expect([status, body.includes('done')]).toEqual([200, true])
    expect((await ask('GET', '/api/x', linesOf(browser))).status).toBe(200)
  })

  // Way 8
  test('requests that are in flight while the session’s tokens are rotated succeed, and no cookie changes under them', async () => {
    const { upstream, linesOf, ask } = world()
    const held: (() => void)[] = []
    upstream.answer('/held', (_, response) => {
      // Of some the answer has begun, of others nobody knows yet what it will be.
      if (held.length % 2 === 0) response.write('begun, ')
      held.push(() => response.end('done'))
    })
    const browser = await signedInFor(2, world(), false)
    const cookie = browser.cookie(world().cookieName)?.value
    const calls = Array.from({ length: 10 }, () => ask('GET', '/api/held', linesOf(browser)))
    await until('they are in flight', () => held.length === 10)
    const [first] = upstream.last().values('authorization')
    await until('the tokens are rotated', async () => {
      expect((await call(world(), browser)).status).toBe(200)
      return upstream.last().values('authorization')[0] !== first
    })
    await extend(world(), browser)
    for (const release of held) release()
    for (const { status, body, values } of await Promise.all(calls)) {
      expect([status, body.includes('done'), values('Set-Cookie')]).toEqual([200, true, []])
    }
    expect(browser.cookie(world().cookieName)?.value).toBe(cookie)
  })
})

describeOwnGateways('losing a session', (start) => {
  let redis: RedisServer
  let line: FaultyLine
  let first: Attacked
  let second: Attacked
  beforeAll(async () => {
    redis = await startRedis()
    line = await startFaultyLine(redis.port)
    const env = {
      COATCHECK_STORE: `redis://127.0.0.1:${line.port}`,
      COATCHECK_STORE_OUTAGE_GRACE: '0s',
      COATCHECK_PROVIDER_REFRESH_TIMEOUT: '1s',
      COATCHECK_PROVIDER_REFRESH_WAIT: '1s',
    }
    first = await start(env)
    second = await beside(first)
  })
  afterAll(async () => {
    await line.stop()
    await redis.stop()
  })

  /** One more gateway with the same base URL, keys and store. */
  const beside = (
    { settings: { COATCHECK_LISTEN: _elsewhere, ...same }, ...world }: Attacked,
    settings: Readonly<Record<string, string>> = {},
  ) => start({ ...same, ...settings }, world)

  /** Grants in the store that have been renewed once. */
  const renewedGrants = async () =>
    [...(await redis.dump())].filter(([key, grant]) => key.endsWith('}:grant') && grant.startsWith('2:')).length

  async function whileScripted<Done>(script: Script, work: () => Promise<Done>): Promise<Done> {
    Object.assign(first.provider.script, script)
    try {
      return await work()
    } finally {
      for (const name of Object.keys(script)) Reflect.deleteProperty(first.provider.script, name)
    }
  }

  // Way 1
  test('many requests at two gateways refresh once, and all succeed', async () => {
    const browser = await signedInFor(1, first)
    const before = refreshes(first)
    const there = second.sameBrowser(browser)
    const called = await Promise.all(Array.from({ length: 30 }, (_, at) => call(first, at % 2 === 0 ? browser : there)))
    expect(new Set(called.map(({ status }) => status))).toEqual(new Set([200]))
    expect(refreshes(first)).toBe(before + 1)
    expect([await isSignedIn(first, browser), await isSignedIn(second, there)]).toEqual([true, true])
  })

  // Way 2
  test('a client that hangs up during a refresh costs nobody the new tokens', async () => {
    const browser = await signedInFor(1, first)
    const before = refreshes(first)
    const told = Promise.withResolvers<void>()
    await whileScripted(
      { token: (honest) => (response) => void told.promise.then(() => answers.json(200, honest)(response)) },
      async () => {
        const hasty = await openRaw(first.at.port)
        hasty.write(requestBytes(first.host, 'GET', '/api/x', first.linesOf(browser)))
        await until('the provider was asked', () => refreshes(first) > before)
        hasty.destroy()
        told.resolve()
        await until('the tokens are there', async () => (await call(first, browser)).status === 200)
      },
    )
    expect(refreshes(first)).toBe(before + 1)
  })

  // Way 3
  test.each(['refused', 'unanswered'] as const)(
    'a write that fails once, right after the refresh token was rotated (%s), loses nothing',
    async (fault) => {
      const browser = await signedInFor(1, first)
      const before = refreshes(first)
      let failed = 0
      await whileScripted(
        {
          token: (honest) => {
            // The write of the new grant is the next script that Redis is sent.
            line.fault = (command) => {
              if (!command.startsWith('EVAL') || failed > 0) return undefined
              failed += 1
              return fault
            }
            return honest
          },
        },
        async () => {
          try {
            await until('a call succeeds', async () => (await call(first, browser)).status === 200)
          } finally {
            line.fault = undefined
          }
        },
      )
      expect([failed, refreshes(first)]).toEqual([1, before + 1])
      await until('everybody has the new grant', async () => (await call(second, second.sameBrowser(browser))).status === 200)
      expect(refreshes(first)).toBe(before + 1)
    },
  )

  // Way 4
  test('a provider that answers with failures, refusals, rubbish or nothing signs nobody out', async () => {
    const weather: readonly (readonly [string, Answer])[] = [
      ['429', answers.status(429, { 'retry-after': '1' })],
      ['an error that is not invalid_grant', answers.json(400, { error: 'temporarily_unavailable' })],
      ['that it does not know us', answers.json(401, { error: 'invalid_client' })],
      ['a page', answers.html()],
      ['half an answer', answers.stall()],
      ['nothing', answers.reset()],
    ]
    const { script } = first.provider
    let issuedAt = 0
    script.token = (honest) => {
      issuedAt = Date.now()
      return { ...honest, expires_in: 2 }
    }
    const browser = await first.signedIn()
    // By the gateway's reckoning it ends between these two, however long the sign-in took after that.
    const [goodUntil, endsAt] = [issuedAt + 2_000, Date.now() + 2_000]
    const refuseBy = (answer: Answer) => {
      script.token = (honest, { form }) => (form.get('grant_type') === 'refresh_token' ? answer : honest)
    }
    try {
      script.keepsRefreshTokens = true
      refuseBy(answers.status(500))
      await until('the token that is there is used to its end', async () => {
        const { status } = await call(first, browser)
        if (Date.now() < goodUntil) expect(status).toBe(200)
        return Date.now() > endsAt
      })
      for (const [what, answer] of weather) {
        refuseBy(answer)
        const before = refreshes(first)
        await until(`it was asked, and answered with ${what}`, async () => {
          const { status, headers, setCookies } = await call(first, browser)
          expect([what, status, Number(headers['retry-after']) > 0, setCookies]).toEqual([what, 503, true, []])
          return refreshes(first) > before
        })
        expect([what, await isSignedIn(first, browser)]).toEqual([what, true])
      }
    } finally {
      delete script.token
      delete script.keepsRefreshTokens
    }
    await until('all goes on', async () => (await call(first, browser)).status === 200)
  })

  // Way 5
  test('a refresh that brings no refresh token and no ID token keeps those of before', async () => {
    const browser = await signedInFor(1, first)
    await whileScripted(
      {
        keepsRefreshTokens: true,
        token: (honest) => ({ ...honest, refresh_token: undefined, id_token: undefined, expires_in: 1 }),
      },
      async () => {
        const before = refreshes(first)
        await until('it was refreshed twice', async () => {
          expect((await call(first, browser)).status).toBe(200)
          return refreshes(first) >= before + 2
        })
        const sent = first.provider
          .seen('token')
          .slice(-2)
          .map(({ form }) => form.get('refresh_token'))
        expect(sent[0]).toBe(sent[1])
      },
    )
    const { continue: next } = (await browser.fetch(`${first.origin}/bff/logout`, { method: 'POST' })).json() as {
      continue: string
    }
    const leave = await browser.navigate(first.origin + next, { from: `${first.origin}/`, follow: false })
    expect(new URL(leave.headers.location ?? '').searchParams.get('id_token_hint')).toMatch(/^ey/)
  })

  // Way 6
  test('a Redis that breaks off, is slow, or starts again signs nobody out', async () => {
    const browser = await first.signedIn()
    const bad: (readonly [string, () => void | Promise<void>, () => void | Promise<void>])[] = [
      ['breaks off', () => line.cutOff(), () => line.mend()],
      ['is frozen', () => redis.freeze(), () => redis.thaw()],
      [
        'starts again',
        async () => {
          await redis.command('SAVE')
          await redis.kill()
        },
        () => redis.start(),
      ],
    ]
    for (const [what, begin, end] of bad) {
      await begin()
      await until('it is noticed', async () => {
        const { status, setCookies, headers } = await call(first, browser)
        expect([what, [200, 503].includes(status), setCookies, headers['coatcheck-reason']]).toEqual([what, true, [], undefined])
        return status === 503
      })
      await end()
      await until('all goes on', async () => (await call(first, browser)).status === 200)
      expect(await isSignedIn(first, browser)).toBe(true)
    }
  })

  // Way 9
  test('requests that write beside a refresh never put back what was before it', async () => {
    const browser = await signedInFor(1, first)
    const there = second.sameBrowser(browser)
    const before = refreshes(first)
    const storedBefore = await renewedGrants()
    const all = await Promise.all([
      call(first, browser),
      extend(first, browser),
      extend(second, there),
      call(second, there),
      first.upToCallback(browser),
      extend(first, browser),
    ])
    expect(all.flatMap((each) => (typeof each === 'string' ? [] : [each.status]))).toEqual([200, 200, 200, 200, 200])
    const { upstream } = first
    const tokens = new Set<string>()
    for (const [at, who] of [
      [first, browser],
      [second, there],
      [first, browser],
      [second, there],
    ] as const) {
      expect((await call(at, who)).status).toBe(200)
      tokens.add(upstream.last().values('authorization')[0] ?? '')
      await extend(at, who)
    }
    expect([tokens.size, refreshes(first)]).toEqual([1, before + 1])
    expect(await renewedGrants()).toBe(storedBefore + 1)
  })

  // Way 10
  test('nobody notices that the gateway’s keys are rotated', async () => {
    const { settings } = first
    const rotated = `${randomBytes(33).toString('base64url')},${settings['COATCHECK_SECRETS']}`
    const browser = await signedInFor(1, first)
    const callback = new URL(await first.upToCallback(browser, '/x'))
    const next = await beside(first, { COATCHECK_SECRETS: rotated })
    const there = next.sameBrowser(browser)
    const { status, setCookies } = await call(next, there)
    expect([status, setCookies, await isSignedIn(next, there)]).toEqual([200, [], true])
    const bindings = browser.jar.all().map(({ name, value }) => `${name}=${value}`)
    const landed = await next.ask('GET', callback.pathname + callback.search, [`Cookie: ${bindings.join('; ')}`, ...NAVIGATION])
    expect([landed.status, landed.values('Location')]).toEqual([303, ['/x']])
  })
})
