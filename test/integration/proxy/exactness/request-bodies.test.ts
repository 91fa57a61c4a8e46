import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type ExactGateway, startExactGateway } from '../../../support/exact-gateway.ts'
import { statusesIn } from '../../../support/raw-answers.ts'

let exact: ExactGateway
beforeAll(async () => {
  exact = await startExactGateway({ bodyLimit: '100kB', bodyTimeout: '500ms' })
})
afterAll(() => exact.stop())

const SIGNED_IN = ['Host: {host}', 'Cookie: {cookie}', 'X-CSRF: 1']
const bytes = (lines: readonly string[], body = '') => [...lines, '', body].join('\r\n')

describe('Expect: 100-continue', () => {
  const EXPECTS = ['Expect: 100-continue', 'Content-Length: 5']

  // HTTP-13
  test('is met before the body is there, once, and goes no further', async () => {
    const client = await exact.open()
    client.write(bytes(['POST /api/x HTTP/1.1', ...SIGNED_IN, ...EXPECTS, 'Connection: close']))
    await client.until('HTTP/1.1 100 Continue\r\n\r\n')
    client.write('hello')
    const said = await client.closed()
    expect(statusesIn(said)).toEqual([100, 200])
    expect(exact.upstream.last().body).toBe('hello')
    expect(exact.upstream.last().values('expect')).toEqual([])
  })

  // HTTP-13
  test.each([
    [400, ['POST /api/../x HTTP/1.1', ...SIGNED_IN, ...EXPECTS]],
    [401, ['POST /api/x HTTP/1.1', 'Host: {host}', 'X-CSRF: 1', ...EXPECTS]],
    [403, ['POST /api/x HTTP/1.1', 'Host: {host}', 'Cookie: {cookie}', ...EXPECTS]],
    [404, ['POST /nowhere HTTP/1.1', ...SIGNED_IN, ...EXPECTS]],
    [405, ['POST /read/x HTTP/1.1', ...SIGNED_IN, ...EXPECTS]],
    [413, ['POST /api/x HTTP/1.1', ...SIGNED_IN, 'Expect: 100-continue', 'Content-Length: 999999']],
    [421, ['POST /api/x HTTP/1.1', 'Host: evil.test', ...EXPECTS]],
  ])('gets the final answer at once where it is %i, and no 100', async (status, lines) => {
    // Not the number of bytes: what another test has left on its way may still arrive.
    const marker = `X-Marker: refused-${status}`
    const said = await exact.say(bytes([...lines, marker]))
    expect(statusesIn(said)).toEqual([status])
    expect(said).toMatch(/\r\nConnection: close\r\n/)
    expect(exact.upstream.received().join('')).not.toContain(marker)
  })

  // HTTP-13
  test('whose body never comes is 408, and the upstream is not left hanging', async () => {
    const client = await exact.open()
    client.write(bytes(['POST /api/never HTTP/1.1', ...SIGNED_IN, ...EXPECTS]))
    expect(statusesIn(await client.until('"code":"request_timed_out"'))).toEqual([100, 408])
    await exact.upstream.until(() => !exact.upstream.isOpen('/api/never'))
    client.destroy()
  })

  // HTTP-14
  test('is the only expectation: another one is 417, and HTTP/1.0 has none', async () => {
    for (const expectation of ['x', '100-continue, x', '200-ok', '100-continue;q=1', '']) {
      const said = await exact.say(
        bytes(['POST /api/x HTTP/1.1', ...SIGNED_IN, 'Connection: close', `Expect: ${expectation}`, 'Content-Length: 0']),
      )
      expect([expectation, statusesIn(said)]).toEqual([expectation, [417]])
    }
    const upper = await exact.say(
      bytes(['POST /api/x HTTP/1.1', ...SIGNED_IN, 'Connection: close', 'Expect: 100-CONTINUE', 'Content-Length: 2'], 'hi'),
    )
    expect(statusesIn(upper)).toEqual([100, 200])
    for (const ignored of ['100-continue', 'x']) {
      const old = await exact.say(
        bytes(['POST /api/x HTTP/1.0', ...SIGNED_IN, `Expect: ${ignored}`, 'Content-Length: 5'], 'hello'),
      )
      expect([ignored, statusesIn(old)]).toEqual([ignored, [200]])
    }
  })
})

describe('a body', () => {
  // SMG-13
  test.each(['GET', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'QUERY'])(
    'is carried byte for byte, and its length is said: %s',
    async (method) => {
      const all = Buffer.from(Array.from({ length: 256 }, (_byte, at) => at)).toString('latin1')
      await exact.say(
        bytes([`${method} /open/body HTTP/1.1`, 'Host: {host}', 'Connection: close', `Content-Length: ${all.length}`], all),
      )
      expect(exact.upstream.last().body).toBe(all)
      expect(exact.upstream.last().values('content-length')).toEqual(['256'])
      expect(exact.upstream.last().values('transfer-encoding')).toEqual([])
    },
  )

  // HTTP-41
  test('that is encoded stays as it is', async () => {
    const gzip = '\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03'
    await exact.say(
      bytes(
        [
          'POST /open/gzip HTTP/1.1',
          'Host: {host}',
          'Connection: close',
          'Content-Encoding: gzip',
          `Content-Length: ${gzip.length}`,
        ],
        gzip,
      ),
    )
    expect(exact.upstream.last().body).toBe(gzip)
    expect(exact.upstream.last().values('content-encoding')).toEqual(['gzip'])
  })

  // HTTP-16, HTTP-17
  test('leaves its trailers behind, and the announcement of them', async () => {
    const trailers = 'Authorization: Bearer attacker\r\nHost: evil.test\r\nX-Late: 1\r\nSet-Cookie: a=1\r\n'
    await exact.say(
      bytes(
        [
          'POST /open/after HTTP/1.1',
          'Host: {host}',
          'Connection: close, X-Late',
          'Trailer: X-Late',
          'TE: trailers',
          'Transfer-Encoding: chunked',
        ],
        `5\r\nhello\r\n0\r\n${trailers}\r\n`,
      ),
    )
    const message = exact.upstream.last()
    expect([message.body, message.trailers]).toEqual(['hello', ''])
    expect(message.head).not.toMatch(/late|attacker|evil|trailer|set-cookie/i)
  })

  // HTTP-28
  test.each([
    ['a length', 'Content-Length: 100', 'only this'],
    ['chunks', 'Transfer-Encoding: chunked', '64\r\nonly this'],
    ['chunks, between two', 'Transfer-Encoding: chunked', '9\r\nonly this\r\n'],
  ])('that its sender cuts short is cut short for the upstream: with %s', async (_, framing, part) => {
    const client = await exact.open()
    const target = `/open/half?${framing.length}${part.length}`
    const arrived = () =>
      exact.upstream
        .received()
        .find((text) => text.includes(target))
        ?.split(target)[1] ?? ''
    client.write(bytes([`POST ${target} HTTP/1.1`, 'Host: {host}', framing], part))
    await exact.upstream.until(() => arrived().includes('only this'))
    client.destroy()
    await exact.upstream.until(() => !exact.upstream.isOpen(target))
    expect(arrived()).toMatch(/only this(?:\r\n)?$/)
    expect(exact.upstream.of('/open/half')).toEqual([])
  })

  // SMG-16, HTTP-37
  test.each([
    [400, ['POST /api/../x HTTP/1.1', ...SIGNED_IN]],
    [401, ['POST /api/x HTTP/1.1', 'Host: {host}', 'X-CSRF: 1']],
    [403, ['POST /api/x HTTP/1.1', 'Host: {host}', 'Cookie: {cookie}']],
    [404, ['POST /nowhere HTTP/1.1', ...SIGNED_IN]],
    [404, ['POST /bff/nowhere HTTP/1.1', ...SIGNED_IN]],
    [405, ['POST /read/x HTTP/1.1', ...SIGNED_IN]],
    [405, ['POST /bff/session HTTP/1.1', ...SIGNED_IN]],
    [417, ['POST /api/x HTTP/1.1', ...SIGNED_IN, 'Expect: x']],
    [421, ['POST /api/x HTTP/1.1', 'Host: evil.test']],
    [508, ['POST /api/x HTTP/1.1', ...SIGNED_IN, 'Via: 1.1 coatcheck']],
  ])('that nobody reads, since the answer is %i, is never taken for a request', async (status, lines) => {
    const ghost = `GET /open/ghost HTTP/1.1\r\nHost: ${exact.host}\r\n\r\n`
    for (const isSentAtOnce of [true, false]) {
      const client = await exact.open()
      client.write(bytes([...lines, `Content-Length: ${ghost.length}`], isSentAtOnce ? ghost : ''))
      await client.until('"requestId"')
      if (!isSentAtOnce) client.write(ghost)
      client.write(bytes(['GET /open/after HTTP/1.1', 'Host: {host}', 'Connection: close']))
      expect(statusesIn(await client.closed())[0]).toBe(status)
    }
    expect(exact.upstream.of('/open/ghost')).toEqual([])
  })

  // SMG-16
  test('that a last hop does not read is never taken for a request', async () => {
    const ghost = `GET /open/ghost HTTP/1.1\r\nHost: ${exact.host}\r\n\r\n`
    const client = await exact.open()
    client.write(bytes(['OPTIONS /open/x HTTP/1.1', 'Host: {host}', 'Max-Forwards: 0', `Content-Length: ${ghost.length}`]))
    await client.until('HTTP/1.1 204')
    client.write(ghost)
    client.write(bytes(['GET /open/after HTTP/1.1', 'Host: {host}', 'Connection: close']))
    await client.closed()
    expect(exact.upstream.of('/open/ghost')).toEqual([])
  })

  // HTTP-39
  test('whose sender leaves ends the call upstream', async () => {
    exact.upstream.answer('/open/never', () => {})
    const client = await exact.open()
    client.write(bytes(['GET /open/never HTTP/1.1', 'Host: {host}']))
    await exact.upstream.until(() => exact.upstream.of('/open/never').length === 1)
    client.destroy()
    await exact.upstream.until(() => !exact.upstream.isOpen('/open/never'))
  })
})
