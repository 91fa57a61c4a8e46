import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { send } from '../support/ask-authorize.ts'
import { until } from '../support/until.ts'
import { type Answer, ask, type Question, speakTls, valuesOf } from './ask.ts'
import { type CarriedByNginx, HOST, startCarriedByNginx } from './carried-by-nginx.ts'

let world: CarriedByNginx
/** What a signed-in browser sends. */
let cookie: string
beforeAll(async () => {
  world = await startCarriedByNginx()
  cookie = (await world.signedIn()).cookie
})
afterAll(async () => world?.stop())

type Headers = Readonly<Record<string, string | string[] | undefined>>
type Asked = Omit<Question, 'headers'> & { readonly headers?: Headers }

/** A call of the signed-in page; a header that is `undefined` here is left out. */
function call(target: string, { headers = {}, ...question }: Asked = {}): Promise<Answer> {
  const all: Headers = { Cookie: cookie, 'X-CSRF': '1', ...headers }
  const sent = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return ask(world.origin + target, world.certificate, { ...question, headers: Object.fromEntries(sent) })
}

const problem = ({ body }: Answer): { readonly code?: string; readonly reason?: string } => JSON.parse(body)
const decisions = () => world.gateway.metric('coatcheck_decided_requests_total')
const carriedByGateway = () => world.gateway.metric('coatcheck_carried_requests_total', { status: '200' })

describe('a program for a service worker', () => {
  test('is refused, also while a good decision on that very call is kept', async () => {
    expect((await call('/api/worker.js')).status).toBe(200)
    const arrived = world.api.requests.length
    const answer = await call('/api/worker.js', { headers: { 'Service-Worker': 'script' } })
    expect([answer.status, problem(answer).code]).toEqual([403, 'request_forged'])
    expect(world.api.requests.length).toBe(arrived)
  })
})

describe('a call that may go on', () => {
  test('arrives with the access token, brought by nginx itself, its target byte for byte', async () => {
    const before = await carriedByGateway()
    expect((await call('/api/orders/7;v=1?q=%2F..&r=a+b')).status).toBe(200)
    const arrived = world.api.last()
    expect(arrived.target).toBe('/orders/7;v=1?q=%2F..&r=a+b')
    expect(arrived.values('authorization')).toEqual([expect.stringMatching(/^Bearer access-/)])
    expect(await carriedByGateway()).toBe(before)
  })

  test('brings its body, however long, and its answer is streamed back whole', async () => {
    const body = 'x'.repeat(3_000_000)
    const answer = await call('/api/upload', {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain', 'Content-Length': String(body.length) },
      body,
    })
    expect(answer.status).toBe(200)
    expect(world.api.last().body.length).toBe(body.length)
    expect(world.api.last().values('content-type')).toEqual(['text/plain'])
  })

  // FWD-06, FWD-08, H-31, H-51
  test('brings no credential, identity, forwarding or unknown header of its client, and no cookie', async () => {
    const forged =
      `Authorization Proxy-Authorization X-API-Key DPoP X-User X-User-Id X-Email X-Groups X-Auth-Request-Email Remote-User X-Remote-User
      X-Forwarded-User X-Forwarded-Email X-Forwarded-Access-Token X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Uri X-Forwarded-Method
      X-Forwarded-Client-Cert Forwarded X-Real-IP True-Client-IP X-Original-URL X-Rewrite-URL X-HTTP-Method-Override Client-Cert X-SSL-Client-Verify
      X-Request-Id Proxy Via Baggage X_User X_Forwarded_For Coatcheck-User TE Keep-Alive Proxy-Connection X-Tenant`.split(/\s+/)
    const headers = {
      ...Object.fromEntries(forged.map((name) => [name, 'forged'])),
      Connection: 'close, authorization, x-forwarded-for',
      Cookie: `${cookie}; other=secret`,
    }
    expect((await call('/api/x', { headers })).status).toBe(200)
    const arrived = world.api.last()
    expect(JSON.stringify(arrived.lines)).not.toMatch(/forged|coatcheck=|secret/)
    expect(arrived.values('cookie')).toEqual([])
    expect(arrived.values('x-csrf')).toEqual([])
    expect(arrived.values('authorization')).toHaveLength(1)
    expect(arrived.values('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(arrived.values('x-forwarded-proto')).toEqual(['https'])
    expect(arrived.values('x-forwarded-host')).toEqual([new URL(world.origin).host])
    expect(arrived.values('via')).toEqual(['1.1 coatcheck'])
    expect(arrived.values('x-request-id')).toEqual([expect.stringMatching(/^[0-9a-f]{32}-\d+-\d+$/)])
  })

  test('brings what an API needs to answer it', async () => {
    const headers = {
      Accept: 'application/json',
      'Accept-Language': 'de',
      'If-None-Match': '"1"',
      Range: 'bytes=0-1',
      'Idempotency-Key': 'k',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    }
    await call('/api/x', { headers })
    for (const [name, value] of Object.entries(headers)) expect([name, world.api.last().values(name)]).toEqual([name, [value]])
    await call('/api/x', { headers: { traceparent: '00-zz' } })
    expect(world.api.last().values('traceparent')).toEqual([])
  })
})

describe('an answer of the API', () => {
  test('sets nothing on the page’s origin, is no document there, and is kept by nobody', async () => {
    const dangerous = {
      'Set-Cookie': ['a=1', '__Host-Http-coatcheck=planted; Path=/; Secure; HttpOnly'],
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Credentials': 'true',
      'Strict-Transport-Security': 'max-age=0',
      'Service-Worker-Allowed': '/',
      'Clear-Site-Data': '"cookies"',
      'X-Accel-Redirect': '/index.html',
      'X-Accel-Expires': '600',
      'X-Accel-Buffering': 'yes',
      'Content-Security-Policy': 'default-src *',
      'Cache-Control': 'public, max-age=600',
      Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
      'Coatcheck-Reason': 'expired',
      'Coatcheck-Code': 'store_unavailable',
      'WWW-Authenticate': 'Basic realm="here"',
      Refresh: '0; url=https://evil.example/',
      Link: '</x.css>; rel=preload; as=style',
      'X-Request-Id': 'theirs',
      'X-Powered-By': 'them',
      Server: 'theirs',
    }
    world.api.answer(
      '/dangerous',
      (_, response) =>
        void response
          .writeHead(200, { ...dangerous, 'Content-Type': 'text/html', 'X-Own': 'kept' })
          .end('<script>alert(1)</script>'),
    )
    const { status, rawHeaders, body } = await call('/api/dangerous')
    expect([status, body]).toEqual([200, '<script>alert(1)</script>'])
    const gone = Object.keys(dangerous).filter(
      (name) =>
        !['Content-Security-Policy', 'Cache-Control', 'Strict-Transport-Security', 'X-Request-Id', 'Server'].includes(name),
    )
    for (const name of gone) expect([name, valuesOf(rawHeaders, name)]).toEqual([name, []])
    expect(valuesOf(rawHeaders, 'X-Own')).toEqual(['kept'])
    expect(valuesOf(rawHeaders, 'Server')).toEqual(['nginx'])
    expect(valuesOf(rawHeaders, 'Cache-Control')).toEqual(['private, no-store'])
    expect(valuesOf(rawHeaders, 'Content-Security-Policy')).toEqual([
      "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ])
    expect(valuesOf(rawHeaders, 'X-Content-Type-Options')).toEqual(['nosniff'])
    expect(valuesOf(rawHeaders, 'Cross-Origin-Resource-Policy')).toEqual(['same-origin'])
    expect(valuesOf(rawHeaders, 'Vary')).toEqual(['Cookie'])
    expect(valuesOf(rawHeaders, 'Strict-Transport-Security')).toEqual(['max-age=31536000; includeSubDomains'])
    expect(valuesOf(rawHeaders, 'X-Request-Id')).toEqual([expect.stringMatching(/^[0-9a-f]{32}-\d+-\d+$/)])
  })

  test.each<[string, string, string | undefined]>([
    ['a path', '/orders/8?x=1#f', '/api/orders/8?x=1#f'],
    ['its own origin', 'API/orders/8', '/api/orders/8'],
    ['another origin', 'https://evil.example/x', undefined],
    ['another origin without a scheme', '//evil.example/x', undefined],
    ['a backslash for a slash', '/\\evil.example', undefined],
    ['out of the route', '/a/../../bff/logout', undefined],
    ['out of the route, encoded', '/a/%2e%2E/%2e%2e/bff/logout', undefined],
    ['out of the route, at once', '/../bff/logout', undefined],
    ['a script', 'javascript:alert(1)', undefined],
  ])('leads to %s only inside the route', async (_, location, expected) => {
    world.api.answer(
      '/redirecting',
      (_request, response) => void response.writeHead(302, { Location: location.replace('API', world.api.origin) }).end(),
    )
    const { status, headers } = await call('/api/redirecting')
    expect([status, headers.location]).toEqual([302, expected])
  })

  test('is the API’s own 401 and 503, which are not the gateway’s', async () => {
    for (const status of [401, 403, 500, 503]) {
      world.api.answer(
        `/own-${status}`,
        (_, response) =>
          void response.writeHead(status, { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' }).end('its own'),
      )
      const answer = await call(`/api/own-${status}`)
      expect([answer.status, answer.body, answer.headers['coatcheck-reason']]).toEqual([status, 'its own', undefined])
      expect(answer.headers['www-authenticate']).toBe('Bearer error="insufficient_scope"')
    }
  })

  test('that never comes is 502, and the call is sent once', async () => {
    world.api.answer('/broken', (request) => void request.socket.destroy())
    const before = world.api.requests.length
    const answer = await call('/api/broken', { method: 'POST', body: 'x' })
    expect([answer.status, problem(answer).code]).toEqual([502, 'upstream_unreachable'])
    expect(world.api.requests.length).toBe(before + 1)
  })
})

describe('a refusal is the gateway’s own answer', () => {
  test('401 with its reason', async () => {
    const answer = await call('/api/x', { headers: { Cookie: undefined } })
    expect([answer.status, answer.headers['coatcheck-reason'], problem(answer)]).toEqual([
      401,
      'none',
      expect.objectContaining({ code: 'session_missing', reason: 'none' }),
    ])
    expect(valuesOf(answer.rawHeaders, 'Content-Type')).toEqual(['application/problem+json; charset=utf-8'])
  })

  test('the way to sign in, for a person who opens the address', async () => {
    const headers = {
      Cookie: undefined,
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
      'Sec-Fetch-Site': 'same-origin',
    }
    const answer = await call('/api/x', { headers })
    expect([answer.status, answer.headers.location]).toEqual([303, '/bff/login?returnTo=%2Fapi%2Fx'])
  })

  // CSRF, with and without a body
  test('403 without the proof, and no byte of it reaches the API', async () => {
    const before = world.api.requests.length
    const headers = { 'X-CSRF': undefined, 'Content-Type': 'text/plain' }
    const answer = await call('/api/x', { method: 'POST', headers, body: 'x'.repeat(100_000) })
    expect([answer.status, problem(answer).code]).toEqual([403, 'request_forged'])
    expect(world.api.requests.length).toBe(before)
  })

  test('405 with what is allowed', async () => {
    const answer = await call('/api/x', { method: 'OPTIONS' })
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, POST, PUT, PATCH, DELETE'])
  })
})

/** The target that the API was asked for, if it was. */
const heard = async (asked: () => Promise<unknown>): Promise<string> => {
  const before = world.api.requests.length
  await asked()
  return world.api.requests[before]?.target ?? 'refused'
}

describe('a path', () => {
  const paths =
    `/api/ /api/plain /api/a%20b /api/%C3%BC /api/a.b/c /api/.hidden /api/a;b/c /api/a//b /api/a/ /api/a/../b /api/../bff/session /api/./a /api/a/.. /api/%2e%2e/x
    /api/a%2fb /api/a%2Fb /api/a%5cb /api/a\\b /api/%00 /api/%0d%0a /api/%c0%ae /api/%252e%252e/x /api/a%3fb /api/a%23b /api/a#b /api/a?b=/../&c=%00 /api/a?b#c /api/a?%zz
    /api/[1]|2 /api/{a} /api/a"b /api/%61%70%69 /%61pi/x /api%2fx //api/x /./api/x /x/../api/y /API/x /api /apix /api/%`.split(
      /\s+/,
    )

  test.each(paths)('%s is carried as the gateway would carry it, or refused', async (target) => {
    const headers = { Cookie: cookie, 'X-CSRF': '1', 'X-Forwarded-Proto': 'https' }
    const byGateway = await heard(() =>
      send(`http://127.0.0.1:${world.gateway.port}`, { target, headers }, new URL(world.origin).host),
    )
    const byNginx = await heard(() => call(target))
    expect([byGateway, 'refused']).toContain(byNginx)
    if (/^\/api\/[\w.;/]*$/.test(target)) expect(byNginx).toBe(byGateway)
  })
})

describe('a decision that is kept for a moment', () => {
  // In the middle of a second, what is kept now is still kept a moment later.
  let hot: string
  beforeEach(async () => {
    hot = `/api/${Math.random()}`
    expect((await call(hot)).status).toBe(200)
  })

  test('is good for many calls, on any plain path of the route', async () => {
    // Where the moment is over in the middle of them, they all ask.
    await until('it is', async () => {
      const before = await decisions()
      const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => call(`/api/${index}/x`)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      return (await decisions()) - before < 30
    })
  })

  test.each<[string, Asked, number]>([
    ['without the cookie', { headers: { Cookie: undefined } }, 401],
    ['with another cookie', { headers: { Cookie: '__Host-Http-coatcheck=s%3Aother' } }, 401],
    ['with a second cookie of our name', { headers: { Cookie: 'TWICE' } }, 400],
    ['without X-CSRF', { headers: { 'X-CSRF': undefined } }, 403],
    ['with another X-CSRF', { headers: { 'X-CSRF': '2' } }, 403],
    ['from another site', { headers: { 'Sec-Fetch-Site': 'cross-site' } }, 403],
    ['from a sibling', { headers: { 'Sec-Fetch-Site': 'same-site' } }, 403],
    ['from another origin', { headers: { Origin: 'https://evil.shop.test' } }, 403],
    ['by another method', { method: 'OPTIONS' }, 405],
    ['whose cookie begins with what X-CSRF lacks', { headers: { Cookie: 'INJECTED', 'X-CSRF': undefined } }, 403],
  ])('says nothing about a call %s', async (_, { headers, ...question }, status) => {
    const written = headers?.['Cookie']
    const replaced = { TWICE: `${cookie}; ${cookie}`, INJECTED: `1${cookie}` }
    const Cookie = typeof written === 'string' && written in replaced ? replaced[written as 'TWICE'] : written
    const sent = { ...headers, ...(headers !== undefined && 'Cookie' in headers ? { Cookie } : {}) }
    for (let count = 0; count < 5; count += 1) {
      expect((await call(hot)).status).toBe(200)
      expect((await call(hot, { ...question, headers: sent })).status).toBe(status)
    }
  })

  test('says nothing about a path that could be read in two ways', async () => {
    for (const path of ['/api/a//b', '/api/a/../b', '/api/a%2fb', '/api/a\\b', '/api/a/.', '/api/x?a#b']) {
      const before = world.api.requests.length
      expect((await call(path)).status).toBe(400)
      expect(world.api.requests.length).toBe(before)
    }
  })

  test('is never somebody else’s', async () => {
    const people = await Promise.all(Array.from({ length: 4 }, () => world.signedIn()))
    const own = await Promise.all(
      people.map(async (person) => tokenOf(await call('/api/who', { headers: { Cookie: person.cookie } }))),
    )
    expect(new Set(own).size).toBe(people.length)
    const rounds = Array.from({ length: 25 }, () =>
      people.map(
        async (person, at) => [at, tokenOf(await call(`/api/who/${at}`, { headers: { Cookie: person.cookie } }))] as const,
      ),
    )
    for (const [at, token] of await Promise.all(rounds.flat())) expect(token).toBe(own[at])
  })

  test('ends with its session: whoever signs out is refused, and goes on being refused, although they never stop asking', async () => {
    const { browser, cookie: theirs } = await world.signedIn()
    const asked = () => call('/api/x', { headers: { Cookie: theirs } })
    expect((await asked()).status).toBe(200)
    await browser.fetch(`${world.origin}/bff/logout`, { method: 'POST' })
    const since = performance.now()
    await until('they are refused', async () => (await asked()).status === 401)
    process.stderr.write(`refused ${Math.round(performance.now() - since)} ms after signing out\n`)
    for (let count = 0; count < 20; count += 1) expect((await asked()).headers['coatcheck-reason']).toBe('signed_out')
  })

  test('lies where nobody but nginx can read it', async () => {
    const folder = join(world.nginx.folder, 'nginx-decisions')
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    await until('one lies there', async () => (await call(hot)).status === 200 && (await readdir(folder)).length > 0)
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0)
  })

  test('is kept with many cookies, too', async () => {
    const many = `${cookie}; a=${'x'.repeat(6_000)}`
    await until('it is', async () => {
      const before = await decisions()
      for (let count = 0; count < 20; count += 1) expect((await call('/api/x', { headers: { Cookie: many } })).status).toBe(200)
      return (await decisions()) - before < 10
    })
  })
})

function tokenOf({ body }: Answer): string {
  const { lines }: { readonly lines: readonly (readonly [string, string])[] } = JSON.parse(body)
  return lines.find(([name]) => name === 'Authorization')?.[1] ?? 'none'
}

describe('what stays open goes through the gateway', () => {
  test('an event stream, whose events arrive at once', async () => {
    const before = await carriedByGateway()
    const ended = Promise.withResolvers<() => void>()
    world.api.answer('/events', (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: first\n\n')
      ended.resolve(() => response.end())
    })
    const socket = speakTls(world.nginx.httpsPort, HOST, world.certificate).setEncoding('utf8')
    const lines = [
      'GET /api/events HTTP/1.1',
      `Host: ${new URL(world.origin).host}`,
      `Cookie: ${cookie}`,
      'X-CSRF: 1',
      'Accept: text/event-stream',
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    let said = ''
    for await (const piece of socket) {
      said += piece
      if (said.includes('data: first')) break
    }
    const end = await ended.promise
    end()
    await until('the gateway has carried it', async () => (await carriedByGateway()) > before)
  })

  test('a WebSocket handshake, whose answer is the gateway’s', async () => {
    const before = await world.gateway.metric('coatcheck_carried_requests_total')
    const socket = speakTls(world.nginx.httpsPort, HOST, world.certificate).setEncoding('utf8')
    const lines = [
      'GET /api/socket HTTP/1.1',
      `Host: ${new URL(world.origin).host}`,
      `Cookie: ${cookie}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
    ]
    socket.write(`${[...lines, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='].join('\r\n')}\r\n\r\n`)
    await until('the gateway was asked', async () => (await world.gateway.metric('coatcheck_carried_requests_total')) > before)
    socket.destroy()
  })
})

describe('while something is away', () => {
  test('Redis: 503 with Retry-After, never 401; and everything goes on once it is back', async () => {
    const own = await startCarriedByNginx()
    try {
      const { cookie: theirs } = await own.signedIn()
      const asked = () => ask(`${own.origin}/api/x`, own.certificate, { headers: { Cookie: theirs, 'X-CSRF': '1' } })
      expect((await asked()).status).toBe(200)
      own.redis.freeze()
      const seen = new Set<number>()
      await until('it is refused', async () => seen.add((await asked()).status).has(503))
      const refused = await asked()
      expect([refused.status, problem(refused).code, refused.headers['retry-after']]).toEqual([
        503,
        'store_unavailable',
        expect.stringMatching(/^\d+$/),
      ])
      own.redis.thaw()
      await until('it goes on', async () => seen.add((await asked()).status).has(200) && (await asked()).status === 200)
      expect([...seen].toSorted((one, other) => one - other)).toEqual([200, 503])
    } finally {
      own.redis.thaw()
      await own.stop()
    }
  })

  test('the gateway: 503 in its form, and nothing reaches the API', async () => {
    const own = await startCarriedByNginx()
    try {
      await own.gateway.stop()
      const answer = await ask(`${own.origin}/api/x`, own.certificate, { headers: { 'X-CSRF': '1' } })
      expect([answer.status, problem(answer).code]).toEqual([503, 'gateway_unavailable'])
      expect(own.api.requests).toEqual([])
    } finally {
      await own.stop()
    }
  })
})
