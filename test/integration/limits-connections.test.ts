import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type ExactGateway, startExactGateway } from '../support/exact-gateway.ts'
import { statusesIn } from '../support/raw-answers.ts'
import type { RawConnection } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

const MOST_AHEAD = 32
let exact: ExactGateway
beforeAll(async () => {
  exact = await startExactGateway()
})
afterAll(() => exact.stop())

const one = (target: string, ...lines: readonly string[]) =>
  [`GET ${target} HTTP/1.1`, 'Host: {host}', ...lines, '', ''].join('\r\n')
const refusals = () => exact.gateway.logs('request_refused').filter(({ code }) => code === 'too_many_requests')

async function expectOthersToBeServed(): Promise<void> {
  expect(statusesIn(await exact.ask('GET /api/others HTTP/1.1'))).toEqual([200])
  expect(statusesIn(await exact.ask('GET /bff/session HTTP/1.1'))).toEqual([200])
}

/** Opens connections that all begin in the same way, and never go on. */
function begin(many: number, bytes: string): Promise<readonly RawConnection[]> {
  return Promise.all(
    Array.from({ length: many }, async () => {
      const connection = await exact.open()
      if (bytes !== '') connection.write(bytes)
      return connection
    }),
  )
}

describe('a client that does not wait for its answers', () => {
  test('gets all of them, in their order, for as many requests as anybody has reason to send ahead', async () => {
    const targets = Array.from({ length: MOST_AHEAD }, (_, n) => `/open/ahead-${n}`)
    const said = await exact.say(targets.map((target) => one(target)).join('') + one('/open/last', 'Connection: close'))
    expect(statusesIn(said)).toEqual(Array.from({ length: MOST_AHEAD + 1 }, () => 200))
    const asked = exact.upstream.messages().map(({ target }) => target)
    expect(asked).toEqual(expect.arrayContaining([...targets, '/open/last']))
  })

  test('may go on like that for as long as it reads what comes back', async () => {
    const connection = await exact.open()
    for (let sent = 1; sent <= 4 * MOST_AHEAD; sent += 2) {
      connection.write(one('/open/a') + one('/open/b'))
      await connection.when(() => statusesIn(connection.received()).length >= sent - 1, 'answers but the last two')
    }
    await connection.when(() => statusesIn(connection.received()).length === 4 * MOST_AHEAD, 'all answers')
    connection.destroy()
  })

  test.each([
    ['behind an answer that is slow', one('/open/never')],
    ['of which none is one', one('/open/never') + one('/open/x').replace('Host: {host}\r\n', '')],
  ])('is cut off when it sends a flood ahead %s, and costs nobody anything', async (_, first) => {
    exact.upstream.answer('/open/never', () => undefined)
    const before = refusals().length
    const seen = exact.upstream.of('/open/flood').length
    const connection = await exact.open()
    connection.write(first + one('/open/flood').repeat(20_000))
    await connection.closed()
    expect(exact.upstream.of('/open/flood').length - seen).toBeLessThanOrEqual(MOST_AHEAD)
    await until('it is told, once', () => refusals().length === before + 1)
    await expectOthersToBeServed()
  })
})

describe('connections that are held for nothing', () => {
  test('on which nothing is ever said, or headers that never end, end by themselves, and others are served meanwhile', async () => {
    const headers = 'GET /open/x HTTP/1.1\r\nHost: {host}\r\nX-Slow: '
    const held = [...(await begin(200, '')), ...(await begin(200, headers))]
    await expectOthersToBeServed()
    const said = await Promise.all(held.map((connection) => connection.closed()))
    expect(new Set(said.flatMap(statusesIn))).toEqual(new Set([408]))
    await expectOthersToBeServed()
  }, 60_000)

  test('whose owners read nothing of what they asked for hold neither the gateway nor others', async () => {
    const body = 'x'.repeat(500_000)
    exact.upstream.answer('/open/big', `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    const held: RawConnection[] = []
    for (let count = 0; count < 40; count += 1) {
      const connection = await exact.open()
      connection.pause()
      connection.write(one('/open/big'))
      await exact.upstream.until(() => exact.upstream.of('/open/big').length > count)
      held.push(connection)
    }
    await expectOthersToBeServed()
    for (const connection of held) connection.destroy()
  })

  test('with as many headers and cookies as may be are answered one by one', async () => {
    const cookies = Array.from({ length: 900 }, (_, n) => `coatcheck-login-${10_000_000 + n}=${n}`).join('; ')
    const said = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        exact.say(one('/bff/session', `Cookie: ${cookies}`, `X-${n}: ${'x'.repeat(500)}`, 'X-CSRF: 1', 'Connection: close')),
      ),
    )
    expect(new Set(said.flatMap(statusesIn))).toEqual(new Set([200]))
    await expectOthersToBeServed()
  })
})
