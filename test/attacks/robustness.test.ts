/*
 * A gateway that stands at the door of everything is asked everything: by scanners, by people who guess, by whoever would like it to
 * fall over, or to say a little more than it should while it does.
 *
 * The attacker sends rubbish to every address until one answers 500, asks the public port for metrics, health and debugging, has a
 * parameter of theirs repeated on a page, or simply finds a gateway that somebody has started with a secret from an example.
 */
import { expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { NAVIGATION, SCRIPT } from '../support/attack-texts.ts'
import { describeAttack, describeOwnGateways } from '../support/describe-attack.ts'

const ENDPOINTS = `/bff/login /bff/login/continue /bff/callback /bff/session /bff/session/extend /bff/logout /bff/logout/continue
  /bff/logout/callback /bff/backchannel-logout /bff/frontchannel-logout /bff/sessions /bff/sessions/x /bff/assets/page.css /bff/assets/../x /bff/assets/%zz /bff/sessions/%ff
  /bff/client.js /bff/openapi.json /bff/events /bff/nothing /bff /bff/ /api/x /api/public/x /api/live/x /api /`.split(/\s+/)

const OURS = ENDPOINTS.filter((path) => path.startsWith('/bff/'))

describeAttack('robustness', (world) => {
  // H-15
  test('no address answers rubbish with a failure of ours, whoever asks', async () => {
    const { ask, signedIn, linesOf } = world()
    const own = linesOf(await signedIn()).filter((line) => line.startsWith('Cookie'))
    const methods = fc.constantFrom(
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'PROPFIND',
      'get',
      'QUERY',
      'X-Y',
    )
    const types = fc.constantFrom(
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'text/xml',
      'application/x-www-form-urlencoded; charset=utf-7',
      'x',
      '',
    )
    const bodies = fc.constantFrom(
      '',
      '{',
      '[]',
      '{"__proto__":{"x":1}}',
      'a=b&a=c',
      'logout_token=',
      'logout_token=a.b.c',
      '%',
      '%zz=%',
      '\xff\xfe\0',
      'a[b][c]=d',
      'x'.repeat(30_000),
      '<x/>',
    )
    const query = fc.constantFrom(
      '',
      '?',
      '?%',
      '?%zz',
      '?a[]=b',
      '?__proto__=x',
      '?constructor=x',
      '?state=&code=',
      '?state=x&code=y',
      '?error=x',
      '?returnTo=%ff',
      '?handle=%00',
      '?sid=x&iss=y',
      `?${'a=b&'.repeat(300)}`,
      '?maxAge=-1',
      '?prompt=evil',
    )
    const manners = fc.constantFrom<readonly string[]>(
      SCRIPT,
      NAVIGATION,
      [],
      ['X-CSRF: 1'],
      [...own, ...SCRIPT],
      [...own, ...NAVIGATION],
      ['Content-Encoding: br'],
      ['Expect: 100-continue'],
      ['Range: bytes=9-1'],
      ['If-Match: "x"'],
      ['Accept-Encoding: x;q=9'],
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ENDPOINTS),
        methods,
        types,
        bodies,
        query,
        manners,
        async (path, method, type, body, search, lines) => {
          // Signing out, and ending sessions, is no rubbish; and who is signed in may listen to events for as long as they like.
          if (lines.includes(own[0] ?? '') && path === '/bff/events') return
          if (lines.includes(own[0] ?? '') && /logout|sessions/.test(path) && /^(?:POST|DELETE)$/.test(method)) return
          const { status } = await ask(method, path + search, [...lines, ...(type === '' ? [] : [`Content-Type: ${type}`])], body)
          const what = [method, path, search, type, body, lines]
          const isGood = (status >= 200 && status < 500) || status === 501
          expect([what, isGood ? 'good' : status]).toEqual([what, 'good'])
        },
      ),
      { numRuns: 250 },
    )
  })

  // H-16, H-58
  test('nothing of the private listener is to be had at the public one', async () => {
    const { ask, signedIn, linesOf } = world()
    const own = linesOf(await signedIn())
    const paths =
      `/metrics /healthz /readyz /health /livez /ready /status /authorize /admin /admin/sessions /bff/metrics /bff/healthz /bff/readyz /bff/admin
      /bff/admin/sessions /bff/debug /debug /debug/pprof /debug/vars /actuator /actuator/env /env /config /.env /server-status /stats /ping /oauth2/auth
      /bff/authorize /json /json/version /inspector /heapdump /api/../metrics /bff/../metrics //metrics /%6detrics`.split(/\s+/)
    for (const path of paths) {
      for (const lines of [[], own, ['Authorization: Bearer x'], ['User-Agent: kube-probe/1.30', 'X-Forwarded-For: 127.0.0.1']]) {
        const { text, status } = await ask('GET', path, lines)
        expect([path, status < 500, text]).toEqual([
          path,
          true,
          expect.not.stringMatching(/coatcheck_|process_|"status":"(?:alive|ready)|"store":|"sessions":|heap/i),
        ])
      }
    }
  })

  // H-18
  test('no page repeats what a request said, and every answer forbids whatever it might have said', async () => {
    const { ask } = world()
    const marker = 'zq7<b>"\'`{{'
    const encoded = encodeURIComponent(marker)
    for (const path of OURS) {
      for (const name of [
        'state',
        'code',
        'error',
        'error_description',
        'handle',
        'prompt',
        'loginHint',
        'provider',
        'sid',
        'iss',
        'x',
      ]) {
        const { body, values, status } = await ask('GET', `${path}?${name}=${encoded}`, [
          ...NAVIGATION,
          `X-Zq7: ${encoded}`,
          `User-Agent: zq7`,
          `Referer: ${world().origin}/zq7`,
        ])
        const location = values('Location')[0] ?? ''
        expect([path, name, body]).toEqual([path, name, expect.not.stringContaining('zq7')])
        if (!location.startsWith(world().provider.issuer))
          expect([path, name, location]).toEqual([path, name, expect.not.stringContaining('zq7')])
        const [policy = ''] = values('Content-Security-Policy')
        expect([path, status, policy]).toEqual([path, status, expect.stringContaining("default-src 'none'")])
        expect(policy).not.toMatch(/unsafe|\*|https?:|data:(?!;)/)
        expect(values('X-Content-Type-Options')).toEqual(['nosniff'])
      }
      const script = await ask('GET', `${path}/${encoded}`, SCRIPT)
      expect([path, script.body]).toEqual([path, expect.not.stringContaining('zq7')])
    }
    // A place to return to is the one thing that is repeated: as an attribute that no text can leave.
    const { body } = await ask('GET', `/bff/login?returnTo=${encodeURIComponent('/x?"><script>zq7</script>')}`, [
      'Sec-Fetch-Site: cross-site',
      ...NAVIGATION.slice(1),
    ])
    expect(body).toContain('zq7')
    expect(body).not.toMatch(/<script>zq7|"><script/)
  })
})

describeOwnGateways('robustness', (start) => {
  // H-16
  test('a health check says the same to everybody, whatever it is asked with', async () => {
    const { privateUrl } = await start()
    const bodies = new Set<string>()
    for (const asked of ['/healthz', '/healthz?verbose=1', '/healthz?x=%0a', '/healthz?full']) {
      for (const headers of [
        {},
        { 'user-agent': 'kube-probe/1.30' },
        { accept: 'text/html' },
        { 'x-forwarded-for': '203.0.113.9' },
      ]) {
        const answer = await fetch(privateUrl + asked, { headers })
        bodies.add(`${answer.status} ${(await answer.text()).trim()}`)
      }
    }
    expect([...bodies]).toEqual(['200 {"status":"alive"}'])
  })

  // H-04
  test('a setting that nobody knows keeps the gateway from starting, and those that are known do bite', async () => {
    for (const [name, value] of [
      ['COATCHECK_SESION_IDLE_TIMEOUT', '1m'],
      ['COATCHECK_COOKIE_SECURE', 'false'],
      ['COATCHECK_SKIP_PROVIDER_VERIFICATION', 'true'],
      ['COATCHECK_ROUTES', '[{"prefix":"/api/","upstream":"http://127.0.0.1:1/","skipAuth":true}]'],
    ] as const) {
      await expect(start({ [name]: value })).rejects.toThrow(name === 'COATCHECK_ROUTES' ? /skipAuth/ : name)
    }
    const world = await start({
      COATCHECK_PREFIX: '/door',
      COATCHECK_LOGIN_MOST_OPEN: '1',
      COATCHECK_LOGIN_MOST_PER_MINUTE_PER_BROWSER: '2',
    })
    const browser = world.newBrowser()
    const begin = () => browser.navigate(`${world.origin}/door/login`, { from: `${world.origin}/`, follow: false })
    const begun = [await begin(), await begin(), await begin()]
    expect(begun.map(({ status }) => status)).toEqual([303, 303, 429])
    expect(browser.jar.all()).toHaveLength(1)
    expect((await world.ask('GET', '/bff/session', SCRIPT)).status).toBe(404)
  })

  // H-61
  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['no server key', { COATCHECK_SECRETS: '' }, /SECRETS|secrets/],
    ['a short server key', { COATCHECK_SECRETS: 'x7Kp2mQ9' }, /SECRETS|secrets/],
    ['a server key of one character', { COATCHECK_SECRETS: 'a'.repeat(64) }, /SECRETS|secrets/],
    [
      'a server key from an example',
      { COATCHECK_SECRETS: 'change-me-change-me-change-me-change-me-change-me' },
      /SECRETS|secrets/,
    ],
    [
      'one good server key and one bad',
      { COATCHECK_SECRETS: 'n4Qw8ZrT1yUiO6pLkJ2hGfDs9AxCvB3mE5tR7wQzXcYbNu0i,short' },
      /SECRETS|secrets/,
    ],
    ['no client secret', { COATCHECK_CLIENT_SECRET: '' }, /CLIENT_SECRET|clientSecret/],
    ['a client secret from an example', { COATCHECK_CLIENT_SECRET: 'changeme' }, /CLIENT_SECRET|clientSecret/],
    ['a short secret of the administration', { COATCHECK_ADMIN_SECRET: 'admin' }, /ADMIN_SECRET|admin\.secret/],
    ['a provider in the clear', { COATCHECK_ISSUER: 'http://idp.example.com' }, /ISSUER|issuer/],
    ['an application in the clear', { COATCHECK_BASE_URL: 'http://app.example.com' }, /BASE_URL|baseUrl/],
  ])('%s keeps the gateway from starting', async (_, settings, named) => {
    await expect(start(settings)).rejects.toThrow(named)
  })
})
