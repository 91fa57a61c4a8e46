import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type ExactGateway, startExactGateway } from '../../../support/exact-gateway.ts'
import { statusesIn, valuesIn } from '../../../support/raw-answers.ts'

let exact: ExactGateway
beforeAll(async () => {
  exact = await startExactGateway()
})
afterAll(() => exact.stop())

const GHOST = 'GET /open/ghost HTTP/1.1\r\nHost: {host}\r\n\r\n'

/** Sends a message with a hidden one behind it over a connection that would be kept, and gives what the gateway said. */
async function refused(head: readonly string[], body = ''): Promise<string> {
  const before = exact.upstream.received().join('')
  const said = await exact.say([...head, '', body].join('\r\n') + GHOST)
  expect(exact.upstream.received().join('').slice(before.length)).not.toContain('ghost')
  return said
}

const POST = ['POST /open/x HTTP/1.1', 'Host: {host}']
const GET = ['GET /open/x HTTP/1.1', 'Host: {host}']
const BROKEN = /^HTTP\/1\.1 400 .*\r\nConnection: close\r\n.*"code":"request_invalid"/s

describe('a request whose end cannot be told', () => {
  // SMG-01
  test.each([
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['Content-Length: 0', 'transfer-encoding: CHUNKED'],
  ])('because it has a length and chunks is refused, with the end of its connection: %s, %s', async (...framing) => {
    expect(await refused([...POST, ...framing], '0\r\n\r\n')).toMatch(BROKEN)
  })

  // SMG-02
  test.each([
    'chunked, identity',
    'identity',
    'xchunked',
    'chunked;x',
    '"chunked"',
    ',chunked',
    'chunked,',
    'chunked, chunked',
    'gzip, chunked',
    'gzip',
    '\x0bchunked',
    'chunked\t',
    'chunked\x00',
    'chu\tnked',
  ])('because its transfer coding is not chunked alone is refused: %j', async (coding) => {
    expect(await refused([...POST, `Transfer-Encoding: ${coding}`], '0\r\n\r\n')).toMatch(BROKEN)
  })

  // SMG-02
  test.each([
    ['chunked', 'chunked'],
    ['identity', 'chunked'],
    ['chunked', 'identity'],
  ])('because it has two of Transfer-Encoding is refused: %s, %s', async (one, other) => {
    expect(await refused([...POST, `Transfer-Encoding: ${one}`, `Transfer-Encoding: ${other}`], '0\r\n\r\n')).toMatch(BROKEN)
  })

  // SMG-02
  test.each([',chunked', 'gzip, chunked', 'chunked, chunked'])(
    'is refused where no route would look at it too: %s',
    async (coding) => {
      const head = [
        'POST /bff/session/extend HTTP/1.1',
        'Host: {host}',
        'Cookie: {cookie}',
        'X-CSRF: 1',
        `Transfer-Encoding: ${coding}`,
      ]
      expect(await refused(head, '0\r\n\r\n')).toMatch(BROKEN)
    },
  )

  // SMG-03
  test.each(['close', 'keep-alive'])('because HTTP/1.0 knows no chunks is refused: Connection: %s', async (connection) => {
    const head = ['POST /open/x HTTP/1.0', 'Host: {host}', `Connection: ${connection}`, 'Transfer-Encoding: chunked']
    expect(await refused(head, '0\r\n\r\n')).toMatch(BROKEN)
    expect(exact.gateway.logs('request_refused').at(-1)).toMatchObject({ code: 'request_invalid', blame: 'browser' })
  })

  // SMG-04
  test.each(['+5', '5a', '0x5', '-1', '5 5', '', '99999999999999999999', '5,6', '5, 5', '5.0', '5e0', '\x0b5', '５'])(
    'because its length is none is refused: %j',
    async (length) => {
      expect(await refused([...POST, `Content-Length: ${length}`], 'hello')).toMatch(BROKEN)
    },
  )

  // SMG-04
  test.each([
    ['5', '6'],
    ['5', '5'],
    ['0', '5'],
  ])('because it has two lengths is refused: %s, %s', async (one, other) => {
    expect(await refused([...POST, `Content-Length: ${one}`, `content-length: ${other}`], 'hello')).toMatch(BROKEN)
  })

  // SMG-06
  test.each([
    'Content-Length : 5',
    'Content-Length\t: 5',
    'Transfer-Encoding : chunked',
    'X\x0b: 1',
    'X\x00: 1',
    'X(: 1',
    ': 1',
    'X',
    'X\xe9: 1',
  ])('because a field has no good name is refused: %j', async (field) => {
    expect(await refused([...POST, field], 'hello')).toMatch(BROKEN)
  })

  // SMG-07
  test.each(['X: a\r\n b', 'Transfer-Encoding:\r\n chunked', 'Content-Length:\r\n\t5', 'X: a\r\n\tTransfer-Encoding: chunked'])(
    'because a field is folded is refused: %j',
    async (field) => {
      expect(await refused([...POST, field], '0\r\n\r\n')).toMatch(BROKEN)
    },
  )

  // SMG-08
  test.each(['X: a\rTransfer-Encoding: chunked', 'X\r: 1', 'X: a\r\rb', 'X: a\nY: b', 'X: a\x00b', 'X: a\x01', 'X: a\x7f'])(
    'because a field holds a bare CR, a bare LF, NUL or another control character is refused: %j',
    async (field) => {
      expect(await refused([...POST, field, 'Content-Length: 0'])).toMatch(BROKEN)
    },
  )

  // SMG-08
  test('because white space stands before its first field is refused', async () => {
    expect(await refused(['POST /open/x HTTP/1.1', ' X: 1', 'Host: {host}', 'Content-Length: 0'])).toMatch(BROKEN)
    expect(await refused(['GET /open/x HTTP/1.1', '\tHost: {host}'])).toMatch(BROKEN)
  })

  test('because its lines end in LF alone is refused', async () => {
    expect(await exact.say('GET /open/lf HTTP/1.1\nHost: {host}\n\n')).toMatch(BROKEN)
    expect(exact.upstream.of('/open/lf')).toEqual([])
  })

  // SMG-09
  test.each([
    ['a size of 17 digits', 'fffffffffffffffff\r\n'],
    ['a size in C', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a size with _', '5_\r\nhello\r\n0\r\n\r\n'],
    ['a size with a sign', '+5\r\nhello\r\n0\r\n\r\n'],
    ['a negative size', '-5\r\nhello\r\n0\r\n\r\n'],
    ['a size in words', 'five\r\nhello\r\n0\r\n\r\n'],
    ['no size', '\r\nhello\r\n0\r\n\r\n'],
    ['a size and a space', '5 \r\nhello\r\n0\r\n\r\n'],
    ['a size that ends in LF', '5\nhello\r\n0\r\n\r\n'],
    ['a size that ends in CR', '5\rXhello\r\n0\r\n\r\n'],
    ['data without an end', '5\r\nhello0\r\n\r\n'],
    ['data that ends in LF', '5\r\nhello\n0\r\n\r\n'],
    ['more data than its size', '4\r\nhello\r\n0\r\n\r\n'],
    ['a last chunk that ends in LF', '5\r\nhello\r\n0\n\r\n'],
    ['an end that is LF', '5\r\nhello\r\n0\r\n\n'],
    ['an extension that ends in LF', '5;a=\nhello\r\n0\r\n\r\n'],
    ['an extension over two lines', '5;a="\r\n"\r\nhello\r\n0\r\n\r\n'],
    ['a trailer with a space before the colon', '5\r\nhello\r\n0\r\nX : 1\r\n\r\n'],
    ['a length in its trailer', '5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n'],
    ['a trailer that is folded', '5\r\nhello\r\n0\r\nX: 1\r\n 2\r\n\r\n'],
  ])('because its chunks are wrong is refused: %s', async (_, body) => {
    expect(await refused([...POST, 'Transfer-Encoding: chunked'], body)).toMatch(BROKEN)
  })

  // SMG-10
  test('or is drowned in chunk extensions is refused, and small ones are passed over', async () => {
    const huge = await refused([...POST, 'Transfer-Encoding: chunked'], `5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`)
    expect(huge).toMatch(/^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s)
    await exact.say(
      [...POST, 'Connection: close', 'Transfer-Encoding: chunked', '', '5;a=b;c="d"\r\nhello\r\n0\r\n\r\n'].join('\r\n'),
    )
    expect(exact.upstream.last().body).toBe('hello')
  })
})

describe('a request that is well framed', () => {
  // SMG-11, SMG-13
  test.each([
    ['GET', 'Content-Length: 5', 'hello'],
    ['DELETE', 'Content-Length: 5', 'hello'],
    ['POST', 'Content-Length: 5', 'hello'],
    ['POST', 'Content-Length: 005', 'hello'],
    ['GET', 'Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
    ['DELETE', 'Transfer-Encoding: chunked', '2\r\nhe\r\n003\r\nllo\r\n0\r\n\r\n'],
    ['POST', 'Transfer-Encoding: Chunked', '5\r\nhello\r\n0\r\nAuthorization: x\r\nHost: evil\r\n\r\n'],
    ['OPTIONS', 'Content-Length: 5', 'hello'],
    ['HEAD', 'Content-Length: 5', 'hello'],
  ])('reaches the upstream in a framing of our own: %s %s', async (method, framing, body) => {
    const before = exact.upstream.messages().length
    await exact.say([`${method} /open/framed HTTP/1.1`, 'Host: {host}', 'Connection: close', framing, '', body].join('\r\n'))
    const [message, another] = exact.upstream.messages().slice(before)
    expect(message?.body).toBe('hello')
    expect(another).toBeUndefined()
    expect([...(message?.values('content-length') ?? []), ...(message?.values('transfer-encoding') ?? [])]).toHaveLength(1)
    // HTTP-16: trailers are read and forgotten.
    expect(message?.trailers).toBe('')
    expect(message?.head).not.toMatch(/evil|authorization/i)
  })

  test('may stand behind empty lines, as RFC 9112 §2.2 lets it', async () => {
    expect(statusesIn(await exact.say(`\r\n\r\n${[...GET, 'Connection: close', '', ''].join('\r\n')}`))).toEqual([200])
  })

  // SMG-15
  test('is read by a parser without leniency', async () => {
    const { execArgv } = process
    expect(execArgv.join(' ')).not.toContain('insecure')
    const lenient = await exact.say([...POST, 'Connection: close', 'Content-Length: 0', 'X: a\x01', '', ''].join('\r\n'))
    expect(lenient).toMatch(BROKEN)
  })
})

const one = (target: string) => `GET ${target} HTTP/1.1\r\nHost: {host}\r\n\r\n`

describe('several requests on one connection', () => {
  // HTTP-38
  test('are answered in their order, a slow one before a fast one', async () => {
    exact.upstream.answer('/open/slow', (peer) => {
      void exact.upstream
        .until(() => exact.upstream.of('/open/fast').length === 1)
        .then(() => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow'))
    })
    exact.upstream.answer('/open/fast', 'HTTP/1.1 201 OK\r\nContent-Length: 4\r\n\r\nfast')
    const slow = 'GET /open/slow HTTP/1.1\r\nHost: {host}\r\n\r\n'
    const fast = 'GET /open/fast HTTP/1.1\r\nHost: {host}\r\n\r\n'
    const last = 'GET /open/last HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'
    const said = await exact.say(slow + fast + last)
    expect(statusesIn(said)).toEqual([200, 201, 200])
    expect(said.indexOf('slow')).toBeLessThan(said.indexOf('fast'))
  })

  // HTTP-38
  test('are answered in their order, one that is refused in between too', async () => {
    const last = 'GET /open/b HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'
    const said = await exact.say(one('/open/a') + one('/open/../x') + one('/api/x') + one('/nowhere') + last)
    expect(statusesIn(said)).toEqual([200, 400, 403, 404, 200])
  })

  // HTTP-38
  test.each([
    ['a message that does not parse', 'GET /open/x HTTP/1.1\r\nHost : {host}\r\n\r\n', 400],
    ['a body that does not parse', 'POST /open/x HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
    ['another version', 'GET /open/x HTTP/2.0\r\nHost: {host}\r\n\r\n', 400],
    ['no host', 'GET /open/x HTTP/1.1\r\n\r\n', 400],
    ['headers that are too large', `GET /open/x HTTP/1.1\r\nHost: {host}\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['CONNECT', 'CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n', 405],
  ])('have their answers before the connection ends for %s', async (_, broken, status) => {
    exact.upstream.answer('/open/first', 'HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nfirst')
    const first = 'GET /open/first HTTP/1.1\r\nHost: {host}\r\n\r\n'
    const said = await refused([first + first + broken.trimEnd()], '')
    expect(statusesIn(said)).toEqual([201, 201, status])
    expect(said.match(/Connection: close/g)).toHaveLength(1)
  })
})

describe('the end of a connection', () => {
  // HTTP-37
  test('comes with the answer to whoever asks for it, and after no other', async () => {
    const kept = await exact.open()
    kept.write('GET /open/x HTTP/1.1\r\nHost: {host}\r\n\r\n')
    await kept.until('ok')
    kept.write(
      'GET /open/x HTTP/1.1\r\nHost: {host}\r\nConnection: CLOSE\r\n\r\nGET /open/ghost HTTP/1.1\r\nHost: {host}\r\n\r\n',
    )
    const said = await kept.closed()
    expect(statusesIn(said)).toEqual([200, 200])
    expect(exact.upstream.of('/open/ghost')).toEqual([])
  })

  test('comes with the answer to HTTP/1.0, unless it asks to be kept', async () => {
    const said = await exact.say('GET /open/x HTTP/1.0\r\nHost: {host}\r\n\r\n')
    expect(valuesIn(said, 'Connection')).toEqual(['close'])
    const kept = await exact.open()
    kept.write('GET /open/x HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\n\r\n')
    expect(valuesIn(await kept.until('ok'), 'Connection')).toEqual(['keep-alive'])
    kept.write('GET /open/x HTTP/1.0\r\nHost: {host}\r\n\r\n')
    expect(statusesIn(await kept.closed())).toEqual([200, 200])
  })

  test('comes with an answer of unknown length to HTTP/1.0, though it asked to be kept', async () => {
    exact.upstream.answer('/open/chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n')
    const said = await exact.say('GET /open/chunks HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\n\r\n')
    expect(said).toMatch(/\r\n\r\nhello$/)
    expect(valuesIn(said, 'Transfer-Encoding')).toEqual([])
    expect(valuesIn(said, 'Connection')).toEqual(['close'])
  })
})
