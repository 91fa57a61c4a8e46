import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createDrain } from '../../../src/operations/drain.ts'
import { createHttpServer } from '../../../src/operations/http-server.ts'
import { createInFlight } from '../../../src/operations/in-flight.ts'
import { openRaw } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** A server whose answers end when the test says so, and a drain whose waits do. */
async function begin() {
  const answers: ServerResponse[] = []
  const waits: { milliseconds: number; pass: () => void; aborted: boolean }[] = []
  const happened: string[] = []
  const inFlight = createInFlight()
  /** Work that goes on without its request. */
  const beside = { done: Promise.resolve() }
  const publicServer = createHttpServer({
    inFlight,
    handle: (request, response) => (request.url === '/quick' ? response.end('quick') : answers.push(response)),
    report: () => undefined,
  })
  servers.push(publicServer)
  await new Promise<void>((resolve) => publicServer.listen(0, '127.0.0.1', resolve))
  const { isDraining, drain } = createDrain({
    config: { delayMilliseconds: 5000, deadlineMilliseconds: 30_000 },
    publicServer,
    inFlight,
    report: (name, fields) => happened.push(`${name} ${'inFlight' in fields ? fields.inFlight : ''}`),
    wait: (milliseconds, signal) =>
      new Promise((resolve) => {
        const wait = { milliseconds, pass: resolve, aborted: false }
        waits.push(wait)
        signal?.addEventListener('abort', () => {
          wait.aborted = true
          resolve()
        })
      }),
    goAway: () => happened.push('go away'),
    settled: async () => {
      await beside.done
      happened.push('settled')
    },
    release: async () => {
      happened.push('released')
    },
  })
  const { port } = publicServer.address() as AddressInfo
  const arrived = async (count: number): Promise<void> => {
    await until('the requests have arrived', () => answers.length >= count)
  }
  /** Lets the n-th wait of the drain pass. */
  const passWait = async (n: number): Promise<void> => {
    await until('the drain waits', () => waits.length > n)
    waits[n]?.pass()
  }
  const asked = async (n: number): Promise<void> => {
    await until('the drain waits', () => waits.length > n)
  }
  return { port, publicServer, inFlight, isDraining, drain, answers, waits, happened, arrived, passWait, asked, beside }
}

describe('going away', () => {
  test('it is not ready at once, and serves on for the configured delay', async () => {
    const { port, isDraining, drain, waits, passWait } = await begin()
    const done = drain()
    expect(isDraining()).toBe(true)
    expect(waits.map(({ milliseconds }) => milliseconds)).toEqual([5000])
    const connection = await openRaw(port)
    connection.write('GET /quick HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await connection.closed()).toMatch(/\r\nConnection: close\r\n[\s\S]*quick$/)
    await passWait(0)
    await done
  })

  test('what was in flight before is finished, told to close its connection, and only then are store and provider let go', async () => {
    const { port, drain, answers, happened, arrived, passWait, asked, waits } = await begin()
    const connection = await openRaw(port)
    connection.write(GET)
    await arrived(1)
    const done = drain()
    await passWait(0)
    await asked(1)
    expect(happened).toEqual(['draining 1', 'go away'])
    answers[0]?.end('finished')
    expect(await connection.closed()).toMatch(/\r\nConnection: close\r\n[\s\S]*finished$/)
    await done
    expect(happened).toEqual(['draining 1', 'go away', 'settled', 'released', 'stopped 0'])
    expect(waits[1]).toMatchObject({ milliseconds: 25_000, aborted: true })
  })

  test('what is not finished by the deadline is cut, and counted', async () => {
    const { port, drain, happened, arrived, passWait } = await begin()
    const connection = await openRaw(port)
    connection.write(GET)
    await arrived(1)
    const done = drain()
    await passWait(0)
    await passWait(1)
    await done
    expect(await connection.closed()).toBe('')
    expect(happened).toEqual(['draining 1', 'go away', 'released', 'settled', 'stopped 1'])
  })

  test('work that goes on without its request is waited for, but no longer than the deadline', async () => {
    const { drain, happened, passWait, beside } = await begin()
    beside.done = new Promise(() => undefined)
    const done = drain()
    await passWait(0)
    await passWait(1)
    await done
    expect(happened).toEqual(['draining 0', 'go away', 'released', 'stopped 0'])
  })

  test('after the delay nobody new is let in, and idle connections are closed', async () => {
    const { port, drain, arrived, passWait, asked, answers } = await begin()
    const [busy, idle, unused] = await Promise.all([openRaw(port), openRaw(port), openRaw(port)])
    idle.write('GET /quick HTTP/1.1\r\nHost: a\r\n\r\n')
    await idle.until('quick')
    busy.write(GET)
    await arrived(1)
    const done = drain()
    await passWait(0)
    await asked(1)
    expect(await idle.closed()).toMatch(/keep-alive/)
    const late = await openRaw(port)
    expect(await late.closed()).toBe('')
    answers[0]?.end()
    await done
    expect(await unused.closed()).toBe('')
  })

  test('asked twice, it happens once', async () => {
    const { drain, happened, passWait } = await begin()
    const both = Promise.all([drain(), drain()])
    await passWait(0)
    await both
    expect(happened).toEqual(['draining 0', 'go away', 'settled', 'released', 'stopped 0'])
  })

  test('a client that leaves is no longer in flight', async () => {
    const { port, inFlight, arrived } = await begin()
    const connection = await openRaw(port)
    connection.write(GET)
    await arrived(1)
    expect(inFlight.count).toBe(1)
    connection.destroy()
    await inFlight.empty()
    expect(inFlight.count).toBe(0)
  })

  test('a client that leaves with a second request waiting behind the first leaves nothing in flight', async () => {
    const { port, inFlight, arrived } = await begin()
    const connection = await openRaw(port)
    connection.write(GET + GET)
    await arrived(2)
    expect(inFlight.count).toBe(2)
    connection.destroy()
    await inFlight.empty()
    expect(inFlight.count).toBe(0)
  })
})
