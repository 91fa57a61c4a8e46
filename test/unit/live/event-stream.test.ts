import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, expect, test } from '@jest/globals'
import { EventStream } from '../../../src/live/event-stream.ts'
import { parseEventId } from '../../../src/live/told.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'
import { createStops } from '../../support/stops.ts'
import { until } from '../../support/until.ts'

const stops = createStops()
afterEach(stops.stopAll)

/** Both ends of an answer over a real connection. */
async function open(): Promise<{ readonly response: ServerResponse; readonly reader: IncomingMessage }> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const asked = get({ port: typeof address === 'object' ? address?.port : 0, host: '127.0.0.1', agent: false })
  asked.on('error', () => undefined)
  stops.add(() => {
    asked.destroy()
    server.close()
    server.closeAllConnections()
  })
  const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
  response.flushHeaders()
  const [reader] = (await once(asked, 'response')) as [IncomingMessage]
  reader.on('error', () => undefined)
  return { response, reader }
}

function streamOver(response: ServerResponse, session = makeSession(), lastEventId?: string) {
  const { clock, now, lifetimes } = sessionParts()
  const stream = new EventStream({
    response,
    session,
    idleExpiresAt: clock.at + 3_600_000,
    told: parseEventId(lastEventId),
    lifetimes,
    expiringAheadMilliseconds: 300_000,
    heartbeatMilliseconds: 15_000,
    loginUrl: '/bff/login',
    now,
  })
  return { stream, clock }
}

function claimsOf(n: number) {
  return { claims: { sub: 'ada', name: `${n} ${'x'.repeat(100_000)}` } }
}

test('A reader that takes nothing is cut off before much has been kept for it.', async () => {
  const { response, reader } = await open()
  reader.pause()
  const { stream } = streamOver(response)
  const closed = once(response, 'close')
  let most = 0
  for (let n = 0; n < 1_000 && !response.destroyed; n += 1) {
    stream.page.know({ session: makeSession(claimsOf(n), stream.session.ticket), idleExpiresAt: undefined })
    most = Math.max(most, response.writableLength)
    // oxlint-disable-next-line no-await-in-loop -- what the system takes is taken
    await new Promise((resolve) => setImmediate(resolve))
  }
  await closed
  expect(stream.outcome).toBe('client_lost')
  expect(most).toBeLessThan(250_000)
})

test('A reader that takes everything is told it all, however much at once.', async () => {
  const { response, reader } = await open()
  let text = ''
  reader.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const { stream } = streamOver(response)
  for (let n = 0; n < 5; n += 1) {
    stream.page.know({ session: makeSession(claimsOf(n), stream.session.ticket), idleExpiresAt: undefined })
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as they come
    await until('it has come', () => text.split('event: claims-changed').length === n + 2)
  }
  expect(response.destroyed).toBe(false)
})

test('A heartbeat comes when nothing was said for long, and not before.', async () => {
  const { response, reader } = await open()
  let text = ''
  reader.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const { stream, clock } = streamOver(response)
  await until('it has begun', () => text.endsWith('\n\n'))
  const begun = text
  clock.at += 14_999
  stream.look(clock.at)
  clock.at += 1
  stream.look(clock.at)
  stream.look(clock.at)
  stream.end({ kind: 'going_away' })
  stream.end({ kind: 'session_ended', reason: 'signed_out' })
  await once(reader, 'end')
  expect(text.slice(begun.length)).toBe(':\n\n')
  expect(stream.outcome).toBe('going_away')
})
