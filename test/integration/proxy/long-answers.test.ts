import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type CarryingLane, liveSession, startCarryingLane } from '../../support/carrying-lane.ts'
import { openRaw, type RawConnection } from '../../support/raw-client.ts'
import { createStops } from '../../support/stops.ts'
import { until } from '../../support/until.ts'

const ID = liveSession().ticket.id
const HEAD = 'Host: a\r\nCookie: session=1\r\n'
const LAST_EVENT = 'event: ended\ndata: {"reason":"signed_out"}\n\n'
const stops = createStops()
afterEach(stops.stopAll)

interface Open {
  readonly lane: CarryingLane
  readonly connection: RawConnection
  /** The upstream's side of the answer. */
  readonly response: ServerResponse
}

/** An answer that has begun with `text` and goes on. */
async function open(
  text: string,
  headers: Readonly<Record<string, string>> = { 'content-type': 'text/event-stream' },
  choices = {},
) {
  const lane = await startCarryingLane(choices)
  stops.add(() => lane.close())
  const responses: ServerResponse[] = []
  lane.upstream.answer('/long', (_request, response) => {
    response.writeHead(200, headers)
    response.flushHeaders()
    if (text !== '') response.write(text)
    responses.push(response)
  })
  const connection = await openRaw(lane.port)
  connection.write(`GET /api/long HTTP/1.1\r\n${HEAD}Connection: close\r\nAccept: text/event-stream\r\n\r\n`)
  await connection.until(text === '' ? '\r\n\r\n' : text)
  const [response] = responses
  if (response === undefined) throw new Error('the upstream was not asked')
  return { lane, connection, response } satisfies Open
}
const closings = (lane: CarryingLane) => lane.events.filter(({ name }) => name === 'live_connection_closed')

describe('the end of a session, for an event stream of it', () => {
  test.each([
    ['line feeds', 'data: a\n\n'],
    ['carriage returns', 'data: a\r\r'],
    ['both', 'data: a\r\n\r\n'],
    ['one and then the other', 'data: a\n\r\n'],
    ['nothing said so far', ''],
  ])('is a last event that says why, and the end: after %s', async (_, text) => {
    const { lane, connection } = await open(text)
    lane.live.close(ID, 'signed_out')
    const all = await connection.closed()
    expect(all).toMatch(/\r\nevent: ended\ndata: \{"reason":"signed_out"\}\n\n\r\n0\r\n\r\n$/)
    await lane.upstream.until(() => lane.upstream.last().isAborted)
    expect(await lane.reported()).toMatchObject({ status: 200, code: 'session_missing', aborted: false })
    expect(closings(lane)).toMatchObject([{ kind: 'stream', outcome: 'session_ended', subject: 'ann' }])
    expect(lane.live.count('stream')).toBe(0)
  })

  test.each(['Text/Event-Stream', 'text/event-stream ;charset=utf-8', 'TEXT/EVENT-STREAM'])(
    'is told in whatever letters its type is written: %s',
    async (type) => {
      const { lane, connection } = await open('data: a\n\n', { 'content-type': type })
      lane.live.close(ID, 'signed_out')
      expect(await connection.closed()).toContain(LAST_EVENT)
    },
  )

  test.each([
    ['in the middle of an event', 'data: a\n', undefined],
    ['behind a single CR LF', 'data: a\r\n', undefined],
    ['where its octets are counted', 'data: a\n\n', { 'content-type': 'text/event-stream', 'content-length': '1000' }],
    ['where it is compressed', 'data: a\n\n', { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }],
  ])('is the end of its connection, and nothing is put in: %s', async (_, text, headers) => {
    const { lane, connection } = await open(text, headers)
    lane.live.close(ID, 'signed_out')
    const all = await connection.closed()
    expect(all).not.toContain('event: ended')
    expect(all).not.toMatch(/\r\n0\r\n\r\n$/)
    await lane.upstream.until(() => lane.upstream.last().isAborted)
  })

  test('knows where events end, however they are cut into pieces', async () => {
    const { lane, connection, response } = await open('data: a\n')
    response.write('\n')
    await connection.until('\n\r\n1\r\n\n')
    lane.live.close(ID, 'signed_out')
    expect(await connection.closed()).toContain(LAST_EVENT)
  })

  test('is not put off by a client that takes nothing', async () => {
    const { lane, connection, response } = await open('data: a\n\n')
    connection.pause()
    // Wherever it is cut, an event has just ended.
    for (let count = 0; count < 32; count += 1) response.write('\n'.repeat(1024 * 1024))
    let before = -1
    await until('the upstream waits', async () => {
      const waits = response.socket?.writableLength === before
      before = response.socket?.writableLength ?? 0
      await new Promise((resolve) => setTimeout(resolve, 100))
      return waits
    })
    expect(before).toBeGreaterThan(0)
    lane.live.close(ID, 'signed_out')
    await until('it is over', () => closings(lane).length === 1)
    connection.destroy()
  })
})

describe('the end of a session', () => {
  test('cuts any other answer that goes on, also one that has gone on for long', async () => {
    const { lane, connection } = await open('some of it', { 'content-type': 'application/octet-stream' })
    lane.live.sweep()
    lane.live.sweep()
    expect(lane.live.count('answer')).toBe(1)
    lane.live.close(ID, 'expired')
    expect(await connection.closed()).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(await lane.reported()).toMatchObject({ code: 'session_missing' })
    expect(lane.live.count('answer')).toBe(0)
  })

  test('that comes while the upstream is still asked ends the stream as it begins', async () => {
    const lane = await startCarryingLane()
    stops.add(() => lane.close())
    const responses: ServerResponse[] = []
    lane.upstream.answer('/late', (_request, response) => void responses.push(response))
    const connection = await openRaw(lane.port)
    connection.write(`GET /api/late HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`)
    await until('the upstream is asked', () => responses.length === 1)
    lane.live.close(ID, 'signed_out')
    responses[0]?.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    expect(await connection.closed()).toContain(LAST_EVENT)
  })

  test('does not touch what a public route answers', async () => {
    const { lane, connection, response } = await open('data: a\n\n', undefined, { route: { token: 'none' } })
    lane.live.close(ID, 'signed_out')
    response.end('data: b\n\n')
    await connection.until('data: b')
    connection.destroy()
  })
})

describe('an event stream', () => {
  test.each([
    ['the client leaves', ({ connection }: Open) => connection.destroy(), 'client_closed'],
    ['the upstream is done', ({ response }: Open) => void response.end(), 'upstream_closed'],
    ['the upstream breaks off', ({ response }: Open) => void response.destroy(), 'upstream_lost'],
    ['the instance goes away', ({ lane }: Open) => lane.live.goAway(), 'going_away'],
  ])('is told of once, by how it ended: %s', async (_, end, outcome) => {
    const opened = await open('data: a\n\n')
    expect(opened.lane.live.count('stream')).toBe(1)
    end(opened)
    await until('it is told of', () => closings(opened.lane).length > 0)
    expect(closings(opened.lane)).toMatchObject([{ kind: 'stream', outcome, route: '/api/' }])
    expect(opened.lane.live.count('stream')).toBe(0)
    opened.connection.destroy()
  })

  test('is ended whole when the instance goes away, without a word about its session', async () => {
    const { lane, connection } = await open('data: a\n\n')
    lane.live.goAway()
    const all = await connection.closed()
    expect(all).toMatch(/data: a\n\n\r\n0\r\n\r\n$/)
    expect(await lane.reported()).not.toHaveProperty('code')
  })
})

test('An answer that is there whole is never kept.', async () => {
  const lane = await startCarryingLane()
  stops.add(() => lane.close())
  const kept: string[] = []
  const { enter } = lane.live
  Object.assign(lane.live, {
    enter: (connection: Parameters<typeof enter>[0]) => (kept.push(connection.kind), enter(connection)),
  })
  const connection = await openRaw(lane.port)
  for (let count = 1; count <= 5; count += 1) {
    connection.write(`GET /api/plain HTTP/1.1\r\n${HEAD}\r\n`)
    await connection.when(() => connection.received().split('hello').length > count, 'the answer')
  }
  expect(kept).toEqual([])
  connection.destroy()
})
