/*
 * OAuth 2.1 and OpenID Connect, spoken by somebody who does not keep to them: an attacker between browser and provider, a provider
 * that was taken over in part, or another client of the same provider.
 *
 * They repeat an answer, send two of a parameter and hope that the check reads the one and the exchange the other, put markup where
 * an error is shown, and sign tokens with everything but the right key: `none`, the public key as a secret, a key of the same name.
 * Libraries for signed tokens, and those who used them, have let each of these through at some time.
 */
import { expect, test } from '@jest/globals'
import { NAVIGATION, SCRIPT } from '../support/attack-texts.ts'
import type { Attacked } from '../support/attacked.ts'
import type { Browser } from '../support/browser.ts'
import { describeAttack, describeOwnGateways } from '../support/describe-attack.ts'
import { forge } from '../support/forge-token.ts'
import { LOGOUT_EVENT, logoutClaims, logoutHeader, logoutToken } from '../support/logout-token.ts'
import { type Script, SCRIPTED_CLIENT } from '../support/scripted-provider.ts'
import { createSigner } from '../support/signer.ts'
import { until } from '../support/until.ts'

type Json = Readonly<Record<string, unknown>>

const FORM = ['Content-Type: application/x-www-form-urlencoded']
const seconds = (): number => Math.floor(Date.now() / 1000)

/** What a browser says of a request that a page of another site caused. */
const metadata = (mode: string, dest: string, site = 'cross-site'): readonly string[] => [
  `Sec-Fetch-Site: ${site}`,
  `Sec-Fetch-Mode: ${mode}`,
  `Sec-Fetch-Dest: ${dest}`,
]

const open = ({ provider }: Attacked, browser: Browser, callback: string | URL) =>
  browser.navigate(callback, { from: `${provider.issuer}/`, follow: false })

const isSignedIn = async ({ origin }: Attacked, browser: Browser) =>
  (await browser.fetch(`${origin}/bff/session`)).text.includes('"authenticated":true')

/** 503 where it cannot be told: keys that nobody knows are asked for a few times, and no more. */
const isRefused = (status: number): boolean => status === 400 || status === 503

/** The provider does as `script` says while `work` runs. */
async function whileScripted<Done>({ provider }: Attacked, script: Script, work: () => Promise<Done>): Promise<Done> {
  Object.assign(provider.script, script)
  try {
    return await work()
  } finally {
    for (const name of Object.keys(script)) Reflect.deleteProperty(provider.script, name)
  }
}

const claims = (changes: () => Json): Script => ({ claims: (honest) => ({ ...honest, ...changes() }) })
const header = (changes: Json): Script => ({ header: (honest) => ({ ...honest, ...changes }) })

/** ID tokens of which each is wrong in one thing. */
const WRONG_ID_TOKENS: readonly (readonly [string, Script])[] = [
  ['another issuer', claims(() => ({ iss: 'https://evil.test' }))],
  ['an issuer that only begins like ours', { claims: (honest) => ({ ...honest, iss: `${String(honest['iss'])}.evil.test` }) }],
  ['another audience', claims(() => ({ aud: 'another-client' }))],
  ['a second audience', claims(() => ({ aud: ['coatcheck', 'another-client'] }))],
  ['a second audience, though it is for us', claims(() => ({ aud: ['coatcheck', 'another-client'], azp: 'coatcheck' }))],
  ['another authorized party', claims(() => ({ azp: 'another-client' }))],
  ['no subject', claims(() => ({ sub: undefined }))],
  ['a subject longer than any', claims(() => ({ sub: 'x'.repeat(256) }))],
  ['an end that has passed', claims(() => ({ exp: seconds() - 600 }))],
  ['no end', claims(() => ({ exp: undefined }))],
  ['an end beyond all calendars', claims(() => ({ exp: 1e300 }))],
  ['a beginning that is ahead', claims(() => ({ nbf: seconds() + 3_600 }))],
  ['a birth that is ahead', claims(() => ({ iat: seconds() + 3_600 }))],
  ['no birth', claims(() => ({ iat: undefined }))],
  ['the nonce of another sign-in', claims(() => ({ nonce: 'of another sign-in' }))],
  ['no nonce', claims(() => ({ nonce: undefined }))],
  ['the hash of another access token', claims(() => ({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }))],
  ['the events of a logout token', claims(() => ({ events: { [LOGOUT_EVENT]: {} } }))],
  ['the type of an access token', header({ typ: 'at+jwt' })],
  ['the type of a logout token', header({ typ: 'logout+jwt' })],
  ['a key that nobody publishes', header({ kid: 'another' })],
  ['no signature', { idToken: (told) => forge(told, { alg: 'none' }) }],
  ['a MAC of the client secret', { idToken: (told) => forge(told, { alg: 'HS256' }, SCRIPTED_CLIENT.clientSecret) }],
  [
    'a MAC of the public key',
    { idToken: (told, honest, { publicKey }) => forge(told, { ...honest, alg: 'HS256' }, JSON.stringify(publicKey)) },
  ],
  ['a demand that nobody knows', { idToken: (told, honest) => forge(told, { ...honest, crit: ['x'], x: 1 }, 'any') }],
  ['the signature of a stranger', { idToken: async (told, honest) => (await createSigner('ES256')).sign(told, honest) }],
  [
    'another person in it than was signed',
    {
      idToken: async (told, honest, signer) => {
        const [head, , signature] = (await signer.sign(told, honest)).split('.')
        return `${head}.${Buffer.from(JSON.stringify({ ...told, sub: 'mallory' })).toString('base64url')}.${signature}`
      },
    },
  ],
]

/** Logout tokens of which each is wrong in one thing. */
const WRONG_LOGOUT_TOKENS: readonly (readonly [string, () => Json, Json?])[] = [
  ['another issuer', () => ({ iss: 'https://evil.test' })],
  ['another audience', () => ({ aud: 'another-client' })],
  ['a second audience', () => ({ aud: ['coatcheck', 'another-client'] })],
  ['no birth', () => ({ iat: undefined })],
  ['a birth that is ahead', () => ({ iat: seconds() + 3_600 })],
  ['a birth of yesterday', () => ({ iat: seconds() - 86_400 })],
  ['an end that has passed', () => ({ exp: seconds() - 600 })],
  ['no end', () => ({ exp: undefined })],
  ['an end beyond all calendars', () => ({ exp: 1e300 })],
  ['a beginning that is ahead', () => ({ nbf: seconds() + 3_600 })],
  ['no name', () => ({ jti: undefined })],
  ['nobody it is about', () => ({ sub: undefined })],
  ['a number it is about', () => ({ sub: 7 })],
  ['no events', () => ({ events: undefined })],
  ['another event', () => ({ events: { 'https://evil.test/event': {} } })],
  ['the event as a text', () => ({ events: LOGOUT_EVENT })],
  ['a nonce', () => ({ nonce: 'n' })],
  ['the type of an access token', () => ({}), { typ: 'at+jwt' }],
  ['a key that nobody publishes', () => ({}), { kid: 'another' }],
]

describeAttack('the protocol', (world) => {
  const sendToken = async (token: string, more = '') =>
    world().ask('POST', '/bff/backchannel-logout', FORM, `logout_token=${token}${more}`)

  // H-13
  test('a state works once, and of two that come at the same instant one wins', async () => {
    const { newBrowser, upToCallback, provider, cookieName } = world()
    const browser = newBrowser()
    const callback = await upToCallback(browser, '/after')
    const binding = browser.jar.all().map(({ name, value }) => `${name}=${value}`)
    const redeemed = provider.count('token')
    const { pathname, search } = new URL(callback)
    const openRaw = () => world().ask('GET', pathname + search, [`Cookie: ${binding.join('; ')}`, ...NAVIGATION])
    const answers = await Promise.all(Array.from({ length: 8 }, openRaw))
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
      303,
      ...Array<number>(7).fill(400),
    ])
    expect(answers.filter(({ text }) => text.includes(`${cookieName}=s%3A`))).toHaveLength(1)
    expect((await openRaw()).status).toBe(400)
    expect(provider.count('token')).toBe(redeemed + 1)
  })

  // H-13
  test('an answer with a wrong state does nothing at all', async () => {
    const { newBrowser, upToCallback, provider } = world()
    const browser = newBrowser()
    const callback = new URL(await upToCallback(browser))
    const redeemed = provider.count('token')
    for (const state of ['', 'x', `${callback.searchParams.get('state')}x`, '__proto__']) {
      const wrong = new URL(callback)
      wrong.searchParams.set('state', state)
      expect((await open(world(), browser, wrong)).status).toBe(400)
    }
    expect(provider.count('token')).toBe(redeemed)
    expect((await open(world(), browser, callback)).status).toBe(303)
  })

  // H-17
  test('what the provider says in an error is never shown as markup, nor at all', async () => {
    const { newBrowser, upToCallback } = world()
    for (const said of [
      '<script>alert("shown")</script>',
      `shown${'x'.repeat(3_000)}`,
      'shown\u0000\u001b[31m\r\nX: shown',
      '"><img src=shown>',
      '{{shown}}',
    ]) {
      const browser = newBrowser()
      const callback = new URL(await upToCallback(browser))
      callback.searchParams.delete('code')
      for (const name of ['error', 'error_description', 'error_uri']) callback.searchParams.set(name, said)
      callback.searchParams.set('error', said.length % 2 === 0 ? 'access_denied' : said)
      const page = await open(world(), browser, callback)
      expect([page.status >= 400, page.headers['x-shown']]).toEqual([true, undefined])
      expect(page.text).not.toContain('shown')
      expect(JSON.stringify(page.headers)).not.toContain('shown')
    }
    const refusal = JSON.stringify({ error: 'invalid_request', error_description: '<b>shown</b>' })
    const token: Script = {
      token: () => (response) => void response.writeHead(400, { 'content-type': 'application/json' }).end(refusal),
    }
    const browser = newBrowser()
    const page = await whileScripted(world(), token, async () => open(world(), browser, await upToCallback(browser)))
    expect([page.status, page.text]).toEqual([502, expect.not.stringContaining('shown')])
  })

  // H-24
  test.each(WRONG_ID_TOKENS)('an ID token with %s signs nobody in', async (_, script) => {
    const browser = world().newBrowser()
    const callback = await world().upToCallback(browser)
    const page = await whileScripted(world(), script, () => open(world(), browser, callback))
    expect([page.status >= 502, page.headers.location]).toEqual([true, undefined])
    expect(browser.cookie(world().cookieName)).toBeUndefined()
  })

  // H-24
  test('a logout token that is wrong in any one thing signs nobody out', async () => {
    const { provider, signedIn } = world()
    const browser = await signedIn()
    for (const [what, changes, head] of WRONG_LOGOUT_TOKENS) {
      const { status } = await sendToken(await logoutToken(provider, changes(), head))
      expect([what, isRefused(status)]).toEqual([what, true])
    }
    const told = logoutClaims(provider)
    const [honest, secret] = [logoutHeader(provider), provider.clientSecret]
    const stranger = await createSigner('ES256')
    const forged = [
      forge(told, { ...honest, alg: 'none' }),
      forge(told, { ...honest, alg: 'HS256' }, secret),
      forge(told, { ...honest, alg: 'HS256' }, JSON.stringify(provider.signer.publicKey)),
      forge(told, { ...honest, crit: ['x'] }, 'any'),
      await stranger.sign(told, honest),
      'a.b.c',
      'a.b.c.d.e',
      '',
    ]
    for (const token of forged) expect([token, isRefused((await sendToken(token)).status)]).toEqual([token, true])
    expect(await isSignedIn(world(), browser)).toBe(true)
    expect((await sendToken(await logoutToken(provider))).status).toBe(200)
    expect(await isSignedIn(world(), browser)).toBe(false)
  })

  // H-25
  test.each(['state', 'code', 'iss'])('two of %s are refused, whichever would be good', async (name) => {
    const { newBrowser, upToCallback, provider, cookieName } = world()
    const browser = newBrowser()
    const callback = await upToCallback(browser)
    const redeemed = provider.count('token')
    const { pathname, search, searchParams } = new URL(callback)
    for (const query of [
      `${search}&${name}=evil`,
      `?${name}=evil&${search.slice(1)}`,
      `${search}&${name}=${encodeURIComponent(searchParams.get(name) ?? '')}`,
      `${search}&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=evil`,
    ]) {
      expect((await open(world(), browser, `${world().origin}${pathname}${query}`)).status).toBe(400)
    }
    expect([provider.count('token'), browser.cookie(cookieName)]).toEqual([redeemed, undefined])
  })

  // H-27
  test('an ID token that comes with a refresh and is about anything else is not used, nor are the tokens beside it', async () => {
    const { signedIn, upstream, origin } = world()
    const wrong: readonly Json[] = [
      { sub: 'mallory' },
      { iss: 'https://evil.test' },
      { aud: 'another-client' },
      { auth_time: 1 },
      { exp: 1 },
    ]
    const short = (honest: Json): Json => ({ ...honest, expires_in: 2 })
    const browsers = await whileScripted(world(), { token: short }, () => Promise.all(wrong.map(signedIn)))
    const sentBy = async (browser: Browser) => {
      await browser.fetch(`${origin}/api/x`)
      return upstream.last().values('authorization')[0]
    }
    const refused: string[] = []
    const script: Script = {
      // Whoever is refused first may be asked again before the last one is.
      keepsRefreshTokens: true,
      claims: (honest) => ({ ...honest, ...wrong[refused.length % wrong.length] }),
      token: (honest) => {
        refused.push(`Bearer ${String(honest['access_token'])}`)
        return honest
      },
    }
    await whileScripted(world(), script, () =>
      until('the gateway has tried to renew all of them', async () => {
        for (const browser of browsers) await sentBy(browser)
        return refused.length >= wrong.length
      }),
    )
    for (const browser of browsers) {
      expect(refused).not.toContain(await sentBy(browser))
      expect((await browser.fetch(`${origin}/bff/session`)).json()).toMatchObject({ user: { sub: 'alice' } })
    }
  })

  // H-28
  test('a logout token that comes again does nothing again', async () => {
    const { signedIn, provider } = world()
    const before = await signedIn()
    const token = await logoutToken(provider)
    expect((await sendToken(token)).status).toBe(200)
    expect(await isSignedIn(world(), before)).toBe(false)
    const after = await signedIn()
    expect((await sendToken(token)).status).toBe(200)
    expect(await isSignedIn(world(), after)).toBe(true)
  })

  // H-28
  test('a person alone ends all of their sessions, a session at the provider those that were begun at it', async () => {
    const { signedIn, provider } = world()
    const begunAt = (sid: string, sub = 'alice') =>
      whileScripted(
        world(),
        claims(() => ({ sid, sub })),
        signedIn,
      )
    const [one, two, other] = [await begunAt('one'), await begunAt('two'), await begunAt('three', 'bob')]
    expect((await sendToken(await logoutToken(provider, { sub: undefined, sid: 'one' }))).status).toBe(200)
    expect([await isSignedIn(world(), one), await isSignedIn(world(), two), await isSignedIn(world(), other)]).toEqual([
      false,
      true,
      true,
    ])
    const again = await begunAt('four')
    expect((await sendToken(await logoutToken(provider))).status).toBe(200)
    for (const browser of [two, again]) expect(await isSignedIn(world(), browser)).toBe(false)
    expect(await isSignedIn(world(), other)).toBe(true)
  })

  // H-28
  test('a form that is a bomb, or holds two tokens, or none, is refused', async () => {
    const { provider, signedIn, ask } = world()
    const browser = await signedIn()
    const token = await logoutToken(provider)
    expect((await sendToken('x'.repeat(100_000))).status).toBe(413)
    expect((await sendToken(token, `&logout_token=${token}`)).status).toBe(400)
    expect((await sendToken(token, `&x=${'y'.repeat(20_000)}`)).status).toBe(413)
    expect((await ask('POST', '/bff/backchannel-logout', FORM, 'a=b')).status).toBe(400)
    expect(
      (await ask('POST', '/bff/backchannel-logout', ['Content-Type: application/json'], JSON.stringify({ logout_token: token })))
        .status,
    ).toBe(400)
    expect((await ask('POST', `/bff/backchannel-logout?logout_token=${token}`, FORM, 'a=b')).status).toBe(400)
    const packed = await ask('POST', '/bff/backchannel-logout', [...FORM, 'Content-Encoding: gzip'], `logout_token=${token}`)
    expect(packed.status).toBeGreaterThanOrEqual(400)
    expect(await isSignedIn(world(), browser)).toBe(true)
  })

  // H-29
  test('a key of another provider is none of ours, though it has the name of one', async () => {
    const { provider, signedIn, newBrowser, upToCallback, cookieName } = world()
    const other = await createSigner('ES256')
    await other.rotate({ kid: provider.signer.kid })
    const browser = await signedIn()
    const told = logoutClaims(provider)
    expect(isRefused((await sendToken(await other.sign(told, logoutHeader(provider)))).status)).toBe(true)
    const withKey = {
      ...logoutHeader(provider),
      jwk: other.publicKey,
      jku: 'http://127.0.0.1:1/keys',
      x5u: 'http://127.0.0.1:1/x',
    }
    expect(isRefused((await sendToken(await other.sign(told, withKey))).status)).toBe(true)
    expect(await isSignedIn(world(), browser)).toBe(true)
    const stranger = newBrowser()
    const callback = await upToCallback(stranger)
    const page = await whileScripted(world(), { idToken: (all, head) => other.sign(all, head) }, () =>
      open(world(), stranger, callback),
    )
    expect([page.status >= 502, stranger.cookie(cookieName)]).toEqual([true, undefined])
  })

  // H-30
  test('nothing that a page of another site can make a browser do signs anybody in or out', async () => {
    const { signedIn, linesOf, origin, ask, provider, newBrowser } = world()
    const browser = await signedIn()
    const own = linesOf(browser).filter((line) => line.startsWith('Cookie'))
    const tricks: readonly (readonly [string, string, readonly string[], string?])[] = [
      ['GET', '/bff/logout', metadata('no-cors', 'image')],
      ['GET', '/bff/logout', metadata('navigate', 'iframe')],
      ['GET', '/bff/logout?continue=1', metadata('navigate', 'document')],
      [
        'GET',
        `/bff/frontchannel-logout?iss=${encodeURIComponent(provider.issuer)}&sid=session-at-the-provider`,
        metadata('navigate', 'iframe'),
      ],
      ['GET', '/bff/logout/callback', metadata('no-cors', 'image')],
      ['POST', '/bff/logout', [...metadata('navigate', 'document'), 'Origin: https://evil.test', ...FORM], 'a=b'],
      [
        'POST',
        '/bff/logout',
        [...metadata('navigate', 'document', 'same-site'), `Origin: ${origin.replace('//', '//evil.')}`, ...FORM],
        'a=b',
      ],
      ['POST', '/bff/logout', [...metadata('no-cors', 'empty'), 'Origin: null', 'Content-Type: text/plain'], 'a=b'],
      ['HEAD', '/bff/logout', metadata('no-cors', 'image')],
      ['DELETE', '/bff/sessions?all=true', [...metadata('cors', 'empty'), 'Origin: https://evil.test', 'X-CSRF: 1']],
    ]
    for (const [method, target, lines, body] of tricks) {
      await ask(method, target, [...own, ...lines], body)
      expect([method, target, (await ask('GET', '/bff/session', [...own, ...SCRIPT])).body]).toEqual([
        method,
        target,
        expect.stringContaining('"authenticated":true'),
      ])
    }
    // A sign-in that another site starts would sign a person in as somebody else.
    const begun = await newBrowser().navigate(`${origin}/bff/login`, { from: 'https://evil.test/', follow: false })
    expect([begun.status, begun.headers.location, begun.setCookies]).toEqual([200, undefined, []])
    for (const dest of ['iframe', 'image', 'empty']) {
      const framed = await ask('GET', '/bff/login', metadata(dest === 'iframe' ? 'navigate' : 'no-cors', dest))
      expect([framed.status, framed.values('Location'), framed.values('Set-Cookie')]).toEqual([403, [], []])
    }
  })
})

describeOwnGateways('the protocol', (start) => {
  // H-26
  test('a thousand tokens with keys that nobody knows cost the provider a handful of requests', async () => {
    const world = await start()
    const { provider, ask, signedIn } = world
    const browser = await signedIn()
    const before = provider.requests.length
    const began = Date.now()
    const told = logoutClaims(provider)
    const tokens = await Promise.all(
      Array.from({ length: 1_000 }, (_, number) =>
        provider.signer.sign({ ...told, jti: String(number) }, logoutHeader(provider, { kid: `unknown-${number}` })),
      ),
    )
    for (let at = 0; at < tokens.length; at += 50) {
      const some = tokens.slice(at, at + 50)
      const answers = await Promise.all(
        some.map((token) => ask('POST', '/bff/backchannel-logout', FORM, `logout_token=${token}`)),
      )
      expect(answers.every(({ status }) => status === 400 || status === 429 || status === 503)).toBe(true)
    }
    // Five at once, then one every five seconds, on however slow a machine.
    expect(provider.requests.length - before).toBeLessThanOrEqual(5 + Math.ceil((Date.now() - began) / 5_000))
    expect(await isSignedIn(world, browser)).toBe(true)
  })
})
