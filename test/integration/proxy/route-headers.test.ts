import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { RouteConfig } from '../../../src/config/config.ts'
import { Secret } from '../../../src/config/secret.ts'
import { type CarryingLane, routeTo, startCarryingLane } from '../../support/carrying-lane.ts'
import { rawRequest } from '../../support/raw-client.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'

let upstream: Upstream
let lane: CarryingLane

const ROUTES: Readonly<Record<string, Partial<RouteConfig>>> = {
  '/add/': {
    requestHeaders: {
      add: [
        ['X-Tenant', new Secret('acme')],
        ['X-Api-Key', new Secret('k3y')],
      ],
      drop: ['accept-language', 'range'],
    },
    responseHeaders: {
      add: [
        ['X-Served-By', 'orders'],
        ['X-Many', 'ours'],
      ],
      drop: ['etag', 'x-other'],
    },
  },
  '/basic/': { token: 'none', requestHeaders: { add: [['Authorization', new Secret('Basic YTpi')]], drop: [] } },
  '/cookies/': { path: '/v1/', cookies: ['basket', '__Secure-b'] },
  '/mine/': { cache: 'upstream' },
  '/everybodys/': { cache: 'upstream', token: 'none' },
}

beforeAll(async () => {
  upstream = await startUpstream()
  const moreRoutes = Object.entries(ROUTES).map(([prefix, route]) => routeTo(upstream.origin, { prefix, ...route }))
  lane = await startCarryingLane({ moreRoutes })
})
afterAll(async () => {
  await lane.close()
  await upstream.close()
})

async function ask(path: string, lines: readonly string[] = []): Promise<string> {
  const cookie = lines.some((line) => line.startsWith('Cookie:')) ? [] : ['Cookie: session=1']
  const head = ['Host: a', 'Connection: close', ...cookie, ...lines].join('\r\n')
  return rawRequest(lane.port, `GET ${path} HTTP/1.1\r\n${head}\r\n\r\n`)
}

/** The values of a header, in order. */
function valuesIn(answer: string, name: string): string[] {
  const head = answer.slice(0, answer.indexOf('\r\n\r\n')).split('\r\n')
  return head.filter((line) => line.toLowerCase().startsWith(`${name}: `)).map((line) => line.slice(name.length + 2))
}

function answerWith(headers: Readonly<Record<string, string | string[]>>): void {
  upstream.answer('/cached', (_request, response) => void response.writeHead(200, headers).end())
}

describe('a route that adds and drops headers', () => {
  test('says to the upstream what it was told to, whatever a client says', async () => {
    await ask('/add/x', [
      'X-TENANT: mine',
      'x-tenant: again',
      'X-Api-Key: guess',
      'Accept-Language: de',
      'Range: bytes=0-1',
      'X-Free: f',
    ])
    const seen = upstream.last()
    expect(seen.values('x-tenant')).toEqual(['acme'])
    expect(seen.values('x-api-key')).toEqual(['k3y'])
    expect(seen.values('accept-language')).toEqual([])
    expect(seen.values('range')).toEqual([])
    expect(seen.values('x-free')).toEqual(['f'])
    expect(seen.values('authorization')).toEqual(['Bearer the-access-token'])
  })

  test('cannot have what it adds nominated away', async () => {
    const head = 'Host: a\r\nConnection: close, x-tenant\r\nCookie: session=1'
    await rawRequest(lane.port, `GET /add/x HTTP/1.1\r\n${head}\r\n\r\n`)
    expect(upstream.last().values('x-tenant')).toEqual(['acme'])
  })

  test('says to the page what it was told to, whatever the upstream says', async () => {
    upstream.answer('/said', (_request, response) => {
      const lines = ['ETag', '"1"', 'X-Many', 'one', 'x-many', 'two', 'X-Other', 'o', 'X-Kept', 'k', 'X-Served-By', 'theirs']
      response.writeHead(200, lines).end()
    })
    const answer = await ask('/add/said')
    expect(valuesIn(answer, 'x-served-by')).toEqual(['orders'])
    expect(valuesIn(answer, 'x-many')).toEqual(['ours'])
    expect(valuesIn(answer, 'etag')).toEqual([])
    expect(valuesIn(answer, 'x-other')).toEqual([])
    expect(valuesIn(answer, 'x-kept')).toEqual(['k'])
    expect(valuesIn(answer, 'cache-control')).toEqual(['private, no-store'])
  })

  test('leaves other routes alone', async () => {
    await ask('/api/x', ['Accept-Language: de'])
    expect(lane.upstream.last().values('x-tenant')).toEqual([])
    expect(lane.upstream.last().values('accept-language')).toEqual(['de'])
  })

  test('may show a credential of its own where nobody is signed in', async () => {
    await ask('/basic/x', ['Authorization: Bearer of-a-client'])
    expect(upstream.last().values('authorization')).toEqual(['Basic YTpi'])
  })
})

describe('a route that carries cookies', () => {
  test('passes those that it names, and never ours or any other', async () => {
    await ask('/cookies/x', [
      'Cookie: session=1; other=2; basket=a=b; Basket=no; __Secure-b=3; =basket; basketx=4; __Host-Http-coatcheck=t',
    ])
    expect(upstream.last().values('cookie')).toEqual(['basket=a=b; __Secure-b=3'])
  })

  test('says nothing of cookies where none of them is there', async () => {
    await ask('/cookies/x', ['Cookie: session=1; other=2'])
    expect(upstream.last().values('cookie')).toEqual([])
  })

  test('lets the upstream set those, below its prefix and on this host only', async () => {
    upstream.answer('/v1/set', (_request, response) => {
      const cookies = [
        'basket=1; Domain=example; Path=/v1/shop; HttpOnly; Secure; SameSite=Lax; Max-Age=5',
        '__Secure-b=2; Path=/; Secure',
        'other=3',
        '__Host-Http-coatcheck=stolen; Path=/; Secure; HttpOnly',
        '=basket',
        'basket',
      ]
      response
        .writeHead(
          200,
          cookies.flatMap((cookie) => ['Set-Cookie', cookie]),
        )
        .end()
    })
    expect(valuesIn(await ask('/cookies/set'), 'set-cookie')).toEqual([
      'basket=1; HttpOnly; Secure; SameSite=Lax; Max-Age=5; Path=/cookies/shop',
      '__Secure-b=2; Secure; Path=/cookies/',
    ])
  })

  test('is the only one that does', async () => {
    upstream.answer('/set', (_request, response) => void response.writeHead(200, { 'set-cookie': 'basket=1' }).end())
    expect(valuesIn(await ask('/add/set'), 'set-cookie')).toEqual([])
    await ask('/add/x', ['Cookie: session=1; basket=1'])
    expect(upstream.last().values('cookie')).toEqual([])
  })
})

describe('a route whose upstream may speak to caches', () => {
  test("lets them keep a person's answers in that person's browser only", async () => {
    answerWith({ 'cache-control': 'public, max-age=60, s-maxage=600', age: '7', vary: 'Accept-Language' })
    const answer = await ask('/mine/cached')
    expect(valuesIn(answer, 'cache-control')).toEqual(['private, max-age=60'])
    expect(valuesIn(answer, 'age')).toEqual(['7'])
    expect(valuesIn(answer, 'vary')).toEqual(['Accept-Language', 'Cookie'])
  })

  test('lets everybody keep what is the same for everybody', async () => {
    answerWith({ 'cache-control': 'public, max-age=60, s-maxage=600' })
    const answer = await ask('/everybodys/cached')
    expect(valuesIn(answer, 'cache-control')).toEqual(['public, max-age=60, s-maxage=600'])
    expect(valuesIn(answer, 'vary')).toEqual([])
  })

  test.each(['/mine/', '/everybodys/'])('keeps nothing where it says nothing that can be read: %s', async (prefix) => {
    answerWith({ expires: 'Thu, 01 Jan 2099 00:00:00 GMT', age: '1' })
    const answer = await ask(`${prefix}cached`)
    expect(valuesIn(answer, 'cache-control')).toEqual(['private, no-store'])
    expect(valuesIn(answer, 'expires')).toEqual([])
    expect(valuesIn(answer, 'age')).toEqual([])
    answerWith({ 'cache-control': ['max-age=60', 'max-age=0'] })
    expect(valuesIn(await ask(`${prefix}cached`), 'cache-control')).toEqual(['private, no-store'])
  })

  test('is the only one: elsewhere nothing is kept', async () => {
    answerWith({ 'cache-control': 'private, max-age=60' })
    expect(valuesIn(await ask('/add/cached'), 'cache-control')).toEqual(['private, no-store'])
  })
})
