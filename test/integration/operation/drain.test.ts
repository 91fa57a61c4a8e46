import { connect } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { startGateway } from '../../support/gateway.ts'
import { openRaw } from '../../support/raw-client.ts'
import { createStops } from '../../support/stops.ts'
import { until } from '../../support/until.ts'
import { startUpstream, type UpstreamAnswer } from '../../support/upstream.ts'

const stops = createStops()
afterEach(stops.stopAll)

/** A gateway before an API whose `/slow` answers in two halves, the second when the test says so. */
async function begin(env: Readonly<Record<string, string>> = {}) {
  const endings: (() => void)[] = []
  const slow: UpstreamAnswer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('the first half,')
    endings.push(() => response.end('the second half'))
  }
  const upstream = await startUpstream({ '/slow': slow })
  stops.add(() => upstream.close())
  const routes = [{ prefix: '/open/', upstream: `${upstream.origin}/`, token: 'none', proof: 'none' }]
  const gateway = await startGateway({ COATCHECK_ROUTES: JSON.stringify(routes), ...env })
  stops.add(gateway.stop)
  const connection = await openRaw(gateway.port)
  const ask = (path: string): void => connection.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${gateway.port}\r\n\r\n`)
  return { gateway, connection, ask, finish: () => endings.splice(0).forEach((end) => end()) }
}

/** Whether a new connection is refused. */
async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const refused = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true))
  })
  socket.destroy()
  return refused
}

describe('a request that is being carried when the gateway is told to stop', () => {
  test('gets its whole answer, and only then does the gateway end', async () => {
    const { gateway, connection, ask, finish } = await begin()
    ask('/open/slow')
    await connection.until('the first half,')
    let isStopped = false
    const stopped = gateway.stop().finally(() => {
      isStopped = true
    })
    await until('nobody is let in any more', () => isRefused(gateway.port))
    expect(isStopped).toBe(false)
    finish()
    expect(await connection.closed()).toContain('the second half')
    await stopped
    expect(gateway.logs('stopped')).toMatchObject([{ inFlight: 0 }])
  })

  test('is cut at the deadline, and the log says how many were', async () => {
    const { gateway, connection, ask } = await begin({ COATCHECK_DRAIN_DEADLINE: '100ms' })
    ask('/open/slow')
    await connection.until('the first half,')
    await gateway.stop()
    expect(await connection.closed()).not.toContain('the second half')
    expect(gateway.logs('stopped')).toMatchObject([{ inFlight: 1 }])
    expect(gateway.logs('request')).toMatchObject([{ route: '/open/', aborted: true }])
  })
})

describe('the gauge of requests in flight', () => {
  test('counts what is being carried now', async () => {
    const { gateway, connection, ask, finish } = await begin()
    expect(await gateway.metric('coatcheck_requests_in_flight')).toBe(0)
    ask('/open/slow')
    await connection.until('the first half,')
    expect(await gateway.metric('coatcheck_requests_in_flight')).toBe(1)
    finish()
    await connection.until('the second half')
    await until('nothing is in flight', async () => (await gateway.metric('coatcheck_requests_in_flight')) === 0)
    connection.destroy()
  })
})
