import { Duplex } from 'node:stream'
import { expect, test } from '@jest/globals'
import { Tunnel } from '../../../src/live/tunnel.ts'
import { until } from '../../support/until.ts'
import { closeFrameOf, closeOf, frame, readFrames } from '../../support/web-socket-frames.ts'

/** One end of a tunnel, whose other side takes what it is written only when it is told to. */
function slowEnd() {
  const held: { readonly piece: Buffer; readonly taken: () => void }[] = []
  let read = Buffer.alloc(0)
  let isSlow = true
  const end = new Duplex({
    allowHalfOpen: true,
    read: () => undefined,
    write(piece: Buffer, _, taken) {
      held.push({ piece, taken })
      if (!isSlow) take()
    },
  })
  function take(): void {
    for (const { piece, taken } of held.splice(0)) {
      read = Buffer.concat([read, piece])
      taken()
    }
  }
  return {
    end,
    frames: () => readFrames(read).frames,
    takeAll(): void {
      isSlow = false
      take()
    },
  }
}

function open() {
  const [client, upstream] = [slowEnd(), slowEnd()]
  upstream.takeAll()
  const outcomes: string[] = []
  const tunnel = new Tunnel({
    client: client.end.pause(),
    upstream: upstream.end.pause(),
    session: undefined,
    idleLimitMilliseconds: 60_000,
    onMessage: () => undefined,
    onOver: (outcome) => outcomes.push(outcome),
    now: () => 0,
  })
  return { client, upstream, tunnel, outcomes }
}

test('An upstream that closes at once keeps no slow client from why its session ended.', async () => {
  const { client, upstream, tunnel, outcomes } = open()
  upstream.end.push(frame('a message'))
  await until('it is on its way', () => client.end.writableLength > 0)
  tunnel.end({ kind: 'session_ended', reason: 'signed_out' })
  upstream.end.push(null)
  await until('the upstream is gone', () => upstream.end.closed)
  client.takeAll()
  await until('the client was told all', () => client.end.writableFinished)
  const [message, farewell = message] = client.frames()
  expect(message?.payload.toString()).toBe('a message')
  expect(farewell && closeOf(farewell)).toEqual({ code: 4401, reason: 'signed_out' })
  client.end.push(null)
  await until('the tunnel is over', () => outcomes.length === 1)
  expect(outcomes).toEqual(['session_ended'])
})

test('An upstream that is lost after its last word keeps no slow client from that.', async () => {
  const { client, upstream, outcomes } = open()
  upstream.end.push(Buffer.concat([frame('a message'), closeFrameOf(1000, 'done')]))
  upstream.end.push(null)
  await until('its last word is heard', () => client.end.writableEnded)
  upstream.end.destroy(new Error('reset'))
  await until('the upstream is gone', () => upstream.end.closed)
  client.takeAll()
  await until('the client was told all', () => client.end.writableFinished)
  expect(client.frames()).toHaveLength(2)
  client.end.push(null)
  await until('the tunnel is over', () => outcomes.length === 1)
  expect(outcomes).toEqual(['upstream_closed'])
})

test('An upstream that is lost before its last word takes the client along.', async () => {
  const { client, upstream, outcomes } = open()
  upstream.end.push(frame('a message'))
  await until('it is on its way', () => client.end.writableLength > 0)
  upstream.end.destroy(new Error('reset'))
  await until('the tunnel is over', () => outcomes.length === 1)
  expect([outcomes, client.end.destroyed]).toEqual([['upstream_lost'], true])
})
