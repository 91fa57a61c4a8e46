/*
 * Addresses that say one thing to whoever checks them and another to whoever follows them.
 *
 * The attacker sends somebody a link to a host that they trust, and the gateway sends them on: to a copy of the sign-in page, or
 * elsewhere with a code in the address. Or a path, a header or a host is written so that the gateway takes a private address for a
 * public one while the API behind it understands the private one. A third of all advisories for systems of this kind are about the
 * first, the next group is about the second.
 *
 * Met in mod_auth_openidc (CVE-2022-23527), express-openid-connect (CVE-2022-24794) and Express (CVE-2024-29041), which sent people on
 * to other sites; in Express, whose redirects carried markup (CVE-2024-43796); in oauth2-proxy, which matched a public route against the
 * query (CVE-2025-54576), and believed anybody's X-Forwarded-Uri (CVE-2026-40575).
 *
 * The judge of every redirect here is the URL parser that browsers have (WHATWG URL), not a list of bad beginnings.
 */
import { expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { deepLinks, luringTexts, NAVIGATION, readingsOf, SCRIPT } from '../support/attack-texts.ts'
import { describeAttack } from '../support/describe-attack.ts'
import { until } from '../support/until.ts'

describeAttack('redirects and URLs', (world) => {
  /** Where a sign-in that starts with this target ends. */
  async function landingOf(returnTo: string): Promise<string> {
    const { newBrowser, upToCallback, provider } = world()
    const browser = newBrowser()
    const landed = await browser.navigate(await upToCallback(browser, returnTo), { from: `${provider.issuer}/`, follow: false })
    expect(landed.status).toBe(303)
    return landed.headers.location ?? ''
  }

  /** Fails unless a browser that follows `location`, however often it decodes the path before, stays where it is. */
  function expectToStay(location: string): void {
    const { origin } = world()
    const [path = ''] = location.split(/[?#]/, 1)
    for (const reading of readingsOf(path))
      expect([location, new URL(reading, `${origin}/bff/callback`).origin]).toEqual([location, origin])
    expect(location).not.toMatch(/[\0-\x20\x7f\\]/)
  }

  // H-01
  test('a callback works only in the browser that started the sign-in', async () => {
    const { newBrowser, upToCallback, provider, origin, cookieName } = world()
    const [starter, other] = [newBrowser(), newBrowser()]
    const callback = await upToCallback(starter, '/after')
    const redeemed = provider.count('token')

    const stolen = await other.navigate(callback, { from: `${provider.issuer}/`, follow: false })
    expect([stolen.status, stolen.headers.location]).toEqual([400, undefined])
    expect(other.cookie(cookieName)).toBeUndefined()
    expect(provider.count('token')).toBe(redeemed)

    // And it burnt nothing: whoever started it ends where they wanted to.
    const own = await starter.navigate(callback, { from: `${provider.issuer}/`, follow: false })
    expect([own.status, own.headers.location]).toEqual([303, '/after'])
    expect((await starter.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
  })

  // H-02
  test('no return target leads a person who signs in to another site', async () => {
    await fc.assert(
      fc.asyncProperty(luringTexts, async (target) => expectToStay(await landingOf(target))),
      { numRuns: 120 },
    )
  })

  // H-02
  test('no address leads a person to another site by being opened', async () => {
    const { ask } = world()
    await fc.assert(
      fc.asyncProperty(
        luringTexts,
        fc.constantFrom('', '/api/', '/bff/', '/bff/login/continue?returnTo=', '/bff/logout/callback?returnTo='),
        async (text, before) => {
          const target = `${before}${text.replaceAll(/[^!-~]/gu, encodeURIComponent)}`
          const { status, values, body } = await ask('GET', target.startsWith('/') ? target : `/${target}`, NAVIGATION)
          expect(status).toBeGreaterThan(0)
          for (const location of values('Location')) expectToStay(location)
          if (body.includes('/bff/assets/page.css'))
            for (const [, href = ''] of body.matchAll(/href="([^"]*)"/g)) expectToStay(href.replaceAll('&amp;', '&'))
        },
      ),
      { numRuns: 120 },
    )
  })

  // H-02
  test('no parameter of a sign-out leads a person to another site', async () => {
    const { signedIn, origin, provider } = world()
    const browser = await signedIn()
    const lure = encodeURIComponent('https://evil.test/')
    const query = `post_logout_redirect_uri=${lure}&returnTo=${lure}&redirect_uri=${lure}&next=${lure}`
    const { continue: next } = (await browser.fetch(`${origin}/bff/logout?${query}`, { method: 'POST' })).json() as {
      continue: string
    }
    const leave = await browser.navigate(`${origin}${next}&${query}`, { from: `${origin}/`, follow: false })
    const asked = new URL(leave.headers.location ?? '')
    expect(asked.origin).toBe(provider.issuer)
    expect(asked.searchParams.getAll('post_logout_redirect_uri')).toEqual([`${origin}/bff/logout/callback`])
    expect(asked.href).not.toContain('evil')
  })

  // H-02
  test('every legal deep link survives a sign-in, URLs within it included', async () => {
    await fc.assert(
      fc.asyncProperty(deepLinks, async (link) => expect(await landingOf(link)).toBe(link)),
      { numRuns: 60 },
    )
  })

  // H-03
  test('only the whole host of the base URL is served', async () => {
    const { host, ask } = world()
    const [name = '', port = ''] = host.split(':')
    const foreign = [
      'evil.test',
      `${host}.evil.test`,
      `evil${host}`,
      `evil.${host}`,
      `${name}.:${port}`,
      `${name}:1`,
      name,
      `user@${host}`,
      `${host}@evil.test`,
      `${name}%00:${port}`,
      `xn--${name}-abc:${port}`,
      `[::1]:${port}`,
      '[::ffff:127.0.0.1]',
      `127.0.0.1:${port}`,
      '2130706433',
      `${host},evil.test`,
      `${host}/`,
      `${host}#`,
      `evil.test\\${host}`,
      `${host} evil.test`,
      '',
      'localhost.evil.test',
    ].filter((other) => other !== host)
    for (const other of foreign) {
      const { status, values } = await ask('GET', '/bff/login', [`Host: ${other}`, ...NAVIGATION])
      expect([other, [400, 421].includes(status), values('Location'), values('Set-Cookie')]).toEqual([other, true, [], []])
    }
    const twice = await ask('GET', '/bff/login', [`Host: ${host}`, 'Host: evil.test', ...NAVIGATION])
    expect([twice.status, twice.values('Location')]).toEqual([400, []])
    expect((await ask('GET', '/bff/login', [`Host: ${host.toUpperCase()}`, ...NAVIGATION])).status).toBe(303)
  })

  // H-05
  test.each([
    '?x=/api/public/',
    '?/api/public/',
    ';/api/public/',
    '%3F/api/public/',
    '#/api/public/',
    '?x=/bff/login',
    '/public/../private',
  ])('a private address is not made public by what stands behind its path: %s', async (behind) => {
    const { ask, upstream } = world()
    const asked = upstream.requests.length
    const { status } = await ask('GET', `/api/private${behind}`, SCRIPT)
    expect([400, 401]).toContain(status)
    expect(upstream.requests.length).toBe(asked)
  })

  // H-05, H-07: and what is public is public.
  test('a public address is open to everybody', async () => {
    const { ask, upstream } = world()
    expect((await ask('GET', '/api/public/x?y=/api/private')).status).toBe(200)
    expect(upstream.last().target).toBe('/public/x?y=/api/private')
  })

  // H-07
  test('no header turns an address into another one, or into a health check', async () => {
    const { ask, upstream, signedIn, linesOf } = world()
    const other = [
      'X-Original-URL',
      'X-Rewrite-URL',
      'X-Forwarded-Uri',
      'X-Original-URI',
      'X-Forwarded-Path',
      'X-Forwarded-Prefix',
      'X-Override-URL',
    ]
    const probes = [
      'kube-probe/1.30',
      'GoogleHC/1.0',
      'ELB-HealthChecker/2.0',
      'Blackbox Exporter/0.25',
      'Consul Health Check',
      'Amazon-Route53-Health-Check-Service',
    ]
    const lines = [...other.map((name) => `${name}: /api/public/x`), ...probes.map((agent) => `User-Agent: ${agent}`)]
    const asked = upstream.requests.length
    for (const line of lines) expect([line, (await ask('GET', '/api/private', [...SCRIPT, line])).status]).toEqual([line, 401])
    expect(upstream.requests.length).toBe(asked)

    const own = linesOf(await signedIn())
    const methods = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X-Forwarded-Method', 'X-Original-Method']
    await ask('POST', '/api/thing', [
      ...own,
      ...other.map((name) => `${name}: /api/public/x`),
      ...methods.map((name) => `${name}: DELETE`),
    ])
    const { method, target, lines: arrived } = upstream.last()
    expect([method, target]).toEqual(['POST', '/thing'])
    expect(JSON.stringify(arrived)).not.toMatch(/DELETE|public/)
  })

  // H-08
  test('what a stranger says of forwarding is not believed', async () => {
    const { ask, upstream, signedIn, linesOf, host, origin } = world()
    const forged = [
      'X-Forwarded-For: 203.0.113.9',
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Proto: gopher',
      'X-Forwarded-Port: 1',
      'X-Forwarded-Server: evil.test',
      'X-Forwarded-Uri: /evil',
      'Forwarded: for=203.0.113.9;host=evil.test;proto=gopher',
      'X-Real-IP: 203.0.113.9',
      'True-Client-IP: 203.0.113.9',
      'X-Forwarded-User: admin',
      'Via: 1.1 evil.test',
    ]
    expect((await ask('GET', '/api/x', [...linesOf(await signedIn()), ...forged])).status).toBe(200)
    const arrived = upstream.last()
    expect(arrived.values('x-forwarded-host')).toEqual([host])
    expect(arrived.values('x-forwarded-proto')).toEqual([new URL(origin).protocol.slice(0, -1)])
    expect(arrived.values('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(JSON.stringify(arrived.lines.filter(([name]) => name.toLowerCase() !== 'via'))).not.toMatch(
      /evil|203\.0\.113|gopher|admin/,
    )
  })

  // H-09
  test('the path that was decided on is the path that is sent, or the answer is 400', async () => {
    const { ask, upstream, signedIn, linesOf } = world()
    const own = linesOf(await signedIn())
    const pieces = [
      '/',
      '.',
      '..',
      '%2e',
      '%2E%2e',
      '%2f',
      '%5c',
      '\\',
      '%23',
      '%3f',
      ';',
      ';x=1',
      '%00',
      '%0d%0a',
      '%c0%af',
      '%e0%80%af',
      '%252f',
      '%',
      '%zz',
      'a',
      'bff',
      'public',
      'private',
      '~',
      '%41',
      '#',
      '|',
    ]
    const plain = /^\/(?:[a-z~|]|;|;x=1|%23|%3f|%41|\.)*(?:\/(?:[a-z~|]|;|;x=1|%23|%3f|%41|\.)+)*\/?$/
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { maxLength: 6 }), async (chosen) => {
        const behind = chosen.join('')
        const asked = upstream.requests.length
        const { status } = await ask('GET', `/api/${behind}`, own)
        const arrived = upstream.requests.slice(asked)
        if (arrived.length === 0) return
        expect(status).toBe(200)
        // Byte for byte; and whatever is sent can be read in one way only.
        expect(arrived.map(({ target }) => target)).toEqual([`/${behind}`])
        for (const reading of readingsOf(`/${behind}`.split('?', 1)[0] ?? '')) {
          expect(reading).not.toMatch(/\/\/|\\|[\0-\x1f]|(?:^|\/)\.{1,2}(?:[/;?#]|$)/)
        }
        expect(behind).toMatch(plain.test(`/${behind}`) ? /^/ : /^(?!.*(?:%2f|%5c|%00|%c0|%e0|%25))/i)
      }),
      { numRuns: 150 },
    )
    expect((await ask('GET', '/api/plain/path;v=1?q=%2F..%2F', own)).status).toBe(200)
    expect(upstream.last().target).toBe('/plain/path;v=1?q=%2F..%2F')
  })

  // H-09
  test.each([
    'http://evil.test/api/x',
    'https://evil.test/api/x',
    '//evil.test/api/x',
    'evil.test:443',
    '*',
    'api/x',
    'javascript:/api/x',
  ])('a target of another form is not taken for a path of ours: %s', async (target) => {
    const { ask, upstream, signedIn, linesOf } = world()
    const own = linesOf(await signedIn())
    const asked = upstream.requests.length
    await ask('GET', target, own)
    expect(upstream.requests.length).toBe(asked)
  })

  // H-43
  test('a redirect has no body', async () => {
    const { newBrowser, upToCallback, provider, origin, ask } = world()
    const browser = newBrowser()
    const markup = '/"><script>alert(1)</script>?x=</a>'
    const callback = await upToCallback(browser, markup)
    const landed = await browser.navigate(callback, { from: `${provider.issuer}/`, follow: false })
    const { continue: next } = (await browser.fetch(`${origin}/bff/logout`, { method: 'POST' })).json() as { continue: string }
    const leave = await browser.navigate(`${origin}${next}`, { from: `${origin}/`, follow: false })
    const toSignIn = await ask('GET', '/api/live/x?<script>'.replaceAll(/[<>]/g, encodeURIComponent), NAVIGATION)
    const redirects = [...browser.answers.filter(({ headers }) => headers.location !== undefined), landed, leave]
    expect(redirects.length).toBeGreaterThan(3)
    for (const { status, text, headers } of redirects)
      expect([status, text, headers.location]).toEqual([303, '', expect.not.stringMatching(/[<>"]/)])
    expect([toSignIn.status, toSignIn.body.replace(/^0\r\n\r\n$/, '')]).toEqual([303, ''])
  })

  // H-49
  test('the redirect URI is the configured one, whatever a request says', async () => {
    const { ask, origin } = world()
    const forged = [
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Port: 1',
      'Forwarded: host=evil.test',
      'X-Forwarded-Prefix: /evil',
      'Referer: https://evil.test/',
      'Origin: https://evil.test',
    ]
    const query = 'redirect_uri=https%3A%2F%2Fevil.test&redirectUri=https%3A%2F%2Fevil.test&client_id=evil'
    const begun = await ask('GET', `/bff/login?${query}`, [...NAVIGATION, ...forged])
    expect(begun.status).toBe(303)
    const asked = new URL(begun.values('Location')[0] ?? '')
    expect(asked.searchParams.getAll('redirect_uri')).toEqual([`${origin}/bff/callback`])
    expect(asked.href).not.toContain('evil')
  })

  // H-60
  test('no secret is in an address that a script can read, or in one that is logged', async () => {
    const { newBrowser, upToCallback, provider, origin, logs } = world()
    const log = async () => Object.values(await logs()).join('')
    const browser = newBrowser()
    const callback = await upToCallback(browser, '/after')
    // A script may ask for all of it, and is shown none of it.
    for (const address of [`${origin}/bff/login`, callback]) {
      const { status, headers } = await browser.fetch(address)
      expect([status, headers.location, headers['set-cookie']]).toEqual([403, undefined, undefined])
    }
    const landed = await browser.navigate(callback, { from: `${provider.issuer}/`, follow: false })
    expect(landed.headers.location).toBe('/after')
    const { continue: next } = (await browser.fetch(`${origin}/bff/logout`, { method: 'POST' })).json() as { continue: string }
    const read = await browser.fetch(`${origin}${next}`)
    expect([read.status, read.headers.location]).toEqual([403, undefined])
    const leave = await browser.navigate(`${origin}${next}`, { from: `${origin}/`, follow: false })
    const hint = new URL(leave.headers.location ?? '').searchParams.get('id_token_hint') ?? ''
    expect(hint).not.toBe('')

    const { searchParams } = new URL(callback)
    const secrets = [
      searchParams.get('code') ?? '',
      searchParams.get('state') ?? '',
      new URL(next, origin).searchParams.get('handle') ?? '',
      hint,
    ]
    await until(
      'the log is written',
      async () =>
        world().target === 'url' || (await log()).includes('/bff/logout/continue') || (await log()).includes('login_finished'),
    )
    const written = await log()
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20)
      expect(written).not.toContain(secret)
    }
  })

  // H-62
  test('an endpoint is met by its exact address alone', async () => {
    const { ask, signedIn, linesOf, origin } = world()
    const browser = await signedIn()
    const own = linesOf(browser)
    const near = [
      '/bff/sessionx',
      '/bff/session/',
      '/bff//session',
      '/BFF/session',
      '/bff/Session',
      '/bff/session;x',
      '/bff/sess%69on',
      '/bff%2fsession',
      '/bff/./session',
      '/bff/x/../session',
      '/bff/logout/../session',
      '/x/../bff/session',
      '//bff/session',
      '/bff\\session',
      '/bff/session%20',
      '/bff/session%00',
      '/bff/session.json',
      '/bff/session#',
      '/bff/session#/../logout',
      '/bff\\session#',
      '/bff/x\\..\\session#',
      '/bff/session?#',
    ]
    for (const target of near)
      expect([target, (await ask('GET', target, own)).body]).toEqual([target, expect.not.stringContaining('"authenticated"')])
    for (const target of [
      '/bff/logoutx',
      '/bff/logout/',
      '/bff/LOGOUT',
      '/bff/logout;x',
      '/bff/session/../logout',
      '/bff/%6cogout',
      '//bff/logout',
      '/bff/logout#',
      '/bff\\logout#x',
    ])
      await ask('POST', target, own)
    expect((await browser.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
  })
})
