import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CertificateAuthority, createCertificateAuthority } from '../support/certificates.ts'
import { type HostileMessage, readCorpus } from '../support/corpus.ts'
import { findFreePort } from '../support/free-port.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { rawRequest } from '../support/raw-client.ts'
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'
import { speakTls } from './ask.ts'
import { type Field, sendHttp2 } from './send-http2.ts'

const HOST = 'app.shop.test'

let folder: string
let authority: CertificateAuthority
let upstream: RawUpstream
let nginx: Nginx
let gateway: TestGateway
let host: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-smuggling-'))
  await chmod(folder, 0o755)
  authority = await createCertificateAuthority(folder)
  upstream = await startRawUpstream()
  const address = `127.0.0.1:${await findFreePort()}`
  nginx = await startNginx({ serverName: HOST, certificate: await authority.issue(HOST), page: folder, gateway: address })
  host = new URL(nginx.origin).host
  const methods = ['GET', 'HEAD', 'POST', 'OPTIONS']
  const route = {
    prefix: '/api/',
    upstream: `${upstream.origin}/api/`,
    token: 'none',
    proof: 'none',
    methods,
    bodyTimeout: '300ms',
  }
  gateway = await startGateway({
    COATCHECK_BASE_URL: nginx.origin,
    COATCHECK_LISTEN: address,
    COATCHECK_TRUSTED_PROXIES: '127.0.0.1/32',
    COATCHECK_ROUTES: JSON.stringify([route]),
  })
})

afterAll(async () => {
  await Promise.all([nginx, upstream].map((started) => ('stop' in started ? started.stop() : started.close())))
  await gateway.stop()
  await rm(folder, { recursive: true })
})

interface Arrived {
  readonly method: string
  readonly target: string
  readonly body?: string
}

const AFTER = '/api/after'
let count = 0

/** What of a message reaches the upstream as requests. Behind it comes an honest request, the last of its connection. */
async function arrived({ bytes }: HostileMessage, path: string, send: (bytes: string) => Promise<string>) {
  const seen = upstream.messages().length
  await send(`${bytes(host, path)}GET ${AFTER} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  const messages = upstream.messages().slice(seen)
  expect(messages.map(({ head }) => head).join('')).not.toMatch(/attacker|root|evil/)
  return messages.map(({ method, target, body }) => ({ method, target, body })).filter(({ target }) => target !== AFTER)
}

const directly = (bytes: string) => rawRequest(gateway.port, bytes)

function throughNginx(bytes: string): Promise<string> {
  const socket = speakTls(nginx.httpsPort, HOST, authority.certificate)
  let said = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (said += piece))
  socket.write(bytes, 'latin1')
  return new Promise((resolve) => socket.on('error', () => {}).on('close', () => resolve(said)))
}

/** The requests that nginx took for such and passed on, as its own log has them. */
async function passedOn(from: number): Promise<readonly Arrived[]> {
  const lines = (await nginx.log()).slice(from).split('\n')
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line): Readonly<Record<string, string>> => JSON.parse(line))
    .filter((line) => line['upstream'] !== '')
    .map((line) => ({ method: line['method'] ?? '', target: line['path'] ?? '' }))
}

// SMG-17, and through nginx SMG-01 to SMG-10, SMG-16
describe.each([...readCorpus()])('a message that could be read in two ways, by its %s,', (_, messages) => {
  test.each(messages.map((message) => [message.name, message] as const))(
    'is refused by one, or seen alike by both: %s',
    async (_name, message) => {
      const path = `/api/message-${(count += 1)}`
      const plain = await arrived(message, path, directly)
      expect(plain.map(({ target }) => target)).not.toContain('/api/ghost')
      expect(plain.length).toBeLessThanOrEqual(1)

      const logged = (await nginx.log()).length
      const proxied = await arrived(message, path, throughNginx)
      // What is a request for the gateway was one for nginx too, in the same order: nothing hides in another one.
      const isLogged = async () => isPartOf(proxied, await passedOn(logged))
      await until('nginx has written down what it passed on', isLogged)
      // Where nginx is laxer than the gateway, what is hidden is a request of its own to both: first comes the one that hides it.
      if (plain.length > 0 && proxied.length > 0) expect(proxied).toEqual(plain)
      expect(proxied[0]?.target ?? path).toBe(path)
    },
  )
})

/** Whether the members of `part` are in `whole`, in their order. */
function isPartOf(part: readonly Arrived[], whole: readonly Arrived[]): boolean {
  let at = 0
  for (const { method, target } of whole) {
    const next = part[at]
    if (next !== undefined && next.method === method && next.target === target) at += 1
  }
  return at === part.length
}

const good = (path: string): Field[] => [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', host],
  [':path', path],
]

// SMG-14
describe('a field of HTTP/2 that HTTP/1.1 would read in another way', () => {
  test('is none in an honest request', async () => {
    const seen = upstream.messages().length
    await sendHttp2(nginx.httpsPort, HOST, authority.certificate, [...good('/api/honest'), ['x-plain', 'yes']])
    expect(upstream.messages().slice(seen)).toMatchObject([{ method: 'GET', target: '/api/honest' }])
    expect(upstream.last().values('x-plain')).toEqual(['yes'])
  })

  test.each<[string, (path: string) => Field[]]>([
    ['a line end in a value', (path) => [...good(path), ['x', 'a\r\nx-evil: 1']]],
    ['a line feed in a value', (path) => [...good(path), ['x', 'a\nx-evil: 1']]],
    ['a bare CR in a value', (path) => [...good(path), ['x', 'a\rx-evil: 1']]],
    ['a NUL in a value', (path) => [...good(path), ['x', 'a\0x-evil: 1']]],
    ['a line end in a name', (path) => [...good(path), ['x\r\nx-evil: 1', 'a']]],
    ['a colon in a name', (path) => [...good(path), ['x-evil: 1\r\nx', 'a']]],
    ['a space in a name', (path) => [...good(path), ['x-evil ', 'a']]],
    ['a name in capitals', (path) => [...good(path), ['X-Evil', 'a']]],
    ['a space in the path', (path) => [...good(`${path} HTTP/1.1\r\nx-evil: 1\r\n`)]],
    ['a request in the path', (path) => [...good(`${path} HTTP/1.1\r\nHost: x\r\n\r\nGET /api/ghost`)]],
    [
      'a line end in the method',
      (path) => [[':method', 'GET /api/ghost HTTP/1.1\r\nx-evil: 1\r\n\r\nGET'], ...good(path).slice(1)],
    ],
    ['another host beside ours', (path) => [...good(path), ['host', 'evil.test']]],
    [
      'a line end in the authority',
      (path) => [...good(path).filter(([name]) => name !== ':authority'), [':authority', `${host}\r\nx-evil: 1`]],
    ],
    ['a path twice', (path) => [...good(path), [':path', '/api/ghost']]],
    ['a transfer coding', (path) => [...good(path), ['transfer-encoding', 'chunked']]],
    ['a length that is none', (path) => [...good(path), ['content-length', '5x']]],
    [
      'fields of a connection',
      (path) => [...good(path), ['connection', 'x-forwarded-for, upgrade'], ['upgrade', 'h2c'], ['keep-alive', 'evil']],
    ],
  ])('is refused, or reaches the upstream as what it is: %s', async (_, fields) => {
    const path = `/api/message-${(count += 1)}`
    const seen = upstream.messages().length
    await sendHttp2(nginx.httpsPort, HOST, authority.certificate, fields(path))
    const messages = upstream.messages().slice(seen)
    expect(messages.length).toBeLessThanOrEqual(1)
    for (const { target, head, values } of messages) {
      expect(target).toBe(path)
      expect(head).not.toMatch(/evil|ghost|transfer-encoding|h2c/i)
      expect(values('x-forwarded-for')).toEqual(['127.0.0.1'])
    }
  })
})

// HTTP-15, SMG-12
test('an interim answer of the upstream is not taken for the final one by nginx, which would pass the rest on as its body', async () => {
  const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </x.js>; rel=preload\r\n\r\n'
  upstream.answer('/api/hints', `${hint}${hint}HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nok`)
  const said = await throughNginx(`GET /api/hints HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  expect(said).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nok$/s)
  expect(said).not.toMatch(/^HTTP\/1\.1 103|preload|set-cookie/im)
})

test('there are enough of them', () => {
  expect([...readCorpus().values()].flat().length).toBeGreaterThanOrEqual(100)
})
