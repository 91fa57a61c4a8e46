import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type CarryingLane, liveSession, startCarryingLane } from '../../support/carrying-lane.ts'
import { openRaw } from '../../support/raw-client.ts'
import { createStops } from '../../support/stops.ts'
import { until } from '../../support/until.ts'
import { switched, type UpgradeAnswer } from '../../support/web-socket-answers.ts'
import { handshake, openWebSocket } from '../../support/web-socket-client.ts'
import { closeFrameOf, closeOf, frame, OPCODES, readFrames } from '../../support/web-socket-frames.ts'

const COOKIE = 'session=1'
const ID = liveSession().ticket.id
const stops = createStops()
afterEach(stops.stopAll)

async function begin(choices: Parameters<typeof startCarryingLane>[0] = {}): Promise<CarryingLane> {
  const lane = await startCarryingLane({ ...choices, route: { webSocket: true, ...choices.route } })
  stops.add(() => lane.close())
  return lane
}
const open = (lane: CarryingLane, path = '/api/echo') => openWebSocket(lane.port, { path, cookie: COOKIE })
/** The upstream's end of the latest tunnel. */
function upstreamEnd(lane: CarryingLane) {
  const tunnel = lane.upstream.tunnels.at(-1)
  if (tunnel === undefined) throw new Error('no tunnel reached the upstream')
  return tunnel
}
const closings = (lane: CarryingLane) => lane.events.filter(({ name }) => name === 'live_connection_closed')
/** Says 101 and nothing else. */
const accept: UpgradeAnswer = (request, socket) => socket.write(switched(request))

describe('what passes through a WebSocket', () => {
  test('is untouched, both ways: text, bytes, fragments, pings, close codes', async () => {
    const lane = await begin()
    const socket = await open(lane)
    const big = randomBytes(300_000)
    socket.send('hello')
    socket.send(big, OPCODES.binary)
    socket.send('ping', OPCODES.ping)
    socket.raw.write(frame('frag', { isFinal: false, isMasked: true }).toString('latin1'))
    socket.raw.write(frame('ment', { opcode: OPCODES.continuation, isMasked: true }).toString('latin1'))
    socket.raw.write(closeFrameOf(3999, 'bye', true).toString('latin1'))
    expect(await socket.ended()).toEqual({ code: 3999, reason: '' })
    expect(socket.frames().map(({ opcode, isFinal }) => [opcode, isFinal])).toEqual([
      [OPCODES.text, true],
      [OPCODES.binary, true],
      [OPCODES.pong, true],
      [OPCODES.text, false],
      [OPCODES.continuation, true],
      [OPCODES.close, true],
    ])
    expect(socket.frames()[1]?.payload.equals(big)).toBe(true)
    await until('the tunnel is over', () => closings(lane).length === 1)
    expect(closings(lane)).toMatchObject([
      { kind: 'tunnel', route: '/api/', outcome: 'upstream_closed', subject: 'ann', upstream: lane.upstream.origin },
    ])
  })

  test('may be no frames at all: bytes are bytes', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/raw', (request, socket) => {
      accept(request, socket, Buffer.alloc(0))
      socket.write('\x83\x00garbage', 'latin1')
    })
    const socket = await open(lane, '/api/raw')
    socket.raw.write('\xff\xff\xff')
    expect(await socket.raw.until('garbage')).toMatch(/\x83\x00garbage$/)
    await lane.upstream.until(() => upstreamEnd(lane).octets === 3)
    expect(upstreamEnd(lane).bytes.toString('latin1')).toBe('\xff\xff\xff')
    socket.raw.destroy()
  })

  test('waits while the client takes nothing, and arrives whole', async () => {
    const lane = await begin()
    const message = frame(Buffer.alloc(1024 * 1024, 0x61), { opcode: OPCODES.binary })
    const most = 64
    let sent = 0
    lane.upstream.upgrade('/flood', (request, socket) => {
      accept(request, socket, Buffer.alloc(0))
      function more(): void {
        while (sent < most) {
          sent += 1
          if (!socket.write(message)) return void socket.once('drain', more)
        }
        socket.end()
      }
      more()
    })
    const connection = await openRaw(lane.port)
    connection.write(handshake({ path: '/api/flood', cookie: COOKIE }))
    await connection.until('\r\n\r\n')
    connection.pause()
    // The sender stops by itself: what lies in buffers of the kernel and of ours is far less than the whole.
    let before = -1
    await until('the upstream waits', async () => {
      const waits = sent === before
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 100))
      return waits
    })
    expect(sent).toBeLessThan(most / 2)
    connection.resume()
    const all = await connection.closed()
    expect(all.length - all.indexOf('\r\n\r\n') - 4).toBe(most * message.length)
  }, 30_000)

  test('waits while the upstream takes nothing, and arrives whole', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/slow', (request, socket) => {
      accept(request, socket, Buffer.alloc(0))
      socket.pause()
    })
    const socket = await open(lane, '/api/slow')
    const piece = 'x'.repeat(1024 * 1024)
    for (let count = 0; count < 32; count += 1) socket.raw.write(piece)
    const unsent = () => socket.raw.unsent()
    let before = -1
    await until('the client waits', async () => {
      const waits = unsent() === before
      before = unsent()
      await new Promise((resolve) => setTimeout(resolve, 100))
      return waits
    })
    expect(unsent()).toBeGreaterThan(8 * piece.length)
    upstreamEnd(lane).socket.resume()
    await lane.upstream.until(() => upstreamEnd(lane).octets === 32 * piece.length)
    socket.raw.destroy()
  }, 30_000)
})

describe('an end that goes', () => {
  test('half first, lets the other finish', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/half', (request, socket) => {
      accept(request, socket, Buffer.alloc(0))
      socket.on('end', () => socket.end(frame('last words')))
    })
    const socket = await open(lane, '/api/half')
    socket.raw.end()
    expect(await socket.raw.closed()).toMatch(/last words$/)
    await until('the tunnel is over', () => closings(lane).length === 1)
    expect(closings(lane)).toMatchObject([{ outcome: 'client_closed' }])
  })

  test('without a word, takes the other along: the client', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/open', accept)
    const socket = await open(lane, '/api/open')
    socket.raw.destroy()
    await lane.upstream.until(() => upstreamEnd(lane).isEnded || upstreamEnd(lane).isClosed)
    await until('the tunnel is over', () => closings(lane).length === 1)
    expect(closings(lane)).toMatchObject([{ outcome: 'client_lost', blame: 'browser' }])
    expect(lane.live.count('tunnel')).toBe(0)
  })

  test('without a word, takes the other along: the upstream', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/open', accept)
    const socket = await open(lane, '/api/open')
    upstreamEnd(lane).socket.resetAndDestroy()
    await socket.raw.closed()
    await until('the tunnel is over', () => closings(lane).length === 1)
    expect(closings(lane)).toMatchObject([{ outcome: 'upstream_lost', blame: 'upstream', session: ID.slice(0, 12) }])
  })
})

describe('the end of a session', () => {
  test('closes its WebSockets with 4401 and the reason, at both ends', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/open', accept)
    const socket = await open(lane, '/api/open')
    lane.live.close(ID, 'signed_out')
    expect(await socket.ended()).toEqual({ code: 4401, reason: 'signed_out' })
    await lane.upstream.until(() => upstreamEnd(lane).isEnded)
    const { frames } = readFrames(upstreamEnd(lane).bytes)
    expect(frames).toMatchObject([{ opcode: OPCODES.close, isMasked: true }])
    expect(frames.map(closeOf)).toEqual([{ code: 4401, reason: 'signed_out' }])
    await until('the tunnel is over', () => closings(lane).length === 1)
    expect(closings(lane)).toMatchObject([{ outcome: 'session_ended' }])
  })

  test('lets the frame that is under way come to its end, and puts nothing of the next behind it', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/open', accept)
    const socket = await open(lane, '/api/open')
    const [message, next] = [frame('x'.repeat(1000)), frame('never seen')]
    upstreamEnd(lane).socket.write(message.subarray(0, 500))
    await socket.raw.until('xxx')
    lane.live.close(ID, 'replaced')
    upstreamEnd(lane).socket.write(Buffer.concat([message.subarray(500), next]))
    expect(await socket.ended()).toEqual({ code: 4401, reason: 'replaced' })
    expect(socket.frames().map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
      [OPCODES.text, 1000],
      [OPCODES.close, 2 + 'replaced'.length],
    ])
  })

  test('cuts the connection where a frame does not come to its end within a second', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/open', accept)
    const socket = await open(lane, '/api/open')
    upstreamEnd(lane).socket.write(frame('x'.repeat(1000)).subarray(0, 500))
    await socket.raw.until('xxx')
    lane.live.close(ID, 'signed_out')
    expect(await socket.ended()).toBeUndefined()
  })

  test('cuts the connection at once where no frame is to be told', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/open', accept)
    const socket = await open(lane, '/api/open')
    upstreamEnd(lane).socket.write('\x83\x00no frame', 'latin1')
    await socket.raw.until('no frame')
    lane.live.close(ID, 'signed_out')
    upstreamEnd(lane).socket.write('too late')
    expect(await socket.raw.closed()).toMatch(/no frame$/)
  })

  test('lets no byte of the client pass any more', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/open', accept)
    const connection = await openRaw(lane.port)
    connection.write(handshake({ path: '/api/open', cookie: COOKIE }))
    await connection.until('\r\n\r\n')
    // In the middle of a frame from both ends, so that the connection stays for a second.
    upstreamEnd(lane).socket.write(frame('x'.repeat(1000)).subarray(0, 500))
    await connection.until('xxx')
    lane.live.close(ID, 'signed_out')
    connection.write(frame('too late', { isMasked: true }).toString('latin1'))
    await connection.closed()
    await lane.upstream.until(() => upstreamEnd(lane).isEnded)
    expect(readFrames(upstreamEnd(lane).bytes).frames.map(({ opcode }) => opcode)).toEqual([OPCODES.close])
  })

  test('ends within a second also where the client takes nothing', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/open', accept)
    const socket = await open(lane, '/api/open')
    socket.raw.pause()
    for (let count = 0; count < 64; count += 1) upstreamEnd(lane).socket.write(frame('x'.repeat(1024 * 1024)))
    await until('the upstream waits', () => upstreamEnd(lane).socket.writableNeedDrain)
    lane.live.close(ID, 'signed_out')
    await until('the tunnel is over', () => closings(lane).length === 1)
    socket.raw.destroy()
  })

  test('reaches a handshake that is under way: it is 401, and no tunnel', async () => {
    const lane = await begin()
    const answers: (() => void)[] = []
    lane.upstream.upgrade('/late', (request, socket) => answers.push(() => socket.write(switched(request))))
    const connection = await openRaw(lane.port)
    connection.write(handshake({ path: '/api/late', cookie: COOKIE }))
    await until('the upstream is asked', () => answers.length === 1)
    lane.live.close(ID, 'signed_out')
    answers[0]?.()
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 401 [\s\S]*session_missing$/)
    await until('it is forgotten', () => lane.live.count('tunnel') === 0)
  })

  test('that comes while a token is fetched for a handshake keeps the upstream from being asked', async () => {
    const ending: { live?: CarryingLane['live'] } = {}
    const lane = await begin({
      steps: {
        async accessToken({ grant }) {
          ending.live?.close(ID, 'signed_out')
          return grant.accessToken
        },
      },
    })
    ending.live = lane.live
    await expect(open(lane)).rejects.toThrow(/401 [\s\S]*session_missing/)
    // Connections are taken in the order in which they came: ours is the first.
    await (await fetch(`${lane.upstream.origin}/plain`)).text()
    expect(lane.upstream.connections()).toBe(1)
  })

  test('says nothing behind a Close frame of the upstream’s own', async () => {
    const lane = await begin()
    lane.upstream.upgrade('/closing', (request, socket) => {
      socket.write(Buffer.concat([Buffer.from(switched(request)), closeFrameOf(1000, 'done')]))
    })
    const socket = await open(lane, '/api/closing')
    await socket.received(1)
    lane.live.close(ID, 'signed_out')
    expect(await socket.ended()).toEqual({ code: 1000, reason: 'done' })
    expect(socket.frames()).toHaveLength(1)
  })
})

describe('the limits', () => {
  test('a WebSocket in which nothing passes is closed with 1001, one in which something does is not', async () => {
    const clock = { at: 0 }
    const lane = await begin({ webSockets: { idleLimitMilliseconds: 60_000 }, steps: { now: () => clock.at } })
    const [quiet, pinged, busy] = [await open(lane), await open(lane), await open(lane)]
    clock.at = 59_999
    const pinging = lane.upstream.tunnels[1]?.socket
    pinging?.write(frame('', { opcode: OPCODES.ping }))
    await pinged.received(1)
    busy.send('hello')
    await busy.received(1)
    clock.at = 60_000
    lane.live.sweep()
    expect(await quiet.ended()).toEqual({ code: 1001, reason: 'idle' })
    await until('the tunnel is over', () => closings(lane).length === 1)
    expect(closings(lane)).toMatchObject([{ outcome: 'idle' }])
    expect(lane.live.count('tunnel')).toBe(2)
    pinged.raw.destroy()
    busy.raw.destroy()
  })

  test('one session has no more than its share', async () => {
    const lane = await begin({ webSockets: { mostOpenPerSession: 2 } })
    const [first, second] = [await open(lane), await open(lane)]
    await expect(open(lane)).rejects.toThrow(/503 [\s\S]*too_many_connections/)
    first.raw.destroy()
    await until('there is room', () => lane.live.count('tunnel') === 1)
    const third = await open(lane)
    second.raw.destroy()
    third.raw.destroy()
  })

  test('one process has no more than its share, handshakes that are under way included', async () => {
    const lane = await begin({ route: { token: 'none' }, webSockets: { mostOpen: 2 } })
    lane.upstream.upgrade('/late', () => undefined)
    const first = await open(lane)
    const waiting = await openRaw(lane.port)
    waiting.write(handshake({ path: '/api/late' }))
    await lane.upstream.until(() => lane.upstream.tunnels.length === 2)
    await expect(open(lane)).rejects.toThrow(/503 [\s\S]*too_many_connections/)
    first.raw.destroy()
    waiting.destroy()
  })

  test('messages of the client keep its session, pongs and what the upstream says do not', async () => {
    const extended: string[] = []
    const clock = { at: 0 }
    const lane = await begin({
      steps: { now: () => clock.at },
      activity: {
        extended: async ({ ticket }) => {
          extended.push(ticket.id)
          return undefined
        },
      },
    })
    const socket = await open(lane)
    clock.at = 61_000
    socket.send('', OPCODES.pong)
    socket.send('ping', OPCODES.ping)
    await socket.received(1)
    expect(extended).toEqual([])
    socket.send('somebody is here')
    await socket.received(2)
    expect(extended).toEqual([ID])
    socket.raw.destroy()
  })
})

test('When the instance goes away WebSockets are closed with 1001, and later ones are refused.', async () => {
  const lane = await begin()
  const socket = await open(lane)
  lane.live.goAway()
  expect(await socket.ended()).toEqual({ code: 1001, reason: 'going away' })
  await until('the tunnel is over', () => closings(lane).length === 1)
  expect(closings(lane)).toMatchObject([{ outcome: 'going_away' }])
  await expect(open(lane)).rejects.toThrow(/503 [\s\S]*draining/)
})

test('A public route carries WebSockets of our own pages, without a session and without a token.', async () => {
  const lane = await begin({ route: { token: 'none' } })
  const socket = await openWebSocket(lane.port, { path: '/api/echo' })
  socket.send('hello')
  expect((await socket.received(1))[0]?.payload.toString()).toBe('hello')
  expect(lane.upstream.last().values('authorization')).toEqual([])
  lane.live.close(ID, 'signed_out')
  socket.send('still here')
  await socket.received(2)
  socket.raw.destroy()
})
