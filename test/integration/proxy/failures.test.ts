import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CarryingLane, liveSession, routeTo, startCarryingLane } from '../../support/carrying-lane.ts'
import { findFreePort } from '../../support/free-port.ts'
import { openRaw, rawRequest } from '../../support/raw-client.ts'

const HEAD = 'Host: a\r\nCookie: session=1\r\nConnection: close\r\n'
let lane: CarryingLane
/** Those that give up soon, apart, so that nobody else has to be as fast. */
let hasty: { readonly headers: CarryingLane; readonly body: CarryingLane }

beforeAll(async () => {
  const nobody = await findFreePort()
  lane = await startCarryingLane({
    moreRoutes: [routeTo(`http://127.0.0.1:${nobody}`, { prefix: '/gone/' })],
  })
  hasty = {
    headers: await startCarryingLane({ route: { headersTimeoutMilliseconds: 300 } }),
    body: await startCarryingLane({ route: { bodyTimeoutMilliseconds: 300 } }),
  }
})
afterAll(() => Promise.all([lane.close(), hasty.headers.close(), hasty.body.close()]))

function ask(path: string, { port } = lane): Promise<string> {
  return rawRequest(port, `GET ${path} HTTP/1.1\r\n${HEAD}\r\n`)
}

describe('an upstream that fails', () => {
  // HTTP-27
  test.each([
    ['/gone/x', 502, 'upstream_unreachable'],
    ['/api/close-at-once', 502, 'upstream_unreachable'],
    ['/api/half-header', 502, 'upstream_answer_invalid'],
    ['/api/garbage', 502, 'upstream_answer_invalid'],
    ['/api/two-lengths', 502, 'upstream_answer_invalid'],
    ['/api/length-and-chunked', 502, 'upstream_answer_invalid'],
    ['/api/other-coding', 502, 'upstream_answer_invalid'],
    ['/api/unasked-switch', 502, 'upstream_answer_invalid'],
    ['/api/unasked-continue', 502, 'upstream_answer_invalid'],
    ['/api/too-many-headers', 502, 'upstream_answer_invalid'],
    ['/api/hang', 504, 'upstream_timed_out'],
  ])('%s is %i %s', async (path, status, code) => {
    const answer = await ask(path, status === 504 ? hasty.headers : lane)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\n\r\n${code}$`, 's'))
    expect(answer).not.toContain('hello')
    expect(answer).not.toContain('127.0.0.1')
  })

  // HTTP-28
  test.each(['/api/die-mid-body', '/api/die-mid-chunk'])('in the middle of its body is seen to fail: %s', async (path) => {
    const own = await startCarryingLane()
    try {
      const answer = await rawRequest(own.port, `GET ${path} HTTP/1.1\r\n${HEAD}\r\n`)
      expect(answer).not.toMatch(/\r\n0\r\n\r\n$/)
      expect(answer).not.toMatch(/HTTP\/1.1 502/)
      expect(await own.reported()).toMatchObject({ status: 200, code: 'upstream_answer_invalid', aborted: false })
    } finally {
      await own.close()
    }
  })

  test('by falling silent in the middle of its body is cut off', async () => {
    const { upstream } = hasty.body
    expect(await ask('/api/stall-mid-body', hasty.body)).toMatch(/^HTTP\/1.1 200 .*only this$/s)
    await upstream.until(() => upstream.last().isAborted)
  })

  // HTTP-29
  test('to keep a connection open is asked again, once, where asking changes nothing', async () => {
    let count = 0
    lane.upstream.answer('/flaky', (request, response) => {
      count += 1
      if (count === 1) request.socket.destroy()
      else response.end('second')
    })
    expect(await ask('/api/flaky')).toMatch(/second/)
    expect(count).toBe(2)
    count = 0
    lane.upstream.answer('/never', (request) => {
      count += 1
      request.socket.destroy()
    })
    expect(await ask('/api/never')).toMatch(/^HTTP\/1.1 502 /)
    expect(count).toBe(2)
  })

  test.each(['POST', 'POST with a body', 'GET with a body'])(
    'is never asked twice to change something, or for a body: %s',
    async (kind) => {
      let count = 0
      lane.upstream.answer('/unsafe', (request) => {
        count += 1
        request.socket.destroy()
      })
      const body = kind.endsWith('body') ? 'hi' : ''
      const first = `${kind.split(' ', 1)[0]} /api/unsafe HTTP/1.1`
      const answer = await rawRequest(lane.port, `${first}\r\n${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`)
      expect(answer).toMatch(/^HTTP\/1.1 502 .*upstream_unreachable$/s)
      expect(count).toBe(1)
    },
  )

  test('is no event stream that has nothing to say', async () => {
    const { upstream, port } = hasty.body
    upstream.answer('/quiet', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      upstream.answer('/speak', (_other, heard) => {
        response.write('data: at last\n\n')
        heard.end()
      })
    })
    const client = await openRaw(port)
    client.write('GET /api/quiet HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n')
    await client.until('text/event-stream')
    // As long as any other silence is borne.
    await ask('/api/stall-mid-body', hasty.body)
    await ask('/api/speak', hasty.body)
    await client.until('data: at last')
    client.destroy()
  })

  test('says so while the gateway closes', async () => {
    const own = await startCarryingLane()
    const client = await openRaw(own.port)
    client.write(`GET /api/hang HTTP/1.1\r\n${HEAD}\r\n`)
    await own.upstream.until(() => own.upstream.requests.length === 1)
    await own.carry.close()
    expect(await client.closed()).toMatch(/^HTTP\/1.1 503 .*draining$/s)
    await own.close()
  })
})

describe('a client that leaves', () => {
  test.each(['/api/hang', '/api/events', '/api/stall-mid-body'])(
    'ends the call upstream, and that is no failure: %s',
    async (path) => {
      const own = await startCarryingLane()
      try {
        const client = await openRaw(own.port)
        client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n`)
        await own.upstream.until(() => own.upstream.requests.length === 1)
        client.destroy()
        await own.upstream.until(() => own.upstream.last().isAborted)
        const line = await own.reported()
        expect(line.aborted).toBe(true)
        expect(line.code).toBeUndefined()
        expect(own.carry.inFlight()).toBe(0)
      } finally {
        await own.close()
      }
    },
  )

  test('without leaving, by taking nothing any more, is cut off, and that is no failure of the upstream', async () => {
    const own = await startCarryingLane({ route: { bodyTimeoutMilliseconds: 200 } })
    try {
      const client = await openRaw(own.port)
      client.pause()
      client.write('GET /api/big HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n')
      const line = await own.reported()
      expect(line).toMatchObject({ status: 200, aborted: true })
      expect(line.code).toBeUndefined()
      await own.upstream.until(() => own.upstream.last().isAborted)
      client.destroy()
    } finally {
      await own.close()
    }
  })

  test('before its session was found asks nothing of the upstream', async () => {
    let found: (() => void) | undefined
    const own = await startCarryingLane({
      steps: { findSession: () => new Promise((resolve) => (found = () => resolve(liveSession()))) },
    })
    try {
      const client = await openRaw(own.port)
      client.write('GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n')
      while (own.carry.inFlight() === 0) await new Promise(setImmediate)
      client.destroy()
      expect((await own.reported()).aborted).toBe(true)
      found?.()
      await new Promise(setImmediate)
      expect(own.upstream.requests).toEqual([])
    } finally {
      await own.close()
    }
  })

  test('with several questions open leaves none of them behind', async () => {
    const own = await startCarryingLane()
    try {
      const client = await openRaw(own.port)
      client.write(
        'GET /api/hang HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\nGET /api/hang HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n',
      )
      await own.upstream.until(() => own.upstream.requests.length === 2)
      client.destroy()
      await own.upstream.until(() => own.upstream.requests.every(({ isAborted }) => isAborted))
      await own.reported(2)
      expect(own.lines.every(({ aborted }) => aborted)).toBe(true)
      expect(own.carry.inFlight()).toBe(0)
    } finally {
      await own.close()
    }
  })
})
