import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Browser, createBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { rawRequest } from '../support/raw-client.ts'

const PAGE = '<!doctype html><title>The application</title>'
let folder: string
let gateway: TestGateway
let browser: Browser
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-page-'))
  const page = join(folder, 'page')
  for (const below of ['.git', 'bff', 'sub', 'api']) await mkdir(join(page, below), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'outside')
  await writeFile(join(page, 'index.html'), PAGE)
  await writeFile(join(page, 'app.js'), 'export {}')
  await writeFile(join(folder, 'linked.js'), 'export const linked = true')
  await symlink(join(folder, 'linked.js'), join(page, 'linked.js'))
  for (const hidden of ['.env', '.git/config', 'bff/session', 'api/x']) await writeFile(join(page, hidden), 'hidden')
  gateway = await startGateway({ COATCHECK_STATIC: page, COATCHECK_ROUTES: '/api/=http://127.0.0.1:1/' })
  browser = createBrowser()
})
afterAll(async () => {
  await gateway.stop()
  await rm(folder, { recursive: true, force: true })
})

const opened = (path: string) => browser.navigate(`${gateway.origin}${path}`, { from: null })
const raw = (path: string, method = 'GET') =>
  rawRequest(gateway.port, `${method} ${path} HTTP/1.1\r\nHost: ${new URL(gateway.origin).host}\r\nConnection: close\r\n\r\n`)

describe("the application's page", () => {
  test.each(['/', '/index.html', '/orders/42?tab=items', '/a.b/c', '/bffx'])(
    'is opened at every place in it: %s',
    async (path) => {
      const page = await opened(path)
      expect([page.status, page.text]).toEqual([200, PAGE])
      expect(page.headers['content-type']).toMatch(/^text\/html/)
    },
  )

  test('runs its own files only, in no frame, and is asked for again each time', async () => {
    for (const { headers } of [await opened('/'), await opened('/deep/link'), await browser.fetch(`${gateway.origin}/app.js`)]) {
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(headers['content-security-policy']).toContain("font-src 'self'")
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['cache-control']).toBe('no-cache')
      expect(headers['x-powered-by']).toBeUndefined()
    }
  })

  test('is answered from the cache of a browser that has it already', async () => {
    const { headers } = await browser.fetch(`${gateway.origin}/app.js`)
    const again = await browser.fetch(`${gateway.origin}/app.js`, { headers: { 'If-None-Match': String(headers.etag) } })
    expect([again.status, again.text]).toEqual([304, ''])
  })

  test('holds what a link in its folder leads to, as with nginx: whoever writes there says what is public', async () => {
    expect((await browser.fetch(`${gateway.origin}/linked.js`)).text).toBe('export const linked = true')
  })

  test('is nothing for a script, an image or a form that finds no file', async () => {
    const script = await browser.fetch(`${gateway.origin}/missing.json`)
    expect([script.status, script.headers['content-type']]).toEqual([404, 'application/problem+json; charset=utf-8'])
    expect(script.headers['cache-control']).toBe('no-store')
    const image = { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image', Accept: 'text/html' }
    expect((await browser.navigate(`${gateway.origin}/missing.png`, { headers: image })).status).toBe(404)
    const form = await browser.navigate(`${gateway.origin}/orders`, { from: `${gateway.origin}/`, form: { a: '1' } })
    expect([form.status, form.text.includes(PAGE)]).toEqual([404, false])
  })

  test.each(['/bff/session', '/bff/nothing', '/bff', '/bff/', '/api/x'])(
    'is not what stands below our own endpoints and routes, whatever lies in its folder: %s',
    async (path) => {
      const page = await opened(path)
      expect(page.text).not.toMatch(/hidden|The application/)
    },
  )

  test('is not a folder: nobody is redirected into one', async () => {
    expect(await raw('/sub')).toMatch(/^HTTP\/1.1 404 /)
    expect((await opened('/sub')).text).toBe(PAGE)
  })

  test.each([
    '/.env',
    '/.git/config',
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..\\secret.txt',
    '/..%5csecret.txt',
    '/sub/../../secret.txt',
    '//../secret.txt',
    '/index.html%00.js',
    '/%',
    '/%c0%ae%c0%ae/secret.txt',
  ])('shows no file that is hidden or outside of its folder: %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const answer = await raw(path, method)
      expect(answer).toMatch(/^HTTP\/1.1 4\d\d /)
      expect(answer).not.toMatch(/outside|hidden/)
    }
  })
})

describe('a folder without a page', () => {
  test('answers 404, and the rest goes on', async () => {
    const empty = await startGateway({ COATCHECK_STATIC: join(folder, 'page', 'sub') })
    try {
      const page = await browser.navigate(`${empty.origin}/`, { from: null })
      expect([page.status, page.headers['cache-control']]).toEqual([404, 'no-store'])
      expect(page.text).not.toContain(folder)
      expect(empty.logs('unexpected_error')).toEqual([])
      expect((await browser.fetch(`${empty.origin}/bff/session`)).status).toBe(200)
    } finally {
      await empty.stop()
    }
  })
})
