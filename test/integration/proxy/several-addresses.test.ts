import { afterEach, describe, expect, test } from '@jest/globals'
import type { AddressConfig } from '../../../src/config/route-parts.ts'
import { type CarryingLane, routeTo, startCarryingLane } from '../../support/carrying-lane.ts'
import { findFreePort } from '../../support/free-port.ts'
import { openRaw, rawRequest } from '../../support/raw-client.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'

const HEAD = 'Host: a\r\nCookie: session=1\r\nConnection: close\r\n'
const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of closing.splice(0).toReversed()) await each.close()
})

function keep<Closable extends { close(): Promise<void> }>(each: Closable): Closable {
  closing.push(each)
  return each
}

function addressOf(port: number): AddressConfig {
  const origin = `http://127.0.0.1:${port}`
  return { name: origin, origin, socketPath: undefined }
}

/** A clock that stands still until it is told. */
function createClock() {
  let time = 1000
  return { now: () => time, pass: (milliseconds: number) => void (time += milliseconds) }
}

async function carrying(ports: readonly number[], now = () => performance.now()): Promise<CarryingLane> {
  const route = routeTo('', { prefix: '/many/', addresses: ports.map(addressOf) })
  return keep(await startCarryingLane({ moreRoutes: [route], steps: { now } }))
}

function ask(lane: CarryingLane, method = 'GET', body = ''): Promise<string> {
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`
  return rawRequest(lane.port, `${method} /many/x HTTP/1.1\r\n${HEAD}${length}\r\n${body}`)
}

function states(lane: CarryingLane): unknown[] {
  return lane.events
    .filter(({ name }) => name === 'upstream_state')
    .map((event) => [event['upstream'], event['state'], event['note']])
}

async function twoUpstreams(): Promise<readonly [Upstream, Upstream]> {
  return [keep(await startUpstream()), keep(await startUpstream())]
}

describe('an upstream with several addresses', () => {
  test('is asked at each in turn', async () => {
    const [one, other] = await twoUpstreams()
    const lane = await carrying([one.port, other.port])
    for (let count = 0; count < 10; count += 1) expect(await ask(lane)).toMatch(/^HTTP\/1.1 200 /)
    expect([one.requests.length, other.requests.length]).toEqual([5, 5])
    expect(lane.lines.map(({ upstream }) => upstream)).toEqual(expect.arrayContaining([one.origin, other.origin]))
    expect(states(lane)).toEqual([])
  })

  test('is asked where the fewest answers are waited for', async () => {
    const [one, other] = await twoUpstreams()
    const lane = await carrying([one.port, other.port])
    const client = await openRaw(lane.port)
    client.write('GET /many/hang HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n')
    await Promise.race([one.until(() => one.requests.length === 1), other.until(() => other.requests.length === 1)])
    const free = one.requests.length === 1 ? other : one
    for (let count = 0; count < 6; count += 1) await ask(lane)
    expect(free.requests).toHaveLength(6)
    client.destroy()
  })

  test('counts what is waited for right, however it ends', async () => {
    const [one, other] = await twoUpstreams()
    const lane = await carrying([one.port, other.port])
    for (const path of ['close-at-once', 'garbage', 'die-mid-body', 'half-header', 'chunked', 'no-content', 'until-close']) {
      for (let count = 0; count < 3; count += 1) await rawRequest(lane.port, `GET /many/${path} HTTP/1.1\r\n${HEAD}\r\n`)
    }
    for (let count = 0; count < 3; count += 1) {
      const asked = one.requests.length + other.requests.length
      const client = await openRaw(lane.port)
      client.write('GET /many/hang HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n')
      const isAsked = () => one.requests.length + other.requests.length > asked
      await Promise.race([one.until(isAsked), other.until(isAsked)])
      const reported = lane.reported(lane.lines.length + 1)
      client.destroy()
      await reported
    }
    const [ofOne, ofOther] = [one.requests.length, other.requests.length]
    for (let count = 0; count < 10; count += 1) await ask(lane)
    expect([one.requests.length - ofOne, other.requests.length - ofOther]).toEqual([5, 5])
  })

  test('answers at the other address where one refuses, and nobody notices', async () => {
    const gone = await findFreePort()
    const alive = keep(await startUpstream())
    const lane = await carrying([gone, alive.port], createClock().now)
    for (const method of ['GET', 'OPTIONS', 'GET', 'GET', 'GET']) expect(await ask(lane, method)).toMatch(/^HTTP\/1.1 200 /)
    expect(await ask(lane, 'HEAD')).toMatch(/^HTTP\/1.1 200 /)
    expect(alive.requests).toHaveLength(6)
    // Told once, and asked once.
    expect(states(lane)).toEqual([[`http://127.0.0.1:${gone}`, 'unreachable', expect.stringContaining('ECONNREFUSED')]])
    expect(lane.events.filter(({ name }) => name === 'upstream_connection_failed')).toHaveLength(1)
  })

  test.each([
    ['POST', ''],
    ['DELETE', ''],
    ['GET', 'with a body'],
  ])('is asked once, and not again elsewhere: %s %s', async (method, body) => {
    const gone = await findFreePort()
    const alive = keep(await startUpstream())
    const lane = await carrying([gone, alive.port], createClock().now)
    const answers = [await ask(lane, method, body), await ask(lane, method, body)]
    // One of the two met the address that refuses; from then on it is left out.
    expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 502 '))).toHaveLength(1)
    expect(alive.requests).toHaveLength(1)
    for (let count = 0; count < 4; count += 1) expect(await ask(lane, method, body)).toMatch(/^HTTP\/1.1 200 /)
  })

  test('is tried anyway where all addresses are out, and comes back with them', async () => {
    const [first, second] = [await findFreePort(), await findFreePort()]
    const clock = createClock()
    const lane = await carrying([first, second], clock.now)
    expect(await ask(lane)).toMatch(/^HTTP\/1.1 502 .*upstream_unreachable$/s)
    expect(states(lane)).toHaveLength(2)
    expect(await ask(lane, 'POST')).toMatch(/^HTTP\/1.1 502 /)
    const back = keep(await startUpstream({}, { port: second, host: '127.0.0.1' }))
    // No time has passed: a GET asks both, one after the other.
    expect(await ask(lane)).toMatch(/^HTTP\/1.1 200 /)
    expect(back.requests).toHaveLength(1)
    expect(states(lane).at(-1)).toEqual([back.origin, 'reachable', undefined])
  })

  test('leaves an address that died alone for a second, then lets one request try it', async () => {
    const clock = createClock()
    const [dying, other] = await twoUpstreams()
    const lane = await carrying([dying.port, other.port], clock.now)
    for (let count = 0; count < 4; count += 1) await ask(lane)
    expect(dying.requests).toHaveLength(2)
    await dying.close()
    for (let count = 0; count < 4; count += 1) expect(await ask(lane)).toMatch(/^HTTP\/1.1 200 /)
    expect(states(lane)).toHaveLength(1)

    closing.splice(closing.indexOf(dying), 1)
    const back = keep(await startUpstream({}, { port: dying.port, host: '127.0.0.1' }))
    clock.pass(999)
    for (let count = 0; count < 4; count += 1) await ask(lane)
    expect(back.requests).toEqual([])
    clock.pass(1)
    // A POST waits longer, so that it need not be the one that fails.
    expect(await ask(lane, 'POST')).toMatch(/^HTTP\/1.1 200 /)
    expect(back.requests).toEqual([])
    await ask(lane)
    expect(back.requests).toHaveLength(1)
    expect(states(lane).at(-1)).toEqual([back.origin, 'reachable', undefined])
    const before = back.requests.length
    for (let count = 0; count < 4; count += 1) await ask(lane)
    expect(back.requests.length - before).toBe(2)
  })

  test('asks again elsewhere where a kept connection was closed just then', async () => {
    let count = 0
    const [one, other] = await twoUpstreams()
    const lane = await carrying([one.port, other.port])
    for (const each of [one, other]) {
      each.answer('/flaky', (request, response) => {
        count += 1
        if (count === 1) request.socket.destroy()
        else response.end('second')
      })
    }
    expect(await rawRequest(lane.port, `GET /many/flaky HTTP/1.1\r\n${HEAD}\r\n`)).toMatch(/second/)
    expect([one.requests.length, other.requests.length]).toEqual([1, 1])
    // A connection that was there is no sign that the address is not.
    expect(states(lane)).toEqual([])
  })

  test('is not taken away by what one client asks of it', async () => {
    const [one, other] = await twoUpstreams()
    const lane = await carrying([one.port, other.port])
    for (let count = 0; count < 6; count += 1) {
      await rawRequest(lane.port, `GET /many/close-at-once HTTP/1.1\r\n${HEAD}\r\n`)
    }
    expect(states(lane)).toEqual([])
    expect(await ask(lane)).toMatch(/^HTTP\/1.1 200 /)
  })

  test('may name itself by any of its addresses in a redirect', async () => {
    const [one, other] = await twoUpstreams()
    const lane = await carrying([one.port, other.port])
    for (const each of [one, other]) {
      each.answer('/moved', (_request, response) => void response.writeHead(302, { location: `${other.origin}/there` }).end())
    }
    for (let count = 0; count < 2; count += 1) {
      expect(await rawRequest(lane.port, `GET /many/moved HTTP/1.1\r\n${HEAD}\r\n`)).toMatch(/\r\nlocation: \/many\/there\r\n/i)
    }
  })
})
