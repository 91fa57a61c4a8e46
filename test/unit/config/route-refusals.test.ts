import { inspect } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Problem } from '../../../src/config/configuration-error.ts'
import { refuseRequestHeader, refuseResponseHeader } from '../../../src/config/refused-headers.ts'
import { judgeResponseHeader } from '../../../src/proxy/response-header-verdict.ts'
import { LEAST, parseWith, problemsOf, problemsOfFile } from '../../support/config-env.ts'
import { pemFiles } from '../../support/pem-files.ts'

const HTTP = { prefix: '/api/', upstream: 'http://api:3000/' }
const HTTPS = { prefix: '/api/', upstream: 'https://api:3000/' }
const PUBLIC = { ...HTTP, token: 'none', proof: 'none' }

let files: Readonly<Record<string, string | undefined>>
beforeAll(async () => {
  const pem = await pemFiles()
  const chain = pem['/client.pem'] ?? ''
  files = {
    ...pem,
    '/folder': undefined,
    '/empty.pem': '',
    '/damaged.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    '/half.pem': `${chain}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    '/encrypted.key':
      '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgZ\n-----END ENCRYPTED PRIVATE KEY-----\n',
  }
})

function problems(...routes: readonly object[]): readonly Problem[] {
  return problemsOf({ ...LEAST, COATCHECK_ROUTES: JSON.stringify(routes) }, files)
}

function refuses(routes: readonly object[], place: string, says: RegExp): void {
  expect(problems(...routes)).toEqual([
    expect.objectContaining({ place: `COATCHECK_ROUTES / ${place}`, says: expect.stringMatching(says) }),
  ])
}

describe('an upstream', () => {
  test.each([
    ['a socket by half a path', 'http+unix://run/api.sock', /whole path/],
    ['a socket by no path', 'http+unix://', /whole path/],
    ['a folder as a socket', 'http+unix:///run/:/', /whole path/],
    ['a socket by a way back', 'http+unix:///run/../api.sock', /whole path/],
    ['a socket by a path that is too long', `http+unix:///${'x'.repeat(120)}`, /more than 103/],
    ['a socket and a path without a slash at its end', 'http+unix:///run/api.sock:/v1', /slash/],
    ['a socket and a path that is not canonical', 'http+unix:///run/api.sock:/v1/../', /canonical/],
    ['a socket with TLS', 'https+unix:///run/api.sock', /scheme/],
  ])('is refused that names %s', (_why, upstream, says) => refuses([{ ...HTTP, upstream }], 'routes[0].upstream', says))

  test.each([
    ['of different kinds', ['http://a:1/', 'https://b:1/'], /kinds/],
    ['of different kinds, a socket among them', ['http://a:1/', 'http+unix:///run/api.sock'], /kinds/],
    ['with different paths', ['http://a:1/', 'http://b:1/v1/'], /paths/],
    ['twice', ['http://a:1/', 'http://b:1/', 'http://a:1'], /twice/],
    ['one of which is the gateway itself', ['http://a:1/', 'http://127.0.0.1:8080/'], /itself/],
    ['of which there are none', [], /empty/],
    ['of which there are too many', Array.from({ length: 33 }, (_, index) => `http://a${index}/`), /./],
  ])('is refused with addresses %s', (_why, upstream, says) => refuses([{ ...HTTP, upstream }], 'routes[0].upstream', says))

  test('is told which of its addresses is wrong', () =>
    refuses([{ ...HTTP, upstream: ['http://a:1/', 'ftp://b/'] }], 'routes[0].upstream[1]', /scheme/))

  test('may have several addresses, as a list, or with | between them', () => {
    const text = parseWith({ ...LEAST, COATCHECK_ROUTES: '/api/=http://a:1/v1/|http://b:2/v1/,/x/=http://c/' })
    expect(text.config.routes.map(({ addresses, path }) => [addresses.map(({ name }) => name), path])).toEqual([
      [['http://a:1', 'http://b:2'], '/v1/'],
      [['http://c'], '/'],
    ])
    const list = parseWith({
      ...LEAST,
      COATCHECK_ROUTES: JSON.stringify([{ prefix: '/api/', upstream: ['http://a:1/v1/', 'http://b:2/v1/'] }]),
    })
    expect(list.config.routes[0]?.addresses).toEqual(text.config.routes[0]?.addresses)
  })

  test('may be a socket, with or without a path', () => {
    const { config } = parseWith({
      ...LEAST,
      COATCHECK_ROUTES: '/a/=http+unix:///run/api.sock,/b/=http+unix:///run/api.sock:/v1/',
    })
    expect(config.routes.map(({ addresses, path }) => [addresses[0]?.socketPath, path])).toEqual([
      ['/run/api.sock', '/'],
      ['/run/api.sock', '/v1/'],
    ])
  })
})

describe('TLS to an upstream', () => {
  test.each([
    ['ca', '/missing.pem', /does not exist/],
    ['ca', '/folder', /folder/],
    ['ca', '/empty.pem', /without a certificate/],
    ['ca', '/client.key', /without a certificate/],
    ['ca', '/damaged.pem', /damaged/],
    ['ca', '/half.pem', /damaged/],
    ['ca', '', /empty/],
    ['serverName', 'https://api', /host name/],
    ['serverName', '*.internal', /host name/],
    ['serverName', '10.0.0.1', /host name/],
    ['http2', 'auto', /true nor false/],
  ])('is refused with %s %s', (name, value, says) => refuses([{ ...HTTPS, [name]: value }], `routes[0].${name}`, says))

  test.each([
    ['/client.pem', '/missing.key', 'key', /does not exist/],
    ['/client.pem', '/client.pem', 'key', /without a private key/],
    ['/client.pem', '/encrypted.key', 'key', /encrypted|without a private key/],
    ['/client.pem', '/other.key', 'key', /does not belong/],
    ['/damaged.pem', '/client.key', 'certificate', /damaged/],
  ])('is refused with certificate %s and key %s', (certificate, key, name, says) =>
    refuses([{ ...HTTPS, certificate, key }], `routes[0].${name}`, says),
  )

  test('is refused with half an identity', () => {
    refuses([{ ...HTTPS, certificate: '/client.pem' }], 'routes[0].certificate', /without its key/)
    refuses([{ ...HTTPS, key: '/client.key' }], 'routes[0].key', /without its certificate/)
  })

  test('is refused where none is spoken', () => {
    const tls = { ca: '/authority.pem', certificate: '/client.pem', key: '/client.key', serverName: 'api', http2: true }
    for (const upstream of ['http://api/', 'http+unix:///run/api.sock']) {
      const found = problems({ ...HTTP, upstream, ...tls })
      expect(found.map(({ place }) => place.split('.').at(-1))).toEqual(Object.keys(tls))
      for (const { says } of found) expect(says).toMatch(/not spoken/)
    }
    expect(problems({ ...HTTP, http2: false })).toEqual([])
  })

  test('hides its key, and takes paths from where the process stands', () => {
    const { config } = parseWith(
      { ...LEAST, COATCHECK_ROUTES: JSON.stringify([{ ...HTTPS, certificate: 'client.pem', key: 'client.key' }]) },
      { '/srv/client.pem': files['/client.pem'], '/srv/client.key': files['/client.key'] },
    )
    expect(config.routes[0]?.tls.key?.reveal()).toContain('PRIVATE KEY')
    expect(JSON.stringify(config) + inspect(config, { depth: 9 })).not.toContain('PRIVATE KEY')
  })
})

describe('headers of a route', () => {
  test.each(
    'Host|Content-Length|Transfer-Encoding|Connection|Keep-Alive|TE|Trailer|Upgrade|Expect|Proxy|Proxy-Authorization|Via|Forwarded|X-Forwarded-For|x-forwarded-host|X-Request-Id|X-CSRF|traceparent|Cookie|Coatcheck-X|X_User|X.User|X User|Ä|'.split(
      '|',
    ),
  )('are not added to requests, nor dropped from them, as %s', (name) => {
    expect(refuseRequestHeader(name)).toBeDefined()
    refuses([{ ...HTTP, addRequestHeaders: { [name]: 'x' } }], `routes[0].addRequestHeaders.${name}`, /./)
    if (name !== '') refuses([{ ...HTTP, dropRequestHeaders: [name] }], 'routes[0].dropRequestHeaders[0]', /./)
  })

  test.each(
    'Set-Cookie|Location|Content-Length|Transfer-Encoding|Cache-Control|Vary|Content-Security-Policy|X-Content-Type-Options|Access-Control-Allow-Origin|Clear-Site-Data|Service-Worker-Allowed|Strict-Transport-Security|X-Accel-Redirect|WWW-Authenticate|Refresh|Content-Type|Coatcheck-Reason|X-Request-Id|Link|Expires|CDN-Cache-Control|Permissions-Policy|Alt-Svc|X_A'.split(
      '|',
    ),
  )('are not added to answers as %s', (name) => {
    refuses([{ ...HTTP, addResponseHeaders: { [name]: 'x' } }], `routes[0].addResponseHeaders.${name}`, /./)
  })

  test('are never added to answers where an upstream may not say them either', () => {
    const names =
      'keep-alive te trailer upgrade http2-settings content-security-policy content-security-policy-report-only x-frame-options x-content-type-options referrer-policy cache-control expires pragma age x-request-id set-cookie set-cookie2 set-login clear-site-data service-worker-allowed strict-transport-security expect-ct alt-svc refresh report-to reporting-endpoints nel sourcemap x-sourcemap speculation-rules supports-loading-mode origin-agent-cluster permissions-policy feature-policy document-policy integrity-policy accept-ch critical-ch timing-allow-origin use-as-dictionary observe-browsing-topics activate-storage-access x-permitted-cross-domain-policies x-xss-protection x-dns-prefetch-control authorization cookie dpop dpop-nonce authentication-info authentication-control optional-www-authenticate surrogate-control edge-control x-sendfile x-lighttpd-send-file x-reproxy-url server x-powered-by access-control-x cross-origin-x public-key-pins attribution-reporting-x sec-x secure-session-x proxy-x x-accel-x x-litespeed-x x-aspnet-version coatcheck-x cdn-cache-control x-cdn-cache-control connection content-length transfer-encoding content-type date location content-location www-authenticate link vary'
    for (const name of names.split(' ')) {
      expect([name, judgeResponseHeader(name)]).not.toEqual([name, 'passed'])
      expect([name, refuseResponseHeader(name)]).not.toEqual([name, undefined])
    }
  })

  test.each(['', ' x', 'x ', 'a\r\nX-Evil: 1', 'a\nb', 'a\0b', 'ä', '\t', 'x'.repeat(8193)])('have no value like %j', (value) => {
    for (const name of ['addRequestHeaders', 'addResponseHeaders'])
      refuses([{ ...HTTP, [name]: { 'X-A': value } }], `routes[0].${name}.X-A`, /value/)
  })

  test('are there once', () =>
    refuses([{ ...HTTP, addRequestHeaders: { 'X-A': '1', 'x-a': '2' } }], 'routes[0].addRequestHeaders.x-a', /twice/))

  test.each(['Request', 'Response'])('are added or dropped, not both: %s', (kind) =>
    refuses(
      [{ ...HTTP, [`add${kind}Headers`]: { 'X-A': '1' }, [`drop${kind}Headers`]: ['x-a'] }],
      `routes[0].drop${kind}Headers`,
      /adds/,
    ),
  )

  test.each(['Cache-Control', 'X-Request-Id', 'Content-Security-Policy', 'Content-Length', 'X-Content-Type-Options'])(
    'that are ours are not dropped from answers: %s',
    (name) => refuses([{ ...HTTP, dropResponseHeaders: [name] }], 'routes[0].dropResponseHeaders[0]', /./),
  )

  test("cannot take the person's token away", () =>
    refuses([{ ...HTTP, dropRequestHeaders: ['Authorization'] }], 'routes[0].dropRequestHeaders[0]', /never a client's/))

  test("set no Authorization where the person's token goes", () => {
    const addRequestHeaders = { authorization: 'Basic YTpi' }
    refuses([{ ...HTTP, addRequestHeaders }], 'routes[0].addRequestHeaders', /person's token/)
    expect(problems({ ...PUBLIC, addRequestHeaders })).toEqual([])
  })

  test('hide their values, which may be secrets', () => {
    const secret = 'ZkQ1x9vB7nL2'
    const yaml = `routes:\n  - prefix: /api/\n    upstream: http://api/\n    addRequestHeaders: { X-Api-Key: '\${file:/key}' }\n`
    const { config } = parseWith({ ...LEAST, COATCHECK_CONFIG: '/c.yaml' }, { '/c.yaml': yaml, '/key': `${secret}\n` })
    expect(config.routes[0]?.requestHeaders.add[0]?.[1].reveal()).toBe(secret)
    expect(JSON.stringify(config) + inspect(config, { depth: 9 })).not.toContain(secret)
    const wrong = problemsOfFile(yaml.replace('X-Api-Key', 'X_Api_Key'), LEAST, { '/key': secret })
    expect(wrong).toHaveLength(1)
    expect(JSON.stringify(wrong)).not.toContain(secret)
  })
})

describe('cookies of a route', () => {
  test.each(['__Host-Http-coatcheck', '__host-basket', '__Http-basket', 'coatcheck', 'coatcheck-login-x', 'a;b', 'a=b', '"a"'])(
    'are never called %s',
    (name) => refuses([{ ...HTTP, cookies: [name] }], 'routes[0].cookies[0]', /./),
  )

  test('need a proof, and no shared cache', () => {
    refuses([{ ...PUBLIC, cookies: ['basket'] }], 'routes[0].proof', /cookies/)
    refuses([{ ...HTTP, token: 'none', cache: 'upstream', cookies: ['basket'] }], 'routes[0].cache', /shared/)
    expect(problems({ ...HTTP, cache: 'upstream', cookies: ['basket'] })).toEqual([])
  })
})

describe('routes', () => {
  test('have prefixes that no server could take for one', () => {
    refuses([HTTP, { ...HTTP, prefix: '/API/' }], 'routes[1].prefix', /but for its case/)
    refuses([HTTP, HTTP], 'routes[1].prefix', /another route too\.$/)
    refuses([{ ...HTTP, prefix: '/api;v=1/' }], 'routes[0].prefix', /canonical/)
  })

  test('show no token without a proof, and carry some method', () => {
    refuses([{ ...HTTP, proof: 'none' }], 'routes[0].proof', /any site could act/)
    refuses([{ ...HTTP, methods: [] }], 'routes[0].methods', /empty/)
  })

  test('tell everything that is wrong with them at once', () => {
    const found = problems(
      { prefix: '/a/', upstream: 'http://a/', ca: '/missing.pem', http2: true, dropRequestHeaders: ['Host'] },
      { prefix: '/b/', upstream: ['http://b/', 'https://b/'], cookies: ['coatcheck'], proof: 'none' },
      { prefix: '/c/', cache: 'always', addRequestHeaders: { Host: 'c' } },
    )
    expect(found.map(({ place }) => place.replace('COATCHECK_ROUTES / ', '')).toSorted()).toEqual([
      'routes[0].ca',
      'routes[0].ca',
      'routes[0].dropRequestHeaders[0]',
      'routes[0].http2',
      'routes[1].cookies[0]',
      'routes[1].proof',
      'routes[1].upstream',
      'routes[2].addRequestHeaders.Host',
      'routes[2].cache',
      'routes[2].upstream',
    ])
    for (const { write } of found) expect(write).not.toBe('')
  })
})

describe('a route that demands a kind of sign-in', () => {
  test.each([
    ['acr', { acr: ['gold'] }],
    ['maxAge', { maxAge: '5m' }],
  ])('is refused where nobody has to be signed in: %s', (name, level) =>
    refuses([{ ...PUBLIC, ...level }], `routes[0].${name}`, /signed in/),
  )

  test.each([
    ['what no acr can be', 'acr[0]', { acr: ['go"ld'] }],
    ['more classes than a provider is asked for', 'acr', { acr: Array.from({ length: 11 }, (_, index) => `a${index}`) }],
    ['longer ones', 'acr', { acr: ['a'.repeat(1_001)] }],
    ['an age below a second', 'maxAge', { maxAge: '999ms' }],
  ])('is refused with %s', (_, name, level) => refuses([{ ...HTTP, ...level }], `routes[0].${name}`, /./))

  test('names its classes as a list or as words, and an age', () => {
    const routes = [
      { ...HTTP, acr: 'gold urn:example:strong' },
      { ...HTTP, prefix: '/b/', maxAge: '5m' },
      { ...HTTP, prefix: '/c/' },
    ]
    const { config } = parseWith({ ...LEAST, COATCHECK_ROUTES: JSON.stringify(routes) })
    expect(config.routes.map(({ level }) => level)).toEqual([
      { acr: ['gold', 'urn:example:strong'], maxAgeSeconds: undefined },
      { acr: [], maxAgeSeconds: 300 },
      undefined,
    ])
  })
})
