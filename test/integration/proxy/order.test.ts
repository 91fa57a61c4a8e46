import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import { type CarryingLane, liveSession, routeTo, startCarryingLane, TOKEN } from '../../support/carrying-lane.ts'
import { rawRequest } from '../../support/raw-client.ts'

let lane: CarryingLane
const asked: string[] = []

beforeAll(async () => {
  lane = await startCarryingLane({
    moreRoutes: [routeTo('http://127.0.0.1:1', { prefix: '/read/', methods: ['GET'] })],
    steps: {
      refuseForgedRequest(request) {
        asked.push('proof')
        if (request.headers['x-forged']) throw new GatewayError('request_forged')
      },
      findSession(request) {
        asked.push('session')
        if (request.headers['x-late']) {
          asked.push('late')
          return Promise.resolve(liveSession())
        }
        if (!request.headers.cookie) throw new GatewayError('session_missing')
        return liveSession()
      },
      accessToken() {
        asked.push('token')
        return asked.includes('late') ? Promise.resolve(TOKEN) : TOKEN
      },
    },
  })
})
afterAll(() => lane.close())

async function ask(first: string, ...lines: string[]): Promise<string> {
  asked.length = 0
  return rawRequest(lane.port, `${[first, 'Host: a', 'Connection: close', ...lines].join('\r\n')}\r\n\r\n`)
}

describe('a carried request', () => {
  test('is judged in one order: path, method, proof, session, token', async () => {
    const before = lane.upstream.requests.length
    expect(await ask('TRACE /api/../x HTTP/1.1', 'X-Forged: 1')).toMatch(/^HTTP\/1.1 400 .*target_not_canonical$/s)
    expect(asked).toEqual([])
    expect(await ask('TRACE /api/x HTTP/1.1', 'X-Forged: 1')).toMatch(/^HTTP\/1.1 405 .*method_not_allowed$/s)
    expect(asked).toEqual([])
    expect(await ask('GET /api/x HTTP/1.1', 'X-Forged: 1')).toMatch(/^HTTP\/1.1 403 .*request_forged$/s)
    expect(asked).toEqual(['proof'])
    expect(await ask('GET /api/x HTTP/1.1')).toMatch(/^HTTP\/1.1 401 .*session_missing$/s)
    expect(asked).toEqual(['proof', 'session'])
    expect(lane.upstream.requests).toHaveLength(before)
    expect(await ask('GET /api/x HTTP/1.1', 'Cookie: session=1')).toMatch(/^HTTP\/1.1 200 /)
    expect(asked).toEqual(['proof', 'session', 'token'])
  })

  test('waits for a session and a token that are not at hand', async () => {
    expect(await ask('GET /api/later HTTP/1.1', 'X-Late: 1')).toMatch(/^HTTP\/1.1 200 /)
    expect(lane.upstream.last().values('authorization')).toEqual(['Bearer the-access-token'])
  })

  // BFF-21, HTTP-08, HTTP-09
  test('is refused with the methods that its route does answer to', async () => {
    expect(await ask('POST /read/x HTTP/1.1', 'Content-Length: 0')).toMatch(/^HTTP\/1.1 405 .*\r\nAllow: GET, HEAD\r\n/s)
    const traced = await ask('TRACE /api/x HTTP/1.1', 'Cookie: session=1')
    expect(traced).toMatch(/^HTTP\/1.1 405 /)
    expect(traced).not.toContain('session=1')
    expect(await ask('CONNECT /api/x HTTP/1.1')).not.toContain(' 200 ')
  })

  // H-09, HTTP-20
  test('reaches the upstream under the path that was decided on, byte for byte', async () => {
    await ask('GET /api/C%23;v=1/%e6%9d%b1?q=//a/../b&c=%2f+%20& HTTP/1.1', 'Cookie: session=1')
    expect(lane.upstream.last().target).toBe('/C%23;v=1/%e6%9d%b1?q=//a/../b&c=%2f+%20&')
  })

  // H-05, HTTP-32
  test.each(['/x?/api/', '//api/x', '/%61pi/x', '/./api/x', 'http://127.0.0.1/api/x', '/api'])(
    'is not what %s looks like',
    async (target) => {
      const before = lane.upstream.requests.length
      expect(await ask(`GET ${target} HTTP/1.1`, 'Cookie: session=1')).toMatch(/^HTTP\/1.1 404 /)
      expect(lane.upstream.requests).toHaveLength(before)
    },
  )

  test('is reported once, with its route, its status and whose it was', async () => {
    const own = await startCarryingLane()
    try {
      await rawRequest(own.port, 'GET /api/x?secret=1 HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\nConnection: close\r\n\r\n')
      await rawRequest(own.port, 'GET /api/y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      await own.reported(2)
      expect(own.lines).toEqual([
        {
          lane: 'carrying',
          requestId: 'request-id-1',
          method: 'GET',
          path: '/api/x',
          route: '/api/',
          status: 200,
          aborted: false,
          upstream: own.upstream.origin,
          session: '0123456789ab',
          subject: 'ann',
          milliseconds: expect.any(Number),
        },
        {
          lane: 'carrying',
          requestId: 'request-id-1',
          method: 'GET',
          path: '/api/y',
          route: '/api/',
          status: 401,
          aborted: false,
          upstream: own.upstream.origin,
          code: 'session_missing',
          milliseconds: expect.any(Number),
        },
      ])
      expect(own.carry.inFlight()).toBe(0)
    } finally {
      await own.close()
    }
  })
})
