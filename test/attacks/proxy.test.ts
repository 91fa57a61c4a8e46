/*
 * What passes the gateway on its way to the API, and back.
 *
 * APIs behind a gateway believe headers: who is asking, from where, by which credentials. The attacker sends those headers themselves,
 * in capitals, with an underscore for a hyphen, twice, named by `Connection`, by OPTIONS, on a route that asks nobody to sign in;
 * hides a line break in a value; has another site's page make the call; or hopes that a refusal still shows a little of the answer.
 *
 * Met in oauth2-proxy, which let X_Forwarded_User pass (CVE-2025-64484); in Envoy's OAuth2 filter, which took any token that a client
 * brought for a checked one (CVE-2022-29226); in mod_auth_openidc, which sent what it protects behind its own page (CVE-2025-31492).
 */
import { expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { askByHeaders } from '../support/ask-authorize.ts'
import { NAVIGATION, SCRIPT } from '../support/attack-texts.ts'
import { requestBytes } from '../support/attack-wire.ts'
import { describeAttack, describeOwnGateways } from '../support/describe-attack.ts'
import { type Handshake, handshake } from '../support/web-socket-client.ts'

const IDENTITY =
  `Authorization Proxy-Authorization X-Forwarded-User X-Forwarded-Email X-Forwarded-Groups X-Forwarded-Preferred-Username
  X-Forwarded-Access-Token X-Auth-Request-User X-Auth-Request-Email X-Auth-Request-Access-Token X-User X-User-Id X-Email X-Groups X-Roles
  Remote-User X-Remote-User X-WebAuth-User OIDC_CLAIM_sub X-Pomerium-Jwt-Assertion X-Goog-IAP-JWT-Assertion X-Amzn-Oidc-Data
  X-MS-Client-Principal X-Api-Key Api-Key X-Access-Token X-Id-Token DPoP Client-Cert X-SSL-Client-Verify X-Client-Cert X-Forwarded-Client-Cert
  X-Real-IP X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Request-Id Sudo Impersonate-User X-Session-Id Cookie2`.split(
    /\s+/,
  )

/** A header's name as an upstream might still understand it. */
const disguises: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => name.toLowerCase(),
  (name) => name.replaceAll('-', '_'),
  (name) => name.replaceAll('-', '.'),
  (name) => name.replace('-', '_'),
]

describeAttack('the proxy', (world) => {
  // H-06
  test('no identity or credential header of a client reaches an upstream, on any route, by any method', async () => {
    const { ask, upstream, signedIn, linesOf } = world()
    const own = linesOf(await signedIn())
    const routes = fc.constantFrom<readonly [string, readonly string[]]>(
      ['/api/x', own],
      ['/api/public/x', SCRIPT],
      ['/api/live/x', own],
    )
    const forged = fc.tuple(
      fc.constantFrom(...IDENTITY),
      fc.constantFrom(...disguises),
      fc.constantFrom('once', 'twice', 'nominated'),
    )
    await fc.assert(
      fc.asyncProperty(
        routes,
        fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST'),
        fc.array(forged, { minLength: 1, maxLength: 8 }),
        async ([path, lines], method, headers) => {
          const asked = upstream.requests.length
          const said = headers.flatMap(([name, disguise, how]) => {
            const line = `${disguise(name)}: forged`
            return how === 'twice' ? [line, line] : how === 'nominated' ? [line, `Connection: close, ${disguise(name)}`] : [line]
          })
          const { status } = await ask(method, path, [...lines, 'Connection: close', ...said])
          expect([200, 400, 403, 405]).toContain(status)
          for (const arrived of upstream.requests.slice(asked)) {
            expect(JSON.stringify(arrived.lines)).not.toContain('forged')
            const token = arrived.values('authorization')
            expect(token).toEqual(path === '/api/public/x' ? [] : [expect.stringMatching(/^Bearer access-/)])
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  // H-51
  test('a client’s own Authorization is dropped, with a session and without', async () => {
    const { ask, upstream, signedIn, linesOf } = world()
    const own = linesOf(await signedIn())
    const stolen = 'Authorization: Bearer eyJhbGciOiJub25lIn0.e30.'
    await ask('GET', '/api/x', [...own, stolen])
    expect(upstream.last().values('authorization')).toEqual([expect.stringMatching(/^Bearer access-/)])
    await ask('GET', '/api/public/x', [stolen])
    expect(upstream.last().values('authorization')).toEqual([])
    const asked = upstream.requests.length
    for (const credential of [stolen, 'Authorization: Basic YTpi', 'Proxy-Authorization: Basic YTpi', 'X-Api-Key: x']) {
      expect((await ask('GET', '/api/x', [...SCRIPT, credential])).status).toBe(401)
    }
    expect((await ask('GET', '/bff/session', [...SCRIPT, stolen])).body).toContain('"authenticated":false')
    expect(upstream.requests.length).toBe(asked)
  })

  // H-23
  test('a refusal holds no byte of the upstream’s, and asks it nothing', async () => {
    const { ask, upstream, signedIn, linesOf } = world()
    upstream.answer(
      '/secret',
      (_, response) => void response.writeHead(200, { 'x-upstream': 'confidential' }).end('confidential'),
    )
    const own = linesOf(await signedIn())
    const [cookie = ''] = own
    expect((await ask('GET', '/api/secret', own)).body).toContain('confidential')
    const asked = upstream.requests.length
    const refused: readonly (readonly [string, readonly string[]])[] = [
      ['GET', SCRIPT],
      ['GET', NAVIGATION],
      ['GET', [cookie]],
      ['GET', [cookie, 'X-CSRF: 0']],
      ['GET', [cookie, 'X-CSRF: 1', 'Sec-Fetch-Site: cross-site']],
      ['GET', [`${cookie}x`, ...SCRIPT]],
      ['GET', [cookie.replace('Cookie: ', 'Cookie: a=b; x'), ...SCRIPT]],
      ['HEAD', SCRIPT],
      ['POST', [cookie, 'Origin: https://evil.test', 'X-CSRF: 1']],
      ['TRACE', own],
      ['PROPFIND', own],
    ]
    for (const [method, lines] of refused) {
      const { status, text } = await ask(method, '/api/secret', lines)
      expect([method, lines, status >= 300, text]).toEqual([method, lines, true, expect.not.stringContaining('confidential')])
    }
    expect(upstream.requests.length).toBe(asked)
  })

  // H-31
  test('our own cookies never reach an upstream, however they are written', async () => {
    const { ask, upstream, signedIn, linesOf, cookieName } = world()
    const own = linesOf(await signedIn())
    const value = own[0]?.split('=').slice(1).join('=') ?? ''
    const pieces = value.slice(4, 40)
    const written = [
      [`Cookie: ${cookieName}=${value}; other=1`],
      [`Cookie: ${cookieName}=${value}`, 'Cookie: other=1'],
      [`cookie: ${cookieName}=${value}; ${cookieName.toUpperCase()}=${value}`],
      [`COOKIE:${cookieName}=${value};${cookieName}-login-AAAAAAAA=${value};`],
      [`Cookie: a=b;  ${cookieName}=${value}  ;c=d; "${cookieName}"="${value}"`],
      [`Cookie: ${cookieName}=${value}`, `Cookie2: ${cookieName}=${value}`, `X-Cookie: a`, `Cookie_: ${value}`],
    ]
    for (const lines of written) {
      const asked = upstream.requests.length
      await ask('GET', '/api/x', [...lines, ...SCRIPT])
      await ask('GET', '/api/public/x', [...lines, ...SCRIPT])
      const arrived = upstream.requests.slice(asked)
      expect(arrived.length).toBeGreaterThan(0)
      for (const { lines: got } of arrived) expect(JSON.stringify(got)).not.toContain(pieces)
    }
  })

  // H-32
  test('no line break or NUL can be placed in a header that is sent, to an upstream or to a browser', async () => {
    const { ask, say, host, target: attacked, upstream, signedIn, linesOf } = world()
    const own = linesOf(await signedIn())
    for (const text of ['\r\n', '\n', '\r', '\0', '\x0b', '\x85', '\r\n\t', '\n ']) {
      for (const where of ['value', 'name', 'target', 'method']) {
        const asked = upstream.requests.length
        const evil = `a${text}X-Injected: yes`
        const line = where === 'value' ? `X-Plain: ${evil}` : where === 'name' ? `X-Pl${text}ain: ${evil}` : 'X-Plain: a'
        const method = where === 'method' ? `GE${text}T` : 'GET'
        const target = where === 'target' ? `/api/x${text}X-Injected: yes` : '/api/x'
        await say([`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...own, line, '', ''].join('\r\n'))
        for (const { lines, target: got } of upstream.requests.slice(asked)) {
          expect(got).toBe('/x')
          // What ends a line for its reader, as LF alone does for nginx, makes two lines of it, both the client's own.
          if (text === '\r\n' || (text === '\n' && attacked.startsWith('nginx'))) continue
          expect(lines.filter(([name]) => /injected/i.test(name))).toEqual([])
          for (const [, value] of lines) expect(value).not.toMatch(/[\r\n\0]/)
        }
      }
    }
    for (const encoded of [
      '%0d%0aX-Injected:%20yes',
      '%0aX-Injected:%20yes',
      '%00',
      '%E5%98%8A%E5%98%8DX-Injected:%20yes',
      '%c4%8d%c4%8aX-Injected:%20yes',
    ]) {
      for (const target of [
        `/bff/login?returnTo=/x${encoded}`,
        `/bff/login?loginHint=x${encoded}`,
        `/bff/login/continue?returnTo=/x${encoded}`,
        `/api/live/x?${encoded}`,
        `/bff/callback?state=${encoded}`,
      ]) {
        const answer = await ask('GET', target, [...NAVIGATION, `X-Request-Id: ${encoded}`])
        expect([target, answer.values('X-Injected')]).toEqual([target, []])
        for (const location of answer.values('Location')) expect(location).not.toMatch(/[\0-\x20\x7f-\xff]/)
      }
    }
  })

  // H-54
  test('no page of another origin can make a browser call the API', async () => {
    const { ask, upstream, signedIn, linesOf, origin } = world()
    const [cookie = ''] = linesOf(await signedIn())
    const sibling = origin.replace('//', '//evil.')
    const calls: readonly (readonly [string, string, readonly string[]])[] = [
      [
        'a form',
        'POST',
        [
          'Content-Type: application/x-www-form-urlencoded',
          'Origin: https://evil.test',
          'Sec-Fetch-Site: cross-site',
          'Sec-Fetch-Mode: navigate',
        ],
      ],
      ['a form as JSON', 'POST', ['Content-Type: text/plain', 'Origin: https://evil.test']],
      ['a form of old browsers', 'POST', ['Content-Type: text/plain', 'Referer: https://evil.test/']],
      ['a sibling’s form', 'POST', ['Content-Type: multipart/form-data', `Origin: ${sibling}`, 'Sec-Fetch-Site: same-site']],
      ['a sibling’s script', 'GET', [`Origin: ${sibling}`, 'Sec-Fetch-Site: same-site', 'X-CSRF: 1']],
      ['a script', 'GET', ['Origin: https://evil.test', 'Sec-Fetch-Site: cross-site', 'X-CSRF: 1']],
      ['a sandboxed frame', 'POST', ['Origin: null', 'X-CSRF: 1']],
      ['an image', 'GET', ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image']],
      ['a link', 'GET', ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']],
      ['a typed address', 'GET', ['Sec-Fetch-Site: none', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']],
      ['metadata that nobody sends', 'GET', ['Sec-Fetch-Site: trust-me', 'X-CSRF: 1']],
      ['a preflight that forgets', 'DELETE', ['Access-Control-Request-Method: DELETE']],
      ['a header of another value', 'GET', ['X-CSRF: true']],
    ]
    const asked = upstream.requests.length
    for (const [what, method, lines] of calls) {
      for (const path of ['/api/x', '/api/live/x']) {
        const { status, values } = await ask(method, path, [cookie, ...lines], method === 'POST' ? 'a=b' : undefined)
        expect([what, path, [400, 403].includes(status), values('Access-Control-Allow-Origin')]).toEqual([what, path, true, []])
      }
    }
    expect(upstream.requests.length).toBe(asked)
  })

  // H-54
  test('no page of another origin can open a WebSocket', async () => {
    const { say, upstream, signedIn, linesOf, origin, host } = world()
    // Behind it comes the last request of the connection, for whoever keeps it.
    const shake = (given: Handshake) => say(handshake({ host, ...given }) + requestBytes(host, 'GET', '/bff/nothing'))
    const cookie = linesOf(await signedIn())[0]?.slice('Cookie: '.length) ?? ''
    upstream.upgrade('/live/echo', (_request, socket) => void socket.end())
    const asked = upstream.requests.length
    for (const foreign of [
      'https://evil.test',
      origin.replace('//', '//evil.'),
      'null',
      `${origin}.evil.test`,
      `${origin}/`,
      origin.toUpperCase(),
      undefined,
    ]) {
      const { status } = await shake({ path: '/api/live/echo', origin: foreign, cookie })
      expect([foreign, status]).toEqual([foreign, 403])
    }
    expect([(await shake({ path: '/api/live/echo', origin })).status, upstream.requests.length]).toEqual([401, asked])
    expect((await shake({ path: '/api/x', origin, cookie, lines: ['X-CSRF: 1'] })).status).not.toBe(101)
  })

  // H-64
  test('a script is told 401 and a navigation is led to the sign-in, whatever Accept says', async () => {
    const { ask } = world()
    for (const accept of [
      'application/json, text/plain, */*',
      '*/*',
      'text/html',
      'text/html,application/xhtml+xml',
      undefined,
    ]) {
      const lines = accept === undefined ? [] : [`Accept: ${accept}`]
      for (const path of ['/api/x', '/api/live/x']) {
        const told = await ask('GET', path, [...SCRIPT, ...lines])
        expect([accept, told.status, told.values('Location'), told.values('Content-Type')[0]]).toEqual([
          accept,
          401,
          [],
          expect.stringMatching(/^application\/problem\+json/),
        ])
      }
      const without = await ask('GET', '/api/x', ['X-CSRF: 1', ...lines])
      expect([accept, without.status, without.values('Location')]).toEqual([accept, 401, []])
      const led = await ask('GET', '/api/live/x?y=1', [...NAVIGATION.filter((line) => !line.startsWith('Accept')), ...lines])
      expect([accept, led.status, led.values('Location')]).toEqual([
        accept,
        303,
        ['/bff/login?returnTo=%2Fapi%2Flive%2Fx%3Fy%3D1'],
      ])
    }
  })
})

describeOwnGateways('the proxy', (start) => {
  // H-10
  test('a claim that is no plain text is a denial, not another person', async () => {
    const world = await start({
      COATCHECK_FORWARD_AUTH_PEERS: '127.0.0.1',
      COATCHECK_FORWARD_AUTH_IDENTITY_HEADERS: 'X-User=name',
    })
    const { provider, signedIn, linesOf, privateUrl, origin } = world
    const authorize = async (name: unknown) => {
      provider.script.claims = (honest) => ({ ...honest, name })
      const [cookie = ''] = linesOf(await signedIn())
      const headers = { Cookie: cookie.slice('Cookie: '.length), 'X-CSRF': '1', 'Sec-Fetch-Site': 'same-origin' }
      return askByHeaders(privateUrl, origin, { target: '/api/x', headers })
    }
    const good = await authorize('Alice Example')
    expect([good.status, good.headers['x-user']]).toEqual([204, 'Alice Example'])
    const malformed: readonly unknown[] = [
      ['alice', 'admin'],
      { toString: 'admin' },
      7,
      true,
      null,
      '',
      'a\r\nX-User: admin',
      'a\nb',
      'a\0b',
      ' alice',
      'alice ',
      'älice',
      'a\u2028b',
      'x'.repeat(20_000),
    ]
    for (const name of malformed) {
      const { status, headers } = await authorize(name)
      expect([name, status, headers['x-user'], headers.authorization]).toEqual([name, 403, undefined, undefined])
    }
  })
})
