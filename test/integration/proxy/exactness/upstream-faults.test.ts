import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AddressInfo, createServer as createPlainServer, type Server as PlainServer } from 'node:net'
import { createServer, type Server } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createCertificateAuthority } from '../../../support/certificates.ts'
import { type ExactGateway, startExactGateway } from '../../../support/exact-gateway.ts'
import { statusesIn } from '../../../support/raw-answers.ts'
import { findFreePort } from '../../../support/free-port.ts'
import type { RawAnswer, RawPeer } from '../../../support/raw-upstream.ts'
import { until } from '../../../support/until.ts'

let exact: ExactGateway
let untrusted: Server
let plain: PlainServer
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-faults-'))
  const { certificateFile, keyFile } = await (await createCertificateAuthority(folder)).issue('localhost')
  untrusted = createServer({ cert: await readFile(certificateFile), key: await readFile(keyFile) }).on('tlsClientError', () => {})
  await new Promise<void>((resolve) => untrusted.listen(0, '127.0.0.1', resolve))
  plain = createPlainServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  )
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
  const [port, plainPort] = [untrusted, plain].map((server) => (server.address() as AddressInfo).port)
  const nobody = await findFreePort()
  const anybody = { token: 'none', proof: 'none', methods: ['GET', 'POST'] }
  exact = await startExactGateway({}, ({ origin }) => [
    // Apart, so that nobody else has to be as fast.
    { prefix: '/waits/', upstream: `${origin}/waits/`, headersTimeout: '300ms', ...anybody },
    { prefix: '/silent/', upstream: `${origin}/silent/`, bodyTimeout: '300ms', ...anybody },
    { prefix: '/refused/', upstream: `http://127.0.0.1:${nobody}/`, ...anybody },
    { prefix: '/unresolved/', upstream: 'http://nobody.invalid/', ...anybody },
    { prefix: '/untrusted/', upstream: `https://localhost:${port}/`, ...anybody },
    { prefix: '/plain/', upstream: `https://127.0.0.1:${plainPort}/`, ...anybody },
  ])
})
afterAll(async () => {
  await exact.stop()
  await Promise.all([untrusted, plain].map((server) => new Promise((resolve) => server.close(resolve))))
  await rm(folder, { recursive: true })
})

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const sized = (length: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nghost`
const coded = (coding: string) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n5\r\nghost\r\n0\r\n\r\n`
const fielded = (field: string) => `HTTP/1.1 200 OK\r\n${field}\r\nContent-Length: 5\r\n\r\nghost`
const and =
  (bytes: string, then: 'end' | 'reset'): RawAnswer =>
  (peer) => {
    peer.write(bytes)
    // What was written has arrived before the connection breaks: only then is it in the middle of an answer.
    if (then === 'end') peer.end()
    else setTimeout(() => peer.reset(), 30)
  }

let count = 0
/** A fault at a path of its own: what a client hears on a connection that it wants to keep, and how often the upstream was asked. */
async function meet(answer: string | RawAnswer, method = 'GET', prefix = '/open/') {
  const path = `${prefix}fault-${(count += 1)}`
  exact.upstream.answer(path, answer)
  const client = await exact.open()
  client.write(`${method} ${path} HTTP/1.1\r\nHost: {host}\r\n${method === 'POST' ? 'Content-Length: 2\r\n\r\nhi' : '\r\n'}`)
  const told = () => exact.gateway.logs().filter((line) => line['path'] === path)
  await until('the request is told of', () => told().length > 0)
  return { path, client, line: told()[0], times: exact.upstream.of(path).length }
}

/** Nobody else is harmed: the same client, and whoever is next at the upstream. */
async function expectNextUnharmed(client: Awaited<ReturnType<ExactGateway['open']>>, isKept: boolean): Promise<void> {
  const next = 'GET /open/next HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'
  if (isKept) {
    const before = client.received().length
    client.write(next)
    expect((await client.closed()).slice(before)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nok$/s)
  }
  for (let more = 0; more < 2; more += 1) expect(await exact.say(next)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nok$/s)
}

const request = (path: string, connection: string) => `GET ${path} HTTP/1.1\r\nHost: {host}\r\nConnection: ${connection}\r\n\r\n`

describe('an upstream that cannot be reached', () => {
  // HTTP-27
  test.each(['/refused/', '/unresolved/', '/untrusted/', '/plain/'])('is 502 and named in the log alone: %s', async (prefix) => {
    for (const method of ['GET', 'POST']) {
      const said = await exact.say(
        `${method} ${prefix}${method} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      )
      expect(said).toMatch(/^HTTP\/1\.1 502 .*"code":"upstream_unreachable"/s)
      expect(said).not.toMatch(/127\.0\.0\.1|nobody\.invalid|ECONN|ENOTFOUND|certificate|SSL|at \S+\.(?:js|ts)/)
      const line = exact.gateway.logs().find((logged) => logged['path'] === prefix + method)
      expect(line).toMatchObject({
        level: 'warn',
        code: 'upstream_unreachable',
        upstream: expect.stringMatching(/^https?:\/\//),
        status: 502,
      })
    }
    expect(exact.upstream.messages().filter(({ target }) => target === '/GET' || target === '/POST')).toEqual([])
  })
})

describe('an upstream that answers wrongly', () => {
  const unreachable = [502, 'upstream_unreachable'] as const
  const invalid = [502, 'upstream_answer_invalid'] as const

  // HTTP-27, SMG-05, HTTP-11
  test.each<[string, string | RawAnswer, readonly [number, string]]>([
    ['resets before it answers', (peer: RawPeer) => peer.reset(), unreachable],
    ['closes before it answers', (peer: RawPeer) => peer.end(), unreachable],
    ['never answers', () => {}, [504, 'upstream_timed_out']],
    ['answers half a header and waits', 'HTTP/1.1 200 OK\r\nX-Half', [504, 'upstream_timed_out']],
    ['resets in its headers', and('HTTP/1.1 200 OK\r\nX-Half', 'reset'), invalid],
    ['closes in its headers', and('HTTP/1.1 200 OK\r\nX-Half', 'end'), invalid],
    ['speaks no HTTP', and('\x16\x03\x01 this is not HTTP\r\n\r\n', 'end'), invalid],
    ['speaks HTTP/0.9', and('<!doctype html><p>ghost', 'end'), invalid],
    ['speaks another version', 'HTTP/9.9 200 OK\r\nContent-Length: 5\r\n\r\nghost', invalid],
    ['switches unasked', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nghost', invalid],
    ['switches to nothing', 'HTTP/1.1 101 Switching Protocols\r\n\r\nghost', invalid],
    ['sends interim answers without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(200) + OK, invalid],
    [
      'has a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nghost\r\n0\r\n\r\n',
      invalid,
    ],
    [
      'has chunks and a length',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nghost\r\n0\r\n\r\n',
      invalid,
    ],
    ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nghost', invalid],
    ['has one length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nghost', invalid],
    ...['+5', '5a', '0x5', '-1', '5 5', '', '99999999999999999999', '5, 5', '5,6'].map(
      (length) =>
        [`has the length ${JSON.stringify(length)}`, sized(length), invalid] as [string, string, readonly [number, string]],
    ),
    ...['xchunked', 'chunked;x', 'chunked, identity', 'identity', 'gzip', 'gzip, chunked', 'chunked, chunked', ',chunked'].map(
      (coding) =>
        [`has the coding ${coding}`, and(coded(coding), 'end'), invalid] as [string, RawAnswer, readonly [number, string]],
    ),
    ['has two codings', coded('chunked\r\nTransfer-Encoding: chunked'), invalid],
    // SMG-06, SMG-07, SMG-08, HTTP-23
    ...[
      'X : 1',
      'X\t: 1',
      'X: a\r\n b',
      'X: a\rb',
      'X: a\nSet-Cookie: b',
      'X: a\x00b',
      'X: \x01',
      'X: \x7f',
      ': 1',
      'X',
      'X\x00: 1',
      'X\xe9: 1',
      ' X: 1',
    ].map(
      (field) =>
        [`has the field ${JSON.stringify(field)}`, fielded(field), invalid] as [string, string, readonly [number, string]],
    ),
    ['ends its lines in LF', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nghost', invalid],
    ['has headers that are too large', fielded(`X: ${'x'.repeat(40_000)}`), invalid],
    ['has too many headers', fielded(Array.from({ length: 9_000 }, (_, at) => `X${at}: 1`).join('\r\n')), invalid],
    ...['99', '000', '1000', 'abc', '20', '+200'].map(
      (status) =>
        [`has the status ${status}`, `HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\nghost`, invalid] as [
          string,
          string,
          readonly [number, string],
        ],
    ),
    ['has a reason with a line break in it', 'HTTP/1.1 200 a\rSet-Cookie: b\r\nContent-Length: 5\r\n\r\nghost', invalid],
  ])('gets the row of the table, and nobody else is harmed: %s', async (_, answer, [status, code]) => {
    const prefix = status === 504 ? '/waits/' : '/open/'
    const { client, line, times } = await meet(answer, 'GET', prefix)
    const said = await client.until('"requestId"')
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*"code":"${code}"`, 's'))
    expect(said).not.toMatch(/ghost|127\.0\.0\.1|UND_ERR|HPE_/)
    expect(line).toMatchObject({
      level: 'warn',
      code,
      status,
      blame: 'upstream',
      upstream: exact.upstream.origin,
      aborted: false,
    })
    // HTTP-29: asked again only where no answer had begun and asking changes nothing.
    expect(times).toBe(code === 'upstream_unreachable' ? 2 : 1)
    await expectNextUnharmed(client, true)

    const unsafe = await meet(answer, 'POST', prefix)
    expect(await unsafe.client.until('"requestId"')).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*"code":"${code}"`, 's'))
    expect(unsafe.times).toBe(1)
    unsafe.client.destroy()
  })

  // HTTP-28, SMG-09
  test.each<[string, string | RawAnswer, string]>([
    ['resets in a body with a length', and('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly', 'reset'), 'only'],
    ['closes in a body with a length', and('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly', 'end'), 'only'],
    [
      'closes as announced, but too early',
      and('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nonly', 'end'),
      'only',
    ],
    ['resets in a chunk', and(`${CHUNKED}64\r\nonly`, 'reset'), 'only'],
    ['closes in a chunk', and(`${CHUNKED}64\r\nonly`, 'end'), 'only'],
    ['closes between chunks', and(`${CHUNKED}4\r\nonly\r\n`, 'end'), 'only'],
    [
      'closes between chunks, as announced',
      and(`HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n`, 'end'),
      'only',
    ],
    ['closes before the end of its last chunk', and(`${CHUNKED}4\r\nonly\r\n0\r\n`, 'end'), 'only'],
    ['falls silent in a body with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly', 'only'],
    ['falls silent in a chunk', `${CHUNKED}64\r\nonly`, 'only'],
    ['falls silent in a length that no body has', 'HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nonly', 'only'],
    ['has a chunk size that overflows', `${CHUNKED}fffffffffffffffff\r\nghost`, ''],
    ['has a chunk size in C', `${CHUNKED}4\r\nonly\r\n0x5\r\nghost\r\n0\r\n\r\n`, 'only'],
    ['has a chunk size with a sign', `${CHUNKED}4\r\nonly\r\n+5\r\nghost\r\n0\r\n\r\n`, 'only'],
    ['has a chunk size with _', `${CHUNKED}4\r\nonly\r\n5_\r\nghost\r\n0\r\n\r\n`, 'only'],
    ['ends a chunk size in LF', `${CHUNKED}4\r\nonly\r\n5\nghost\r\n0\r\n\r\n`, 'only'],
    ['ends no chunk', `${CHUNKED}4\r\nonly5\r\nghost\r\n0\r\n\r\n`, 'only'],
    ['has a trailer with a space before the colon', `${CHUNKED}4\r\nonly\r\n0\r\nX : 1\r\n\r\n`, 'only'],
    ['has trailers that are too large', `${CHUNKED}4\r\nonly\r\n0\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 'only'],
  ])('is cut short for the client, who can tell: %s', async (fault, answer, part) => {
    for (const method of ['GET', 'POST']) {
      const { client, line, times } = await meet(answer, method, fault.startsWith('falls silent') ? '/silent/' : '/open/')
      const said = await client.closed()
      expect(statusesIn(said)).toEqual([200])
      expect(said).toContain(part)
      expect(said).not.toMatch(/\r\n0\r\n\r\n$|ghost/)
      expect(line).toMatchObject({
        level: 'warn',
        status: 200,
        blame: 'upstream',
        upstream: exact.upstream.origin,
        aborted: false,
      })
      expect(['upstream_answer_invalid', 'upstream_timed_out']).toContain(line?.['code'])
      expect(times).toBe(1)
      await expectNextUnharmed(client, false)
    }
  })

  // HTTP-28
  test('is cut short by a reset for HTTP/1.0, to which an end would look like the end of the answer', async () => {
    exact.upstream.answer('/open/old', and(`${CHUNKED}4\r\nonly\r\n`, 'end'))
    const client = await exact.open()
    client.write('GET /open/old HTTP/1.0\r\nHost: {host}\r\n\r\n')
    await client.closed()
    expect(client.wasReset()).toBe(true)
    exact.upstream.answer('/open/old', `${CHUNKED}4\r\nonly\r\n0\r\n\r\n`)
    const whole = await exact.open()
    whole.write('GET /open/old HTTP/1.0\r\nHost: {host}\r\n\r\n')
    expect(await whole.closed()).toMatch(/\r\n\r\nonly$/)
    expect(whole.wasReset()).toBe(false)
  })

  // SMG-12
  test.each([
    ['two answers in one piece', `${OK}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nghost`],
    ['a longer body than it said', `${OK}ghost`],
    ['a body to 204', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nghost'],
    ['chunks to 204', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nghost\r\n0\r\n\r\n'],
    ['a body to 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nghost'],
    ['a request instead of silence', `${OK}GET /ghost HTTP/1.1\r\n\r\n`],
  ])('is heard for one answer and no more: %s', async (_, answer) => {
    exact.upstream.answer('/open/surplus', answer)
    const client = await exact.open()
    client.write(request('/open/surplus', 'keep-alive') + request('/open/next', 'keep-alive') + request('/open/next', 'close'))
    const said = await client.closed()
    expect(statusesIn(said).slice(1)).toEqual([200, 200])
    expect(said).not.toContain('ghost')
    for (let more = 0; more < 3; more += 1) expect(await exact.say(request('/open/next', 'close'))).not.toContain('ghost')
  })

  // SMG-12
  test('is heard for one answer and no more: two answers, the second when nothing was asked', async () => {
    let isGhostSent = false
    exact.upstream.answer('/open/later', (peer) => {
      peer.write(OK)
      setTimeout(() => {
        peer.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nghost')
        isGhostSent = true
      }, 20)
    })
    const ask = (path: string) => exact.say(`GET ${path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n`)
    expect(await ask('/open/later')).toMatch(/ok$/)
    await until('the second answer is out', () => isGhostSent)
    for (let more = 0; more < 5; more += 1) expect(await ask('/open/next')).toMatch(/\r\n\r\nok$/)
  })
})

const early = (answer: string | RawAnswer) => {
  const path = `/open/early-${(count += 1)}`
  exact.upstream.answerEarly(path, answer)
  return path
}

describe('an upstream that answers before the body is there', () => {
  // HTTP-37, SMG-16
  test.each([
    ['and stays', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'],
    ['and closes', and('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno', 'end')],
    ['and breaks off', and('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 'reset')],
  ])('%s is heard, and the rest of the body is nobody’s request', async (_, answer) => {
    const ghost = `GET /open/ghost HTTP/1.1\r\nHost: ${exact.host}\r\n\r\n`
    const client = await exact.open()
    client.write(`POST ${early(answer)} HTTP/1.1\r\nHost: {host}\r\nContent-Length: ${ghost.length + 1}\r\n\r\nx`)
    expect(statusesIn(await client.until('\r\n\r\nno'))).toEqual([expect.any(Number)])
    client.write(ghost)
    client.write('GET /open/next HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n')
    expect(await client.closed()).toMatch(/\r\n\r\nok$/)
    expect(exact.upstream.of('/open/ghost')).toEqual([])
    expect(exact.upstream.received().join('')).not.toContain('/open/ghost')
  })
})
