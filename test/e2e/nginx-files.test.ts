import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { until } from '../support/until.ts'
import { valuesOf } from './ask.ts'
import { type NginxAlone, startNginxAlone } from './nginx-alone.ts'

/** Of files that a page asks for by itself. */
const EXTENSIONS = 'js mjs css map json wasm webmanifest ico png jpg jpeg gif svg webp avif woff woff2 ttf txt xml JS'.split(' ')

let world: NginxAlone
beforeAll(async () => {
  world = await startNginxAlone({ file: 'front' })
})
afterAll(() => world?.stop())

describe('a file of the page', () => {
  test.each(EXTENSIONS)('that is missing is 404, and not the page by its name: .%s', async (extension) => {
    const { status, body } = await world.get(`/deep/missing.${extension}`)
    expect([status, body]).toEqual([404, expect.not.stringContaining('The page')])
  })

  test.each(['/assets/missing', '/assets/', '/assets/deep/missing.html'])(
    'that is missing where files are kept for a year is 404, and kept by nobody: %s',
    async (target) => {
      const { status, body, headers } = await world.get(target)
      expect([status, body, headers['cache-control']]).toEqual([404, expect.not.stringContaining('The page'), 'no-cache'])
    },
  )

  test.each(['/.env', '/.git/config', '/folder/.hidden/file.js', '/folder/.hidden/', '/.missing', '/%2eenv', '/.well-known'])(
    'is not there where its name hides it: %s',
    async (target) => {
      const { status, body } = await world.get(target)
      expect([status, body]).toEqual([404, expect.not.stringMatching(/secret|The page/)])
    },
  )

  test('is there where the name is one that everybody knows', async () => {
    expect(await world.get('/.well-known/security.txt')).toMatchObject({ status: 200, body: 'whom to tell' })
  })

  test('is asked for again each time, but where its name changes with its content', async () => {
    for (const target of ['/', '/main.css', '/report.html', '/index.html']) {
      expect([target, (await world.get(target)).headers['cache-control']]).toEqual([target, 'no-cache'])
    }
    const { headers } = await world.get('/assets/app-1a2b.js')
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
    const again = await world.get('/assets/app-1a2b.js', { headers: { 'If-None-Match': headers.etag ?? '' } })
    expect([again.status, again.headers['cache-control']]).toEqual([304, 'public, max-age=31536000, immutable'])
  })

  test.each([
    ['/', 'text/html; charset=utf-8'],
    ['/main.css', 'text/css; charset=utf-8'],
    ['/assets/app-1a2b.js', 'application/javascript; charset=utf-8'],
    ['/.well-known/security.txt', 'text/plain; charset=utf-8'],
    ['/assets/data-5e6f.unheardof', 'application/octet-stream'],
  ])('says what it is, and is nothing to be read where nobody knows: %s is %s', async (target, type) => {
    expect((await world.get(target)).headers['content-type']).toBe(type)
  })

  test('is sent in another form only to those who take it, which a cache is told', async () => {
    const compressed = await world.get('/assets/app-1a2b.js', { headers: { 'Accept-Encoding': 'gzip' } })
    expect(compressed.headers['content-encoding']).toBe('gzip')
    for (const headers of [{}, { 'Accept-Encoding': 'gzip' }]) {
      expect(valuesOf((await world.get('/assets/app-1a2b.js', { headers })).rawHeaders, 'Vary')).toEqual(['Accept-Encoding'])
    }
    const short = await world.get('/assets/short-3c4d.js', { headers: { 'Accept-Encoding': 'gzip' } })
    expect(short.headers['content-encoding']).toBeUndefined()
  })
})

test('a line of the log is JSON, and says who asked whom for what, whatever was asked', async () => {
  await world.get('/api/log"ged\\?code=secret', { headers: { 'User-Agent': '"}\\', Referer: 'https://x.test/?secret' } })
  const lines = async () => (await world.nginx.log()).split('\n').filter((line) => line.includes('/api/log'))
  await until('it is written', async () => (await lines()).length > 0)
  expect((await lines()).map((line): unknown => JSON.parse(line))).toEqual([
    expect.objectContaining({
      time: expect.any(String),
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
      address: '127.0.0.1',
      method: 'GET',
      path: '/api/log"ged\\',
      status: 200,
      upstream: world.gateway.address,
      upstreamStatus: '200',
    }),
  ])
})
