import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Certificate, type CertificateAuthority, createCertificateAuthority } from '../support/certificates.ts'
import { checkNginx, type Nginx, startNginx } from '../support/nginx.ts'
import { ask, type Answer, type Question, speakTls, valuesOf } from './ask.ts'
import { type Echo, type EchoServer, startEcho } from './echo.ts'

const HOST = 'app.shop.test'

let folder: string
let authority: CertificateAuthority
let certificate: Certificate
let gateway: EchoServer
let nginx: Nginx
/** In front of a gateway that is not there. */
let alone: Nginx

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-e2e-'))
  await chmod(folder, 0o755)
  authority = await createCertificateAuthority(folder)
  certificate = await authority.issue(HOST)
  const page = join(folder, 'page')
  await mkdir(join(page, 'assets'), { recursive: true })
  await mkdir(join(page, '.git'))
  await writeFile(join(page, '.git', 'config'), 'a secret')
  await writeFile(join(page, 'index.html'), '<!doctype html><title>The page</title>')
  await writeFile(join(page, 'assets', 'app-1a2b.js'), `// ${'worth compressing '.repeat(100)}`)
  gateway = await startEcho()
  nginx = await startNginx({ serverName: HOST, certificate, page, gateway: gateway.address })
  alone = await startNginx({ serverName: HOST, certificate, page, gateway: '127.0.0.1:1' })
})

afterAll(async () => {
  // Only what was started: a start that fails must not keep the others running.
  await Promise.all([nginx, alone, gateway].map(async (started: { stop(): Promise<void> } | undefined) => started?.stop()))
  await rm(folder, { recursive: true })
})

const get = (target: string, question?: Question): Promise<Answer> => ask(nginx.origin + target, authority.certificate, question)
const overHttp = (target: string, question?: Question): Promise<Answer> =>
  ask(`http://${HOST}:${nginx.httpPort}${target}`, authority.certificate, question)
const whileDown = (target: string, question?: Question): Promise<Answer> =>
  ask(alone.origin + target, authority.certificate, question)

/** What reached the gateway. */
function echoOf({ body }: Answer): Echo {
  const echo: Echo = JSON.parse(body)
  return echo
}

describe('the file', () => {
  test('is one that nginx takes, without a warning', async () => {
    const shipped = { NGINX_SERVER_NAME: HOST, NGINX_COATCHECK: '127.0.0.1:8080', COATCHECK_BASE_URL: `https://${HOST}` }
    const files = { NGINX_TLS_CERTIFICATE: certificate.certificateFile, NGINX_TLS_KEY: certificate.keyFile, NGINX_PAGE: folder }
    const listening = { NGINX_HTTPS_LISTEN: '127.0.0.1:8443', NGINX_HTTP_LISTEN: '127.0.0.1:8081' }
    const { ok, says } = await checkNginx({ ...shipped, ...files, ...listening })
    expect(says).toContain('test is successful')
    expect(says).not.toMatch(/\[(warn|error|emerg)\]/)
    expect(ok).toBe(true)
  })

  test('documents the variables that it asks for, and no other', async () => {
    const shipped = await readFile(new URL('../../nginx.conf', import.meta.url), 'utf8')
    const documented = [...shipped.matchAll(/^# {3}([A-Z_]+) {2,}\S/gm)].map(([, name]) => name)
    const asked = [...shipped.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name)
    expect(new Set(documented)).toEqual(new Set(asked))
  })
})

describe('what reaches the gateway', () => {
  test.each([
    '/api/plain',
    '/api//two///slashes',
    '/api/a/../b/./c',
    '/api/x/%2e%2e/%2Fetc',
    '/api/%61%20;x=1?a=b//c&d=%2F',
    '/api/?',
    '/bff/session?x=%00',
    '/%61pi/x',
  ])('is the path as it was sent: %s', async (target) => {
    expect(echoOf(await get(target)).target).toBe(target)
  })

  test('is nothing but what its paths say in plain letters', async () => {
    expect((await get('//api/doubled')).body).toContain('The page')
    expect((await get('/api/../doubled')).body).toContain('The page')
    expect(gateway.targets.join()).not.toContain('doubled')
  })

  // FWD-08, OAU-47
  test('is what nginx knows about the client, never what the client says', async () => {
    const forged = `X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Forwarded-Port X-Forwarded-Prefix X-Forwarded-User
      X-Forwarded-Email X-Forwarded-Uri X-Forwarded-Client-Cert Forwarded X-Real-IP True-Client-IP X-Original-URL X-Rewrite-URL
      X-HTTP-Method-Override X-HTTP-Method X-Method-Override X-User-Id Remote-User Client-Cert X-SSL-Client-Verify X-Request-Id
      Proxy X_Forwarded_For X_Real_IP x-FORWARDED-for Connection`.split(/\s+/)
    const headers = Object.fromEntries(forged.map((name) => [name, name === 'Connection' ? 'x-forwarded-for' : 'forged']))
    for (const target of ['/api/x', '/bff/session']) {
      const echo = echoOf(await get(target, { headers }))
      expect(echo.headers.join('\n')).not.toMatch(/^forged$/m)
      expect(valuesOf(echo.headers, 'X-Forwarded-For')).toEqual(['127.0.0.1'])
      expect(valuesOf(echo.headers, 'X-Forwarded-Proto')).toEqual(['https'])
      expect(valuesOf(echo.headers, 'X-Forwarded-Host')).toEqual([`${HOST}:${nginx.httpsPort}`])
      expect(valuesOf(echo.headers, 'Host')).toEqual([`${HOST}:${nginx.httpsPort}`])
      expect(valuesOf(echo.headers, 'X-Request-Id')).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)])
      expect(valuesOf(echo.headers, 'Connection').filter((value) => value !== 'keep-alive')).toEqual([])
    }
  })

  test('comes over a connection that is kept', async () => {
    const echoes = []
    for (let count = 0; count < 12; count++) echoes.push(echoOf(await get('/api/x')))
    // One for each of nginx's workers, at most.
    expect(new Set(echoes.map(({ connection }) => connection)).size).toBeLessThanOrEqual(availableParallelism())
  })

  test('is one Cookie header where HTTP/2 sent crumbs', async () => {
    const session = connectHttp2(nginx.origin, {
      ca: authority.certificate,
      createConnection: () => speakTls(nginx.httpsPort, HOST, authority.certificate, { protocols: ['h2'] }),
    })
    const request = session.request({ ':path': '/api/x', cookie: ['a=1', 'b=2'] })
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    session.close()
    const echo: Echo = JSON.parse(body)
    expect(valuesOf(echo.headers, 'Cookie')).toEqual(['a=1; b=2'])
  })

  test('is a body while it is still being sent', async () => {
    const arrived = Promise.withResolvers<string>()
    gateway.on('/api/streamed', (request, response) => {
      request.once('data', (piece: Buffer) => arrived.resolve(piece.toString()))
      request.resume().on('end', () => response.end())
    })
    const socket = speakTls(nginx.httpsPort, HOST, authority.certificate)
    socket.write(`POST /api/streamed HTTP/1.1\r\nHost: ${HOST}:${nginx.httpsPort}\r\nContent-Length: 1000\r\n\r\nthe first piece`)
    expect(await arrived.promise).toBe('the first piece')
    socket.destroy()
  })

  // HTTP-34
  test('has room for a target of 8,000 octets', async () => {
    const target = `/api/${'a'.repeat(7_995)}`
    expect(echoOf(await get(target)).target).toBe(target)
  })

  // SMG-16
  test('is never the rest of a body that an early answer left unread', async () => {
    gateway.on('/api/early', (_, response) => void response.writeHead(401).end())
    const ghost = 'GET /api/ghost HTTP/1.1\r\nHost: x\r\n\r\n'
    const headers = { 'Content-Length': String(200_000 + ghost.length) }
    const answers = []
    for (let count = 0; count < 5; count++) {
      answers.push(await get('/api/early', { method: 'POST', headers, body: ghost + 'x'.repeat(200_000) }))
      answers.push(await get('/api/after'))
    }
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => [401, 200]).flat())
    expect(gateway.targets).not.toContain('/api/ghost')
  })

  test('is a WebSocket handshake, and then its bytes both ways', async () => {
    const socket = speakTls(nginx.httpsPort, HOST, authority.certificate)
    socket.write(
      `GET /api/socket HTTP/1.1\r\nHost: ${HOST}:${nginx.httpsPort}\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n`,
    )
    const said = socket.setEncoding('utf8')[Symbol.asyncIterator]()
    expect((await said.next()).value).toMatch(/^HTTP\/1\.1 101 /)
    socket.write('hello')
    expect((await said.next()).value).toBe('hello')
    socket.destroy()
  })
})

describe('what reaches the browser', () => {
  test('is an event at once, while the stream stays open', async () => {
    const open = Promise.withResolvers<ServerResponse>()
    gateway.on('/api/events', (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: first\n\n')
      open.resolve(response)
    })
    const socket = speakTls(nginx.httpsPort, HOST, authority.certificate).setEncoding('utf8')
    socket.write(`GET /api/events HTTP/1.1\r\nHost: ${HOST}:${nginx.httpsPort}\r\n\r\n`)
    let said = ''
    for await (const piece of socket) {
      said += piece
      if (said.includes('data: first')) break
    }
    expect((await open.promise).writableEnded).toBe(false)
    ;(await open.promise).end()
  })

  test('is the 503 of the gateway itself, untouched', async () => {
    gateway.on('/bff/busy', (_, response) => {
      response
        .writeHead(503, { 'Content-Type': 'application/problem+json', 'Retry-After': '7' })
        .end('{"code":"store_unavailable"}')
    })
    const answer = await get('/bff/busy', { headers: { 'Sec-Fetch-Mode': 'navigate' } })
    expect(answer).toMatchObject({ status: 503, body: '{"code":"store_unavailable"}', headers: { 'retry-after': '7' } })
  })

  // SEC-08
  test('is never a file that an answer of the gateway names', async () => {
    gateway.on('/api/redirected', (_, response) => void response.setHeader('X-Accel-Redirect', '/index.html').end('its own'))
    const answer = await get('/api/redirected')
    expect(answer.body).toBe('its own')
    expect(valuesOf(answer.rawHeaders, 'X-Accel-Redirect')).toEqual([])
  })

  // SEC-05
  test.each(['/', '/assets/app-1a2b.js', '/assets/missing.js', '/bff/secured', '/api/secured', '/coatcheck/down'])(
    'says once that this host is for https only: %s',
    async (target) => {
      gateway.on(target, (_, response) => void response.setHeader('Strict-Transport-Security', 'max-age=1').end())
      const answer = await get(target)
      expect(valuesOf(answer.rawHeaders, 'Strict-Transport-Security')).toEqual(['max-age=31536000; includeSubDomains'])
    },
  )

  // SEC-02, ASVS 3.4.4, 13.4.6
  test.each([
    ['the page', () => get('/')],
    [
      'a file that is there unchanged',
      async () => get('/', { headers: { 'If-None-Match': (await get('/')).headers.etag ?? '' } }),
    ],
    ['a file that is not there', () => get('/assets/missing.js')],
    ['a method that files do not know', () => get('/', { method: 'POST' })],
    ['a method that nobody knows', () => get('/api/x', { method: 'TRACE' })],
    ['a body that is too large', () => get('/bff/x', { method: 'POST', headers: { 'Content-Length': '999999999' } })],
    ['headers that are too large', () => get('/api/x', { headers: { Cookie: `a=${'b'.repeat(9_000)}` } })],
    ['a target that is too long', () => get(`/api/${'a'.repeat(9_000)}`)],
    ['a gateway that is down', () => whileDown('/api/x')],
    ['a gateway that is down, shown as a page', () => whileDown('/bff/login', { headers: { 'Sec-Fetch-Mode': 'navigate' } })],
    ['plain http', () => overHttp('/')],
    ['the API over plain http', () => overHttp('/api/x')],
    ['another host', () => get('/', { headers: { Host: 'other.test' } })],
  ])('cannot be framed or sniffed, and names no version: %s', async (_, question) => {
    const { rawHeaders } = await question()
    expect(valuesOf(rawHeaders, 'Content-Security-Policy')).toEqual([expect.stringContaining("frame-ancestors 'none'")])
    expect(valuesOf(rawHeaders, 'X-Content-Type-Options')).toEqual(['nosniff'])
    expect(valuesOf(rawHeaders, 'Server')).toEqual(['nginx'])
  })

  test.each([
    [
      'a body that is too large',
      413,
      'body_too_large',
      () => get('/bff/x', { method: 'POST', headers: { 'Content-Length': '999999999' } }),
    ],
    ['a target that is too long', 414, 'target_too_long', () => get(`/api/${'a'.repeat(9_000)}`)],
    [
      'headers that are too large',
      431,
      'headers_too_large',
      () => get('/api/x', { headers: { Cookie: `a=${'b'.repeat(9_000)}` } }),
    ],
    ['the API over plain http', 403, 'https_required', () => overHttp('/api/x')],
    ['the gateway over plain http', 403, 'https_required', () => overHttp('/bff/login')],
  ])('is a problem document for %s', async (_, status, code, question) => {
    const answer = await question()
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } })
    expect(JSON.parse(answer.body)).toMatchObject({ status, code, requestId: expect.stringMatching(/^[0-9a-f]{32}$/) })
  })
})

describe('a gateway that is down', () => {
  test('is told to a script by a problem document', async () => {
    const answer = await whileDown('/api/x', {
      method: 'POST',
      headers: { 'Sec-Fetch-Mode': 'cors' },
      body: 'x'.repeat(2_000_000),
    })
    expect(answer).toMatchObject({ status: 503, headers: { 'content-type': 'application/problem+json', 'retry-after': '5' } })
    expect(JSON.parse(answer.body)).toMatchObject({ status: 503, code: 'gateway_unavailable' })
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test('is told to a person by a page, whose style is the one that its policy allows', async () => {
    const { status, headers, body } = await whileDown('/bff/callback?code=x', { headers: { 'Sec-Fetch-Mode': 'navigate' } })
    expect(status).toBe(503)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    const [, style = ''] = /<style>(.*)<\/style>/.exec(body) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    expect(headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`)
    expect(body).toContain('Back in a moment')
  })

  // OAU-40
  test('leaves no authorization code in a log', async () => {
    await whileDown('/bff/callback?code=a-real-code&state=a-real-state', {
      headers: { Referer: 'https://idp.test/?a-real-code' },
    })
    await get('/bff/callback?code=a-real-code&state=a-real-state')
    expect(await alone.log()).toContain('"path":"/bff/callback"')
    expect(await nginx.log()).toContain('"path":"/bff/callback"')
    expect((await alone.log()) + (await nginx.log())).not.toMatch(/a-real-/)
  })
})

describe('the page', () => {
  test('is what a deep link gets, and is asked for again each time', async () => {
    const answer = await get('/orders/john.doe?tab=2')
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-cache', 'content-type': 'text/html; charset=utf-8' },
    })
    expect(answer.body).toContain('The page')
  })

  test('keeps files that are named by their content, compressed', async () => {
    const answer = await get('/assets/app-1a2b.js', { headers: { 'Accept-Encoding': 'gzip' } })
    expect(answer.headers).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable', 'content-encoding': 'gzip' })
  })

  test.each(['/assets/missing.js', '/missing.css', '/favicon.ico', '/.git/config', '/.env'])(
    'is not the answer to %s',
    async (target) => {
      const answer = await get(target)
      expect(answer.status).toBe(404)
      expect(answer.body).not.toContain('The page')
      expect(answer.headers['cache-control']).not.toContain('immutable')
    },
  )

  // CCH-06, CCH-07
  test('lends its rules to nothing of the API', async () => {
    gateway.on('/api/me/x.css', (_, response) => void response.setHeader('Content-Type', 'text/css').end('a '.repeat(2_000)))
    const answer = await get('/api/me/x.css', { headers: { 'Accept-Encoding': 'gzip' } })
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBeUndefined()
    expect(answer.headers['content-encoding']).toBeUndefined()
  })

  // ASVS 4.1.2
  test('is sent on from http, by an address that nobody can choose', async () => {
    const answer = await overHttp('/orders?x=1')
    expect(answer).toMatchObject({ status: 308, headers: { location: `${nginx.origin}/orders?x=1` } })
    expect(answer.headers['strict-transport-security']).toBeUndefined()
    expect((await overHttp('/orders', { method: 'POST' })).status).toBe(403)
  })
})

describe('TLS', () => {
  test('answers for no other host, neither before the handshake nor after it', async () => {
    const socket = speakTls(nginx.httpsPort, 'other.test', authority.certificate)
    const [error] = await once(socket, 'error')
    expect(String(error)).toMatch(/unrecognized name/)
    for (const host of ['other.test', `evil-${HOST}`, `${HOST}.evil.test`]) {
      expect((await get('/api/x', { headers: { Host: host } })).status).toBe(421)
    }
    expect((await ask(`http://other.test:${nginx.httpPort}/`, '')).status).toBe(421)
  })

  test('is 1.2 at least', async () => {
    const modern = speakTls(nginx.httpsPort, HOST, authority.certificate)
    await once(modern, 'secureConnect')
    expect(modern.getProtocol()).toBe('TLSv1.3')
    modern.destroy()
    const older = speakTls(nginx.httpsPort, HOST, authority.certificate, { maxVersion: 'TLSv1.2' })
    await once(older, 'secureConnect')
    older.destroy()
    const old = speakTls(nginx.httpsPort, HOST, authority.certificate, { maxVersion: 'TLSv1.1' })
    const [error] = await once(old, 'error')
    expect(String(error)).toMatch(/protocol version/)
  })
})
