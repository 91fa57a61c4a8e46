import { afterEach, describe, expect, test } from '@jest/globals'
import { array, assert, double, integer, property } from 'fast-check'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { createHistogram } from '../../../bench/open-loop/histogram.ts'
import { contentLength } from '../../../bench/open-loop/keep-connection.ts'
import { getRequest } from '../../../bench/open-loop/run-on-schedule.ts'
import { sendOnSchedule } from '../../../bench/open-loop/send-on-schedule.ts'

const REQUEST = getRequest('/item', { Host: 'api', Cookie: 'a=1' })

async function listening(opened: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await once(opened.listen(0, '127.0.0.1'), 'listening')
  const address = opened.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return address.port
}

describe('a histogram', () => {
  test('knows every quantile to within a sixty-fourth, and never says too little', () => {
    assert(
      property(
        array(integer({ min: 0, max: 10_000_000 }), { minLength: 1, maxLength: 200 }),
        double({ min: 0, max: 1, noNaN: true }),
        (times, share) => {
          const histogram = createHistogram()
          times.forEach(histogram.record)
          const sorted = times.toSorted((one, other) => one - other)
          const exact = sorted[Math.max(1, Math.ceil(share * times.length)) - 1] ?? 0
          expect(histogram.count()).toBe(times.length)
          expect(histogram.quantile(share)).toBeGreaterThanOrEqual(exact)
          expect(histogram.quantile(share)).toBeLessThanOrEqual(exact + exact / 64)
        },
      ),
    )
  })

  test('has no quantile of nothing, and takes what is out of its range at its ends', () => {
    expect(() => createHistogram().quantile(0.5)).toThrow('Nothing was counted')
    const histogram = createHistogram()
    histogram.record(-5)
    expect(histogram.quantile(1)).toBe(0)
    histogram.record(Number.MAX_SAFE_INTEGER)
    expect(histogram.quantile(1)).toBe(2 ** 30 - 1)
  })
})

describe('requests that are sent on schedule', () => {
  let server: Server | ReturnType<typeof createTcpServer> | undefined
  afterEach(async () => {
    const closing = server
    server = undefined
    if (closing === undefined) return
    if ('closeAllConnections' in closing) closing.closeAllConnections()
    await new Promise((resolve) => closing.close(resolve))
  })

  async function listen(listener: RequestListener): Promise<number> {
    server = createServer(listener)
    return listening(server)
  }

  const schedule = { host: '127.0.0.1', requests: [REQUEST], perSecond: 200, connections: 4, warmUpSeconds: 0, seconds: 0.5 }

  test('are as many as the rate says, each of them whole and in its turn, those of the warm-up not counted', async () => {
    const seen: string[] = []
    const port = await listen((request, response) => {
      seen.push(`${request.url} ${request.headers.cookie}`)
      response.writeHead(200, { 'content-length': 5 }).end('hello')
    })
    const requests = [REQUEST, getRequest('/other', { Host: 'api', Cookie: 'b=2' })]
    const counted = await sendOnSchedule({ ...schedule, requests, port, warmUpSeconds: 0.25 })
    expect(counted).toMatchObject({ requests: 100, refused: 0, broken: 0 })
    expect(seen).toHaveLength(150)
    expect(seen.filter((each) => each === '/item a=1')).toHaveLength(75)
    expect(seen.filter((each) => each === '/other b=2')).toHaveLength(75)
  })

  test('are timed from when they were due: one answer that stalls is seen in all that had to wait for it', async () => {
    let n = 0
    const port = await listen((_, response) => {
      n += 1
      const answer = () => response.writeHead(200, { 'content-length': 2 }).end('ok')
      // One of a hundred: a generator that waits for it before it sends on would count a single slow request.
      if (n === 20) setTimeout(answer, 300)
      else answer()
    })
    const counted = await sendOnSchedule({ ...schedule, port, connections: 1 })
    expect(counted.requests).toBe(100)
    expect(counted.most).toBeGreaterThanOrEqual(290_000)
    // 60 were due meanwhile, half of them for longer than 150 ms.
    expect(counted.mostWaiting).toBeGreaterThanOrEqual(50)
    expect(counted.p90).toBeGreaterThan(100_000)
    expect(counted.lateP99).toBeGreaterThan(100_000)
  })

  test('count answers that are errors and connections that break, and go on after both', async () => {
    let n = 0
    const port = await listen((request, response) => {
      n += 1
      if (n % 10 === 0) return void request.socket.destroy()
      return void response.writeHead(n % 10 === 5 ? 503 : 200, { 'content-length': 2 }).end('ok')
    })
    const counted = await sendOnSchedule({ ...schedule, port })
    expect(counted).toMatchObject({ requests: 100, refused: 10, broken: 10 })
  })

  test('take answers in pieces for what they are, and one whose end cannot be told for a broken one', async () => {
    let n = 0
    server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => {
        n += 1
        if (n % 2 === 0) return void socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
        socket.write('HTTP/1.1 200 OK\r\nContent-Le')
        return void setTimeout(() => {
          socket.write('ngth: 4\r\n\r\nab')
          setTimeout(() => socket.write('cd'), 1)
        }, 1)
      })
    })
    const port = await listening(server)
    const counted = await sendOnSchedule({ ...schedule, port })
    expect(counted).toMatchObject({ requests: 100, refused: 0, broken: 50 })
  })

  test('know the length of a body by its own header alone', () => {
    const head = 'HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nCONTENT-LENGTH:  12\r\n\r\n'
    expect(contentLength(Buffer.from(head), head.length - 4)).toBe(12)
    expect(contentLength(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), 15)).toBeUndefined()
  })
})
