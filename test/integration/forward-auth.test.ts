import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { askByHeaders, askByPath, type AskedAnswer, send, type Wanted } from '../support/ask-authorize.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { until } from '../support/until.ts'

const PEERS = { COATCHECK_FORWARD_AUTH_PEERS: '127.0.0.1' }

let upstream: Upstream
let story: Story<ScriptedProvider>
/** What a signed-in browser sends. */
let cookie: string
let ask: (wanted: Wanted) => Promise<AskedAnswer>
let askEnvoy: (wanted: Wanted) => Promise<AskedAnswer>

beforeAll(async () => {
  upstream = await startUpstream()
  const routes = [
    { prefix: '/api/', upstream: `${upstream.origin}/` },
    { prefix: '/api/admin/', upstream: `${upstream.origin}/admin/`, methods: ['GET'] },
    { prefix: '/files/', upstream: `${upstream.origin}/files/`, proof: 'same-origin' },
    { prefix: '/open/', upstream: `${upstream.origin}/open/`, proof: 'none', token: 'none' },
  ]
  story = await tellScriptedStory({
    ...PEERS,
    COATCHECK_ROUTES: JSON.stringify(routes),
    COATCHECK_FORWARD_AUTH_IDENTITY_HEADERS: 'X-User=sub',
  })
  cookie = `coatcheck=${(await story.signedIn()).cookie('coatcheck')?.value ?? ''}`
  ask = (wanted) => askByHeaders(story.gateway.privateUrl, story.origin, wanted)
  askEnvoy = (wanted) => askByPath(story.gateway.privateUrl, story.origin, wanted)
})
afterAll(async () => {
  await story.stop()
  await upstream.close()
})

const proven = () => ({ Cookie: cookie, 'X-CSRF': '1' })

/** What the carrying lane makes of a request: `admitted` with the token that arrived upstream, or why not. */
async function carried(wanted: Wanted): Promise<string> {
  const before = upstream.requests.length
  const answer = await send(story.origin, wanted)
  const arrived = upstream.requests[before]
  if (arrived === undefined) return verdict(answer)
  return `admitted ${arrived.values('authorization').join()}`
}

/** What a decision says, in the same words. */
function verdict({ status, code, headers }: AskedAnswer): string {
  if (status === 204) return `admitted ${headers['authorization'] ?? ''}`
  return [status, code, headers['coatcheck-reason'], headers['allow']].filter((part) => part !== undefined).join(' ')
}

const named = () => ({
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Proto': 'http',
  'X-Forwarded-Host': new URL(story.origin).host,
  'X-Forwarded-Uri': '/api/x',
})

const asked = (headers: Readonly<Record<string, string | string[]>>, target = '/authorize', method = 'GET') =>
  send(story.gateway.privateUrl, { method, target, headers: { ...proven(), ...headers } })

/** Whichever lane a target belongs to: what is carried nowhere is decided on nowhere. */
async function compare(wanted: Wanted): Promise<void> {
  const lane = await carried(wanted)
  const isCarried = ['/api/', '/files/', '/open/'].some((prefix) => wanted.target.startsWith(prefix))
  const expected = isCarried ? lane : '404 not_found'
  // What answers a HEAD itself has no body, and with it no code.
  const said = (text: string) => (wanted.method === 'HEAD' ? text.replace(/ [a-z_]+(?= |$)/, '') : text)
  const header = verdict(await ask(wanted))
  const path = verdict(await askEnvoy(wanted))
  expect([wanted, said(header), said(path)]).toEqual([wanted, said(expected), said(expected)])
}

describe('a proxy that asks whether it may carry', () => {
  test('is answered 204 with the access token and who it is, by headers and by path', async () => {
    for (const answer of [
      await ask({ target: '/api/x?y=1', headers: proven() }),
      await askEnvoy({ target: '/api/x?y=1', headers: proven() }),
    ]) {
      expect([answer.status, answer.text]).toEqual([204, ''])
      expect(answer.headers['authorization']).toMatch(/^Bearer \S+$/)
      expect(answer.headers['x-user']).toBe('alice')
      // What nginx keeps it reads again with every request.
      expect(
        Object.keys(answer.headers)
          .filter((name) => name !== 'connection')
          .toSorted(),
      ).toEqual(['authorization', 'cache-control', 'date', 'x-request-id', 'x-user'])
    }
  })

  test('is told 401 with the reason where nobody is signed in, in a problem document, even for a navigation', async () => {
    const answer = await ask({ target: '/api/x', headers: { 'X-CSRF': '1', Accept: 'text/html' } })
    expect(answer).toMatchObject({ status: 401, code: 'session_missing', headers: { 'coatcheck-reason': 'none' } })
    expect(answer.headers['content-type']).toContain('application/problem+json')
    const navigation = {
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
      'Sec-Fetch-Site': 'same-origin',
      'X-CSRF': '1',
    }
    expect(await ask({ target: '/api/x', headers: navigation })).toMatchObject({ status: 401, code: 'session_missing' })
  })

  test('gets the body of a refusal although it asked about a HEAD', async () => {
    expect(await ask({ method: 'HEAD', target: '/api/x', headers: { 'X-CSRF': '1' } })).toMatchObject({ code: 'session_missing' })
  })

  test('is told 403 without the proof', async () => {
    expect(await ask({ target: '/api/x', headers: { Cookie: cookie } })).toMatchObject({ status: 403, code: 'request_forged' })
  })

  test('gets no token and no identity on a route that has none', async () => {
    const answer = await ask({ target: '/open/x', headers: proven() })
    expect([answer.status, answer.headers['authorization'], answer.headers['x-user']]).toEqual([204, undefined, undefined])
  })

  test('may keep a decision for a moment, but not where routes nest: there it says nothing about a neighbour', async () => {
    expect(
      (await ask({ target: '/files/x', headers: { Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' } })).headers['cache-control'],
    ).toBeUndefined()
    for (const target of ['/api/x', '/api/admin/x'])
      expect((await ask({ target, headers: proven() })).headers['cache-control']).toBe('no-store')
    expect((await ask({ target: '/api/x' })).headers['cache-control']).toBe('no-store')
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['WebSocket', { Connection: 'Upgrade', Upgrade: 'websocket' }],
    ['WebSocket whose Upgrade a proxy dropped', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }],
    ['event stream', { Accept: 'text/html, text/event-stream' }],
    ['event stream that is asked for in other letters', { Accept: 'Text/Event-Stream' }],
  ])('may not carry a %s, which has to end with its session', async (_, headers) => {
    const wanted = { target: '/api/x', headers: { ...proven(), ...headers } }
    expect(await ask(wanted)).toMatchObject({ status: 403, code: 'connection_held' })
    expect(await askEnvoy(wanted)).toMatchObject({ status: 403, code: 'connection_held' })
  })

  test('is counted and told of by the original, never by its query', async () => {
    const before = await story.gateway.metric('coatcheck_decided_requests_total', { route: '/api/', status: '403' })
    await ask({ method: 'POST', target: '/api/told?secret=1', headers: { Cookie: cookie } })
    await until(
      'it is counted',
      async () => (await story.gateway.metric('coatcheck_decided_requests_total', { route: '/api/', status: '403' })) > before,
    )
    expect(story.gateway.logs('request').find(({ path }) => path === '/api/told')).toMatchObject({
      lane: 'deciding',
      method: 'POST',
      code: 'request_forged',
    })
    expect(story.gateway.logText()).not.toContain('secret=1')
  })
})

describe('what is decided on is named once, or nothing is decided', () => {
  test('as it stands it is', async () => expect((await asked(named())).status).toBe(204))

  test.each(['X-Forwarded-Method', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Uri'])(
    '%s missing, empty or twice is 400',
    async (name) => {
      const { [name]: value = '', ...others } = Object.fromEntries(Object.entries(named()))
      for (const headers of [
        others,
        { ...others, [name]: '' },
        { ...named(), [name]: [value, value] },
        { ...named(), [name.toLowerCase()]: [value, 'other'] },
      ])
        expect(await asked(headers)).toMatchObject({ status: 400, code: 'request_invalid' })
    },
  )

  test('by path and by header at once is 400', async () => {
    for (const name of ['X-Forwarded-Method', 'X-Forwarded-Uri'])
      expect(
        await send(
          story.gateway.privateUrl,
          { target: '/authorize/api/x', headers: { ...proven(), [name]: 'GET' } },
          new URL(story.origin).host,
        ),
      ).toMatchObject({ status: 400, code: 'request_invalid' })
  })

  test('another method of the question itself is 405', async () => {
    expect(await asked(named(), '/authorize', 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET' } })
  })

  test('another host is 421, in both forms', async () => {
    expect(await asked({ ...named(), 'X-Forwarded-Host': 'evil.example' })).toMatchObject({ status: 421, code: 'host_unknown' })
    expect(await asked({}, '/authorize/api/x')).toMatchObject({ status: 421, code: 'host_unknown' })
  })

  test.each(['/authorizex', '/authorize?x', '/Authorize', '//authorize', '/authorize/../metrics'])(
    '%s decides nothing',
    async (target) => {
      expect([400, 404, 421]).toContain((await asked(named(), target)).status)
    },
  )

  test.each(['X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-Original-Method', 'Forwarded'])(
    '%s changes nothing',
    async (name) => {
      expect((await asked({ ...named(), 'X-Forwarded-Uri': '/nothing', [name]: '/open/x' })).status).toBe(404)
    },
  )

  // H-05
  test('a public route is public by its path alone', async () => {
    for (const target of [
      '/api/x?y=/open/',
      '/api/x?/open/x',
      '/api//open/x',
      '/open/../api/x',
      '/api/x%2f..%2f..%2fopen/x',
      '/api/x#/open/',
    ])
      expect([401, 400, 404]).toContain((await ask({ target, headers: { 'X-CSRF': '1' } })).status)
  })
})

describe('https for browsers', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    const routes = [{ prefix: '/open/', upstream: `${upstream.origin}/`, proof: 'none', token: 'none' }]
    gateway = await startGateway({
      ...PEERS,
      COATCHECK_BASE_URL: 'https://app.example',
      COATCHECK_ROUTES: JSON.stringify(routes),
    })
  })
  afterAll(() => gateway.stop())

  test.each([
    ['https', 204],
    ['HTTPS', 421],
    ['http', 421],
    ['ws', 421],
  ])('X-Forwarded-Proto: %s is %i', async (proto, status) => {
    const headers = { 'X-Forwarded-Proto': proto }
    expect((await askByHeaders(gateway.privateUrl, 'https://app.example', { target: '/open/x', headers })).status).toBe(status)
    expect((await askByPath(gateway.privateUrl, 'https://app.example', { target: '/open/x', headers })).status).toBe(status)
  })
})

describe('who may ask', () => {
  test.each<[string, Readonly<Record<string, string>>, number]>([
    ['nobody, unless it is configured', {}, 404],
    ['nobody else than the peers', { COATCHECK_FORWARD_AUTH_PEERS: '10.1.2.3' }, 404],
    ['the peers', PEERS, 401],
  ])('%s', async (_, env, status) => {
    const gateway = await startGateway({
      COATCHECK_ROUTES: `/api/=${upstream.origin}/`,
      COATCHECK_TRUSTED_PROXIES: '127.0.0.1',
      ...env,
    })
    try {
      const wanted = { target: '/api/x', headers: { 'X-CSRF': '1' } }
      expect((await askByHeaders(gateway.privateUrl, gateway.origin, wanted)).status).toBe(status)
      expect((await askByPath(gateway.privateUrl, gateway.origin, wanted)).status).toBe(status)
      expect((await askByHeaders(gateway.origin, gateway.origin, wanted)).status).toBe(404)
    } finally {
      await gateway.stop()
    }
  })

  test('on a listener of its own, which answers nothing else, while the private one no longer decides', async () => {
    const gateway = await startGateway({
      ...PEERS,
      COATCHECK_FORWARD_AUTH_LISTEN: '127.0.0.1:0',
      COATCHECK_ROUTES: `/api/=${upstream.origin}/`,
    })
    try {
      const url = String(gateway.logs('listening')[0]?.['authorizeUrl'])
      const wanted = { target: '/api/x', headers: { 'X-CSRF': '1' } }
      expect((await askByHeaders(url, gateway.origin, wanted)).status).toBe(401)
      expect((await askByHeaders(gateway.privateUrl, gateway.origin, wanted)).status).toBe(404)
      for (const target of ['/metrics', '/healthz', '/readyz', '/bff/session', '/'])
        expect((await send(url, { target })).status).toBe(404)
    } finally {
      await gateway.stop()
    }
  })
})

// H-10
describe('a claim that is not plain', () => {
  test.each<[string, unknown]>([
    ['two addresses in one', 'a@evil.com@good.com'],
    ['an address with a name before it', 'Admin <a@good.com>'],
    ['a list', ['a@good.com']],
    ['an object', { toString: 'a@good.com' }],
    ['a number', 7],
    ['nothing', null],
    ['empty', ''],
    ['a line break', 'a@good.com\r\nX-User: admin'],
    ['a letter outside ASCII', 'ａdmin'],
    ['a megabyte', 'a'.repeat(1_000_000)],
    ['white space around it', ' admin'],
  ])('is a denial: %s', async (_, email) => {
    const told = await tellScriptedStory(
      { ...PEERS, COATCHECK_FORWARD_AUTH_IDENTITY_HEADERS: 'X-User=sub X-Email=email' },
      { claims: (honest) => ({ ...honest, email }) },
    )
    try {
      const value = (await told.signedIn()).cookie('coatcheck')?.value
      // The provider's answer itself may have been too much.
      if (value === undefined) return expect(typeof email === 'string' ? email.length : 0).toBe(1_000_000)
      const headers = { Cookie: `coatcheck=${value}`, 'X-CSRF': '1' }
      const answer = await askByHeaders(told.gateway.privateUrl, told.origin, { target: '/api/x', headers })
      expect([answer.status, answer.code, answer.headers['authorization']]).toEqual([403, 'identity_unusable', undefined])
    } finally {
      await told.stop()
    }
  })
})

describe('the carrying lane and forward-auth never drift', () => {
  const targets =
    `/api/x /api/ /api /api/x?y=%2F..&z /api/admin/x /api/Admin/x /api/%61dmin/x /files/a.png /open/x /bff/session / /nothing
    /api/../bff/session /api//x /api/x/ /api/%2e%2e/x /api/a%2fb /api/a%5cb /api/%00 /api/%c0%ae /api/a;b=1/c /api/.hidden /api/a/. /api/a?b#c
    //api/x /./api/x /%61pi/x /API/x /api/x%20y /api/[1]|2`.split(/\s+/)
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']
  const proofs: readonly Readonly<Record<string, string | string[]>>[] = [
    {},
    { 'X-CSRF': '1' },
    { 'X-CSRF': '2' },
    { 'X-CSRF': ['1', '1'] },
    { 'Sec-Fetch-Site': 'same-origin' },
    { 'Sec-Fetch-Site': 'same-site', 'X-CSRF': '1' },
    { 'Sec-Fetch-Site': 'cross-site', 'X-CSRF': '1' },
    { 'Sec-Fetch-Site': 'none', 'X-CSRF': '1' },
    { Origin: 'http://evil.example', 'X-CSRF': '1' },
    { Origin: 'null', 'X-CSRF': '1' },
  ]

  test('on paths, methods and proofs', async () => {
    for (const target of targets) for (const method of methods) await compare({ method, target, headers: { ...proven() } })
    for (const target of ['/api/x', '/files/x', '/open/x', '/api/admin/x'])
      for (const proof of proofs)
        for (const Cookie of [cookie, '']) await compare({ target, headers: { ...proof, ...(Cookie === '' ? {} : { Cookie }) } })
  })

  test('on octets that no target may hold, which are refused before any lane', async () => {
    const wanted = { target: '/api/\u00fc', headers: proven() }
    expect([await carried(wanted), (await ask(wanted)).status, (await askEnvoy(wanted)).status]).toEqual([
      '400 request_invalid',
      400,
      400,
    ])
  })

  test('on whatever a client makes of cookie and path', async () => {
    const text = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 24 })
    const good = cookie.slice('coatcheck='.length)
    const cookies = fc.oneof(
      fc.constant(cookie),
      fc.constant(`${cookie}; ${cookie}`),
      fc.constant(`a=1; ${cookie}`),
      text.map((value) => `coatcheck=${value}`),
      fc.nat(good.length).map((at) => `coatcheck=${good.slice(0, at)}`),
    )
    const paths = fc.oneof(
      text.map((rest) => `/api/${rest}`),
      fc
        .array(fc.constantFrom('/', '.', '..', '%2e', '%2F', '%5c', 'admin', 'ADMIN', ';', '?', '%25', 'a'), { maxLength: 6 })
        .map((parts) => `/api/${parts.join('')}`),
    )
    await fc.assert(
      fc.asyncProperty(cookies, paths, async (Cookie, target) => compare({ target, headers: { Cookie, 'X-CSRF': '1' } })),
      { numRuns: 150 },
    )
  })
})
