import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CarryingLane, startCarryingLane } from '../../support/carrying-lane.ts'
import { openRaw, rawRequest } from '../../support/raw-client.ts'

const HEAD = 'Host: a\r\nCookie: session=1\r\n'
const MEGABYTE = 1024 * 1024
let lane: CarryingLane

beforeAll(async () => {
  lane = await startCarryingLane({ route: { mostBodyBytes: 100_000 } })
})
afterAll(() => lane.close())

describe('a request’s body', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS'])(
    'is carried with %s, with a length and in chunks',
    async (method) => {
      const before = lane.upstream.requests.length
      const client = await openRaw(lane.port)
      client.write(`${method} /api/${method} HTTP/1.1\r\n${HEAD}Content-Length: 5\r\n\r\nhello`)
      await client.until('"body":"hello"')
      client.write(
        `${method} /api/x HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3;ext=1\r\nhel\r\n`,
      )
      client.write('2\r\nlo\r\n0\r\nX-Late: 1\r\n\r\n')
      await client.closed()
      const [sized, chunked] = lane.upstream.requests.slice(before)
      expect([sized?.body, chunked?.body]).toEqual(['hello', 'hello'])
      expect(sized?.values('content-length')).toEqual(['5'])
      expect(sized?.values('transfer-encoding')).toEqual([])
      expect([...(chunked?.values('content-length') ?? []), ...(chunked?.values('transfer-encoding') ?? [])]).toHaveLength(1)
    },
  )

  test('that is empty is said to be empty', async () => {
    await rawRequest(lane.port, `POST /api/x HTTP/1.1\r\n${HEAD}Content-Length: 0\r\nConnection: close\r\n\r\n`)
    expect(lane.upstream.last().values('content-length')).toEqual(['0'])
  })

  test('above the limit is refused before anything is sent upstream', async () => {
    const before = lane.upstream.requests.length
    const answer = await rawRequest(
      lane.port,
      `POST /api/x HTTP/1.1\r\n${HEAD}Content-Length: 100001\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 413 .*body_too_large$/s)
    expect(lane.upstream.requests).toHaveLength(before)
  })

  test('in chunks is refused once it exceeds the limit, and the upstream is cut off', async () => {
    const client = await openRaw(lane.port)
    client.write(`POST /api/endless HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
    const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`
    for (let count = 0; count < 11; count += 1) client.write(chunk)
    expect(await client.until('body_too_large')).toMatch(/^HTTP\/1.1 413 /)
    await lane.upstream.until(() =>
      lane.upstream.requests.some(({ target, isAborted, isComplete }) => target === '/endless' && isAborted && !isComplete),
    )
    client.destroy()
  })

  // HTTP-13
  test('is asked for only when it is wanted', async () => {
    const wanted = await openRaw(lane.port)
    wanted.write(`POST /api/x HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n`)
    await wanted.until('HTTP/1.1 100 Continue\r\n\r\n')
    wanted.write('hello')
    const answer = await wanted.closed()
    expect(answer.match(/100 Continue/g)).toHaveLength(1)
    expect(answer).toContain('"body":"hello"')
    expect(lane.upstream.last().values('expect')).toEqual([])

    for (const refused of [
      `POST /api/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
      `POST /api/x HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n`,
    ]) {
      const said = await rawRequest(lane.port, refused)
      expect(said).toMatch(/^HTTP\/1.1 4(01|13) /)
      expect(said).not.toContain('100 Continue')
    }
  })

  // HTTP-14
  test('comes with no other expectation', async () => {
    const answer = await rawRequest(
      lane.port,
      `POST /api/x HTTP/1.1\r\n${HEAD}Expect: magic\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 417 .*expectation_failed$/s)
    const old = await rawRequest(
      lane.port,
      `POST /api/x HTTP/1.0\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
    )
    expect(old).toMatch(/^HTTP\/1.1 200 /)
  })

  // SMG-16, HTTP-37
  test.each([
    ['400', 'POST /api/../x', HEAD, 'target_not_canonical'],
    ['401', 'POST /api/x', 'Host: a\r\n', 'session_missing'],
    ['404', 'POST /elsewhere', HEAD, 'not_found'],
    ['405', 'TRACE /api/x', HEAD, 'method_not_allowed'],
  ])('that nobody wanted is never taken for a request: %s', async (status, first, head, code) => {
    const ghost = 'GET /api/ghost HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n'
    const client = await openRaw(lane.port)
    client.write(`${first} HTTP/1.1\r\n${head}Content-Length: ${ghost.length}\r\n\r\n`)
    expect(await client.until(code)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    client.write(ghost)
    client.write(`GET /api/after HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`)
    await client.closed()
    expect(lane.upstream.requests.map(({ target }) => target)).not.toContain('/ghost')
  })

  test.each(['Host: a\r\n', HEAD])('that nobody wants any more and that does not end costs the connection', async (head) => {
    const own = await startCarryingLane({ route: { mostBodyBytes: 64 * MEGABYTE } })
    try {
      own.upstream.answer('/x', (_request, response) => void response.writeHead(403, { 'content-length': 2 }).end('no'))
      const socket = connect(own.port, '127.0.0.1').on('error', () => {})
      const piece = Buffer.alloc(100_000)
      function more(): void {
        while (socket.bytesWritten < 63 * MEGABYTE && !socket.destroyed && socket.write(piece));
      }
      socket.write(`POST /api/x HTTP/1.1\r\n${head}Content-Length: ${64 * MEGABYTE}\r\n\r\n`)
      socket.on('drain', more).resume()
      more()
      await new Promise((resolve) => socket.once('close', resolve))
      expect(socket.bytesWritten).toBeLessThan(32 * MEGABYTE)
    } finally {
      await own.close()
    }
  })

  test('that the upstream answers before its end does not hurt the answer', async () => {
    lane.upstream.answer('/early', (_request, response) => void response.writeHead(403, { 'content-length': 2 }).end('no'))
    const client = await openRaw(lane.port)
    client.write(`POST /api/early HTTP/1.1\r\n${HEAD}Content-Length: 50000\r\n\r\nx`)
    expect(await client.until('\r\n\r\nno')).toMatch(/^HTTP\/1.1 403 /)
    client.write('x'.repeat(49_999))
    client.write(`GET /api/plain HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`)
    expect(await client.closed()).toMatch(/hello$/)
  })

  test.each([
    ['longer than what is read of it', `Content-Length: ${MEGABYTE}`, 'close'],
    ['of a length that nobody knows', 'Transfer-Encoding: chunked', 'close'],
    ['short', 'Content-Length: 50000', 'keep-alive'],
  ])(
    'that the upstream answers before its end tells its sender whether the connection can be used again: %s',
    async (_, length, says) => {
      const own = await startCarryingLane({ route: { mostBodyBytes: MEGABYTE } })
      try {
        own.upstream.answer('/early', (_request, response) => void response.writeHead(403, { 'content-length': 2 }).end('no'))
        const client = await openRaw(own.port)
        client.write(`POST /api/early HTTP/1.1\r\n${HEAD}${length}\r\n\r\n1\r\nx`)
        expect(await client.until('\r\n\r\nno')).toContain(`\r\nConnection: ${says}\r\n`)
        client.destroy()
      } finally {
        await own.close()
      }
    },
  )

  test('that is long, and was there before its answer, costs nobody the connection', async () => {
    const own = await startCarryingLane({ route: { mostBodyBytes: MEGABYTE } })
    try {
      const client = await openRaw(own.port)
      client.write(`POST /api/x HTTP/1.1\r\n${HEAD}Content-Length: ${MEGABYTE}\r\n\r\n${'x'.repeat(MEGABYTE)}`)
      expect(await client.until('\r\n\r\n')).toContain('\r\nConnection: keep-alive\r\n')
      client.destroy()
    } finally {
      await own.close()
    }
  })

  test('that stops coming is given up', async () => {
    const own = await startCarryingLane({ route: { bodyTimeoutMilliseconds: 200 } })
    try {
      const client = await openRaw(own.port)
      client.write(`POST /api/x HTTP/1.1\r\n${HEAD}Content-Length: 50\r\n\r\nx`)
      await client.until('request_timed_out')
      await own.upstream.until(() => own.upstream.last().isAborted)
      client.destroy()
    } finally {
      await own.close()
    }
  })

  test('whose sender leaves ends the call upstream', async () => {
    const client = await openRaw(lane.port)
    client.write(`POST /api/half HTTP/1.1\r\n${HEAD}Content-Length: 50\r\n\r\nhalf`)
    await lane.upstream.until(() => lane.upstream.requests.at(-1)?.body === 'half')
    client.destroy()
    await lane.upstream.until(() => lane.upstream.last().isAborted)
    expect(lane.upstream.last().isComplete).toBe(false)
  })
})

// HTTP-39
describe('back-pressure', () => {
  test('holds a fast upstream while the browser takes nothing', async () => {
    let written = 0
    lane.upstream.answer('/endless-answer', (_request, response) => {
      response.writeHead(200)
      const piece = Buffer.alloc(64 * 1024)
      function more(): void {
        while (written < 512 * MEGABYTE && !response.destroyed) {
          written += piece.length
          if (!response.write(piece)) {
            response.once('drain', more)
            return
          }
        }
      }
      more()
    })
    const client = await openRaw(lane.port)
    client.pause()
    client.write(`GET /api/endless-answer HTTP/1.1\r\n${HEAD}\r\n`)
    await lane.upstream.until(() => lane.upstream.requests.at(-1)?.target === '/endless-answer')
    let before = -1
    while (before !== written) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(written).toBeLessThan(64 * MEGABYTE)
    client.destroy()
    await lane.upstream.until(() => lane.upstream.last().isAborted)
  })

  test('lets a big answer through whole', async () => {
    const answer = await rawRequest(lane.port, `GET /api/big HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`)
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(32 * MEGABYTE)
  })

  test('holds a fast sender while the upstream takes nothing', async () => {
    const own = await startCarryingLane({ route: { mostBodyBytes: 512 * MEGABYTE } })
    try {
      own.upstream.answer('/deaf', (request) => void request.pause())
      const response = fetch(`http://127.0.0.1:${own.port}/api/deaf`, {
        method: 'POST',
        headers: { cookie: 'session=1' },
        body: new ReadableStream({
          pull(controller) {
            taken += MEGABYTE
            controller.enqueue(new Uint8Array(MEGABYTE))
            if (taken > 256 * MEGABYTE) controller.close()
          },
        }),
        duplex: 'half',
      })
      let taken = 0
      const failed = expect(response).rejects.toThrow()
      await own.upstream.until(() => own.upstream.requests.length === 1)
      let before = -1
      while (before !== taken) {
        before = taken
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      expect(taken).toBeLessThan(64 * MEGABYTE)
      await own.close()
      await failed
    } finally {
      await own.close()
    }
  })
})
