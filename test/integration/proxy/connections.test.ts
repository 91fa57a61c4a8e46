import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CarryingLane, startCarryingLane } from '../../support/carrying-lane.ts'
import { openRaw, rawRequest } from '../../support/raw-client.ts'

const MOST_CALLS = 256
const HEAD = 'Host: a\r\nCookie: session=1\r\n'
let lane: CarryingLane

beforeAll(async () => {
  lane = await startCarryingLane({ route: { headersTimeoutMilliseconds: 500, bodyTimeoutMilliseconds: 60_000 } })
  lane.upstream.answer('/open', (_request, response) => response.writeHead(200).flushHeaders())
})
afterAll(() => lane.close())

function ask(path: string): Promise<string> {
  return rawRequest(lane.port, `GET ${path} HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`)
}

describe('connections to an upstream', () => {
  test('are used again', async () => {
    await ask('/api/plain')
    const before = lane.upstream.connections()
    for (let count = 0; count < 5; count += 1) expect(await ask('/api/plain')).toMatch(/hello$/)
    expect(lane.upstream.connections()).toBe(before)
  })

  test.each(['text/event-stream', 'Text/Event-Stream'])(
    'are left for calls, however many event streams are open (%s)',
    async (type) => {
      const clients = await Promise.all(Array.from({ length: MOST_CALLS + 1 }, () => openRaw(lane.port)))
      for (const client of clients) client.write(`GET /api/events HTTP/1.1\r\n${HEAD}Accept: ${type}\r\n\r\n`)
      await Promise.all(clients.map((client) => client.until('data: first')))
      expect(await ask('/api/plain')).toMatch(/hello$/)
      for (const client of clients) client.destroy()
    },
  )

  test('are not waited for without end', async () => {
    const clients = await Promise.all(Array.from({ length: MOST_CALLS }, () => openRaw(lane.port)))
    for (const client of clients) client.write(`GET /api/open HTTP/1.1\r\n${HEAD}\r\n`)
    await Promise.all(clients.map((client) => client.until('HTTP/1.1 200')))
    const before = lane.upstream.requests.length
    expect(await ask('/api/plain')).toMatch(/^HTTP\/1.1 504 .*upstream_timed_out$/s)
    const sender = await openRaw(lane.port)
    sender.write(`POST /api/plain HTTP/1.1\r\n${HEAD}Content-Length: 200000\r\n\r\n`)
    sender.write('x'.repeat(200_000))
    await sender.until('upstream_timed_out')
    for (const client of clients) client.destroy()
    await lane.upstream.until(() => lane.upstream.requests.every(({ target, isAborted }) => target !== '/open' || isAborted))
    expect(await ask('/api/plain')).toMatch(/hello$/)
    expect(lane.upstream.requests).toHaveLength(before + 1)
    sender.write(`GET /api/plain HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`)
    expect(await sender.closed()).toMatch(/hello$/)
  })
})
