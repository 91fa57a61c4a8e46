import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Http2ServerResponse } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { RouteConfig } from '../../../src/config/config.ts'
import { type CarryingLane, routeTo, startCarryingLane } from '../../support/carrying-lane.ts'
import { type Certificate, type CertificateAuthority, createCertificateAuthority } from '../../support/certificates.ts'
import { openRaw, rawRequest } from '../../support/raw-client.ts'
import { type SecureUpstream, startSecureUpstream } from '../../support/secure-upstream.ts'
import { createStops } from '../../support/stops.ts'
import { until } from '../../support/until.ts'

const HEAD = 'Host: a\r\nCookie: session=1\r\n'
const CLOSE = `${HEAD}Connection: close\r\n`
const PIECE = Buffer.alloc(16 * 1024, 'p')
const MEGABYTE = 'm'.repeat(1024 * 1024)
let folder: string
let authority: CertificateAuthority
let localhost: Certificate
const stops = createStops()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-http2-'))
  authority = await createCertificateAuthority(folder)
  localhost = await authority.issue('localhost')
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(stops.stopAll)

async function start(protocols: 'both' | 'http1' | 'http2', more: Partial<RouteConfig> = {}) {
  const upstream: SecureUpstream = await startSecureUpstream({ certificate: localhost, protocols })
  stops.add(() => upstream.close())
  const tls = { ca: authority.certificate, certificate: undefined, key: undefined, serverName: undefined }
  const route = routeTo(upstream.origin, { prefix: '/h2/', http2: true, mostBodyBytes: 8 * MEGABYTE.length, tls, ...more })
  // Over the same connections, and with less patience.
  const hasty = { ...route, prefix: '/hasty/', headersTimeoutMilliseconds: 200 }
  const lane: CarryingLane = await startCarryingLane({ moreRoutes: [route, hasty] })
  stops.add(() => lane.close())
  const get = (path: string, more = '') => rawRequest(lane.port, `GET /h2/${path} HTTP/1.1\r\n${CLOSE}${more}\r\n`)
  return { upstream, lane, get }
}

/** Has `/slow` wait for the word. */
function answerLater(upstream: SecureUpstream): () => void {
  let waiting: Http2ServerResponse | undefined
  upstream.answer('/slow', (_request, response) => (waiting = response))
  return () => void waiting?.end('at last')
}

describe('HTTP/2 to an upstream', () => {
  test.each([
    ['http2', '2.0'],
    ['both', '2.0'],
    ['http1', '1.1'],
  ] as const)('is spoken where it is offered: %s', async (protocols, version) => {
    const { upstream, get } = await start(protocols)
    expect(await get('x')).toMatch(/^HTTP\/1.1 200 .*hello/s)
    expect(upstream.requests[0]).toMatchObject({ httpVersion: version, headers: { authorization: 'Bearer the-access-token' } })
  })

  test('takes one connection for many calls', async () => {
    const { upstream, get } = await start('both')
    await get('first')
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => get(`x${index}`)))
    expect(answers.every((answer) => answer.startsWith('HTTP/1.1 200 '))).toBe(true)
    expect(upstream.connections()).toBe(1)
  })

  test('lets nobody break the connection of others by writing one header in two ways', async () => {
    const { upstream, get } = await start('http2')
    const finish = answerLater(upstream)
    const other = get('slow')
    await until('it is asked', () => upstream.requests.some(({ path }) => path === '/slow'))
    expect(await get('x', 'Content-Type: text/a\r\ncontent-type: text/b\r\nX-Many: 1\r\nx-many: 2\r\n')).toMatch(
      /^HTTP\/1.1 200 /,
    )
    expect(upstream.requests.at(-1)?.headers).toMatchObject({ 'content-type': 'text/a, text/b', 'x-many': '1, 2' })
    finish()
    expect(await other).toMatch(/at last/)
    expect(upstream.connections()).toBe(1)
  })

  test('carries large bodies unchanged, those of requests over HTTP/1.1', async () => {
    const { upstream, lane, get } = await start('both')
    upstream.answer('/big', (_request, response) => void response.end(MEGABYTE + MEGABYTE + MEGABYTE))
    const answer = await get('big')
    expect(answer.match(/m{9,}/g)?.reduce((sum, run) => sum + run.length, 0)).toBe(3 * MEGABYTE.length)
    expect(answer).toMatch(/\r\n0\r\n\r\n$/)
    const body = Array.from({ length: 200_000 }, (_, index) => index).join()
    await rawRequest(lane.port, `POST /h2/up HTTP/1.1\r\n${CLOSE}Content-Length: ${body.length}\r\n\r\n${body}`)
    expect(
      createHash('sha256')
        .update(upstream.requests.at(-1)?.body ?? '')
        .digest('hex'),
    ).toBe(createHash('sha256').update(body).digest('hex'))
    const chunked = `POST /h2/up HTTP/1.1\r\n${CLOSE}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n4\r\n you\r\n0\r\n\r\n`
    expect(await rawRequest(lane.port, chunked)).toMatch(/^HTTP\/1.1 200 /)
    expect(upstream.requests.at(-1)).toMatchObject({ body: 'hello you', httpVersion: '1.1' })
    expect(upstream.requests[0]?.httpVersion).toBe('2.0')
  })

  test('bounds a body as ever', async () => {
    const { lane } = await start('both', { mostBodyBytes: 10 })
    const chunked = `POST /h2/up HTTP/1.1\r\n${CLOSE}Transfer-Encoding: chunked\r\n\r\nb\r\nhello hello\r\n0\r\n\r\n`
    expect(await rawRequest(lane.port, chunked)).toMatch(/^HTTP\/1.1 413 /)
  })

  test('holds back an answer that its reader does not take, and no other', async () => {
    const { upstream, lane, get } = await start('http2')
    let written = 0
    upstream.answer('/endless', (_request, response) => {
      const pieces = new Readable({
        read() {
          written += PIECE.length
          this.push(PIECE)
        },
      })
      pieces.pipe(response)
      response.on('close', () => pieces.destroy())
    })
    const slow = await openRaw(lane.port)
    slow.pause()
    slow.write(`GET /h2/endless HTTP/1.1\r\n${HEAD}\r\n`)
    await until('it is asked', () => upstream.requests.length === 1)
    for (let count = 0; count < 20; count += 1) expect(await get(`x${count}`)).toMatch(/hello/)
    const before = written
    for (let count = 0; count < 20; count += 1) await get(`y${count}`)
    expect(written).toBe(before)
    expect(upstream.connections()).toBe(1)
    slow.destroy()
    await until('its call is aborted', () => upstream.aborted.includes('/endless'))
  })

  test('ends the call of a client that leaves, and no other', async () => {
    const { upstream, lane, get } = await start('http2')
    upstream.answer('/hang', () => {})
    const finish = answerLater(upstream)
    const other = get('slow')
    const client = await openRaw(lane.port)
    client.write(`GET /h2/hang HTTP/1.1\r\n${HEAD}\r\n`)
    await until('it is asked', () => upstream.requests.length === 2)
    client.destroy()
    await until('its call is aborted', () => upstream.aborted.includes('/hang'))
    finish()
    expect(await other).toMatch(/at last/)
    expect(upstream.connections()).toBe(1)
  })

  test('flushes an event stream at once', async () => {
    const { upstream, lane } = await start('http2')
    upstream.answer('/events', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: first\n\n')
    })
    const client = await openRaw(lane.port)
    client.write(`GET /h2/events HTTP/1.1\r\n${HEAD}Accept: text/event-stream\r\n\r\n`)
    await client.until('data: first')
    client.destroy()
  })

  test('passes neither early hints nor trailers', async () => {
    const { upstream, get } = await start('http2')
    upstream.answer('/both', (_request, response) => {
      response.writeEarlyHints({ link: '</x.js>; rel=preload' })
      response.addTrailers({ 'x-late': '1' })
      response.end('body')
    })
    const answer = await get('both')
    expect(answer).toMatch(/^HTTP\/1.1 200 .*body/s)
    expect(answer).not.toMatch(/x-late|preload/i)
  })

  test.each(['with its length', 'without it'])(
    'that breaks off in a body %s is seen to fail, and is not asked again',
    async (kind) => {
      const { upstream, lane, get } = await start('http2')
      upstream.answer('/die', (request, response) => {
        response.writeHead(200, kind === 'without it' ? {} : { 'content-length': '100' })
        response.write('only this', () => request.stream.session?.destroy())
      })
      const answer = await get('die')
      expect(answer).not.toMatch(/\r\n0\r\n\r\n$/)
      expect(await lane.reported()).toMatchObject({ status: 200, code: 'upstream_answer_invalid', aborted: false })
      expect(upstream.requests).toHaveLength(1)
    },
  )

  test('asks again, once, where a connection ends before the answer, and only what is safe', async () => {
    const { upstream, lane, get } = await start('http2')
    let count = 0
    upstream.answer('/flaky', (request, response) => {
      count += 1
      if (count === 1) request.stream.session?.destroy()
      else response.end('second')
    })
    expect(await get('flaky')).toMatch(/second/)
    count = 0
    expect(await rawRequest(lane.port, `POST /h2/flaky HTTP/1.1\r\n${CLOSE}Content-Length: 0\r\n\r\n`)).toMatch(/^HTTP\/1.1 502 /)
    expect(count).toBe(1)
  })

  test('that resets a call is an answer that was not understood', async () => {
    const { upstream, get } = await start('http2')
    upstream.answer('/reset', (request) => request.stream.close(2))
    expect(await get('reset')).toMatch(/^HTTP\/1.1 502 .*upstream_answer_invalid$/s)
    expect(upstream.requests).toHaveLength(1)
  })

  test('that says nothing is given up in time, and its connection serves others still', async () => {
    const { upstream, lane, get } = await start('http2')
    upstream.answer('/hang', () => {})
    const given = await rawRequest(lane.port, `GET /hasty/hang HTTP/1.1\r\n${CLOSE}\r\n`)
    expect(given).toMatch(/^HTTP\/1.1 504 .*upstream_timed_out$/s)
    expect(await get('x')).toMatch(/hello/)
    expect(upstream.connections()).toBe(1)
  })
})
