import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createMetrics, type Metrics } from '../../../src/operations/metrics.ts'
import { createPrivateListener } from '../../../src/operations/private-listener.ts'
import type { Events } from '../../../src/report/events.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Standing {
  readonly live?: boolean
  readonly state?: 'ready' | 'unavailable'
  readonly draining?: boolean
  readonly metrics?: Metrics
}

async function listening({ live = true, state = 'ready', draining = false, metrics }: Standing = {}) {
  const events: Events['unexpected_error'][] = []
  const server = createServer(
    createPrivateListener({
      store: { link: { live, certainAt: 0, foundAgainAt: 0, tells: true } },
      provider: { state },
      isDraining: () => draining,
      inFlight: { count: 7 },
      live: { count: (kind) => (kind === 'tunnel' ? 3 : 4) },
      metrics: metrics ?? createMetrics({ version: '0' }),
      report: (name, fields) => {
        if (name === 'unexpected_error' && 'stack' in fields) events.push({ name: fields.name, note: fields.note })
      },
    }),
  )
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { ask: (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init), events }
}

describe('the private listener', () => {
  test('/healthz says alive, whatever else is down', async () => {
    const { ask } = await listening({ live: false, state: 'unavailable', draining: true })
    const answer = await ask('/healthz')
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ status: 'alive' })
  })

  test('/readyz says 200 when everything is there', async () => {
    const { ask } = await listening()
    const answer = await ask('/readyz?probe=1')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toEqual({ status: 'ready', store: 'ready', provider: 'ready', draining: false })
  })

  test.each<[string, Standing, object]>([
    ['the store', { live: false }, { store: 'unavailable', provider: 'ready', draining: false }],
    ['the provider', { state: 'unavailable' }, { store: 'ready', provider: 'unavailable', draining: false }],
    ['the end', { draining: true }, { store: 'ready', provider: 'ready', draining: true }],
  ])('/readyz says 503 for %s alone, and says which', async (_, standing, expected) => {
    const { ask } = await listening(standing)
    const answer = await ask('/readyz')
    expect(answer.status).toBe(503)
    expect(await answer.json()).toEqual({ status: 'not ready', ...expected })
  })

  test('/metrics speaks the text format', async () => {
    const { ask } = await listening()
    const answer = await ask('/metrics')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(await answer.text()).toContain('coatcheck_requests_in_flight 7')
  })

  test('a failure inside says nothing but that it failed, and is logged', async () => {
    const metrics = { ...createMetrics({ version: '0' }), render: () => Promise.reject(new Error('canary')) }
    const { ask, events } = await listening({ metrics })
    const answer = await ask('/metrics')
    expect(answer.status).toBe(500)
    expect(await answer.text()).toBe('{"status":"error"}\n')
    expect(events).toEqual([{ name: 'Error', note: 'Error' }])
  })

  test.each(['/', '/healthz/', '/HEALTHZ', '/readyz/../metrics2', '/bff/session', '/authorize', '//metrics'])(
    '%s is not there',
    async (path) => {
      const { ask } = await listening()
      expect((await ask(path)).status).toBe(404)
    },
  )

  test('only GET and HEAD are answered', async () => {
    const { ask } = await listening()
    const refused = await ask('/readyz', { method: 'POST', body: 'x' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    const head = await ask('/readyz', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('it answers whatever the Host says, since probes ask by address', async () => {
    const { ask } = await listening()
    expect((await ask('/healthz', { headers: { Host: 'anything.test' } })).status).toBe(200)
  })
})
