import { describe, expect, test } from '@jest/globals'
import { FAILURES, type FailureCode } from '../../../src/errors.ts'
import { createLogger } from '../../../src/operations/logger.ts'
import { createMetrics } from '../../../src/operations/metrics.ts'
import { createReport } from '../../../src/operations/create-report.ts'
import type { RequestLine } from '../../../src/report/request-line.ts'
import { collectLines } from '../../support/lines.ts'

const GAUGES = { tunnels: 3, streams: 4, inFlight: 3, providerReady: true, storeLive: false, draining: false }

function begin({ carried = 'failures', level = 'trace' }: { carried?: 'all' | 'failures'; level?: 'trace' | 'silent' } = {}) {
  const lines = collectLines()
  const metrics = createMetrics({ version: '1.2.3' })
  const reports = createReport({ logger: createLogger({ level }, lines.output), metrics, carried })
  return { ...lines, ...reports, counted: () => metrics.render(GAUGES) }
}

const LINE: RequestLine = {
  lane: 'carrying',
  requestId: 'r-1',
  method: 'GET',
  path: '/api/x',
  route: '/api/',
  status: 200,
  milliseconds: 4,
  aborted: false,
  session: 'abcdefghijkl',
  subject: 'ada',
  upstream: 'http://api:3000',
}

describe('events', () => {
  test('a sign-in that worked is a line and a count', async () => {
    const { report, parsed, counted } = begin()
    report('login_finished', { outcome: 'signed_in', subject: 'ada', requestId: 'r-1' })
    expect(parsed()).toMatchObject([
      { level: 'info', event: 'login_finished', outcome: 'signed_in', subject: 'ada', requestId: 'r-1' },
    ])
    expect(await counted()).toContain('coatcheck_logins_total{outcome="signed_in"} 1')
  })

  test('what the browser did is news, what the provider did a warning, what we did an error', () => {
    const { report, parsed } = begin()
    report('request_refused', { code: 'request_forged', blame: 'browser' })
    report('request_refused', { code: 'provider_unavailable', blame: 'provider' })
    report('request_refused', { code: 'store_unavailable', blame: 'store' })
    report('request_refused', { code: 'internal', blame: 'gateway' })
    expect(parsed().map(({ level }) => level)).toEqual(['info', 'warn', 'warn', 'error'])
  })

  test('a silent log still counts', async () => {
    const { report, text, counted } = begin({ level: 'silent' })
    report('session_began', {})
    report('session_ended', { reason: 'idle' })
    report('token_refreshed', { outcome: 'taken_over', milliseconds: 12 })
    report('token_revocation_failed', { note: 'Error' })
    report('limit_reached', { limit: 'address', endpoint: 'login' })
    expect(text()).toBe('')
    const all = await counted()
    expect(all).toContain('coatcheck_sessions_begun_total 1')
    expect(all).toContain('coatcheck_sessions_ended_total{reason="idle"} 1')
    expect(all).toContain('coatcheck_token_refreshes_total{outcome="taken_over",reason=""} 1')
    expect(all).toContain('coatcheck_token_refresh_seconds_count 1')
    expect(all).toContain('coatcheck_token_revocations_failed_total 1')
    expect(all).toContain('coatcheck_limits_reached_total{limit="address",endpoint="login"} 1')
  })
})

describe('the request log', () => {
  test('one line of a failed request tells who, where, what and how long', () => {
    const { reportRequest, parsed } = begin()
    reportRequest({ ...LINE, status: 502, code: 'upstream_unreachable' })
    expect(parsed()).toEqual([
      {
        ...LINE,
        level: 'warn',
        time: expect.any(String),
        event: 'request',
        status: 502,
        code: 'upstream_unreachable',
        blame: 'upstream',
      },
    ])
  })

  test.each<[string, Partial<RequestLine>, string | undefined]>([
    ['a good answer', {}, undefined],
    ["an API's own 404", { status: 404 }, undefined],
    ["an API's own 500", { status: 500 }, 'warn'],
    ['a refusal of ours', { status: 401, code: 'session_missing' }, 'info'],
    ['a client that left', { aborted: true }, 'info'],
    ['a fault of ours', { status: 500, code: 'internal' }, 'error'],
  ])('carried, only failures: %s', (_, change, level) => {
    const { reportRequest, parsed } = begin()
    reportRequest({ ...LINE, ...change })
    expect(parsed().map((line) => line['level'])).toEqual(level === undefined ? [] : [level])
  })

  test('what the store could not be asked for is no line for each, unless every carried request has one', () => {
    const [few, all] = [begin(), begin({ carried: 'all' })]
    const failed = { status: 503, code: 'store_unavailable' } as const
    for (const { reportRequest } of [few, all]) {
      reportRequest({ ...LINE, ...failed })
      reportRequest({ ...LINE, ...failed, lane: 'counter', route: 'session' })
      reportRequest({ ...LINE, status: 503, code: 'record_unreadable' })
    }
    expect(few.parsed().map(({ level }) => level)).toEqual(['debug', 'debug', 'warn'])
    expect(all.parsed().map(({ level }) => level)).toEqual(['info', 'debug', 'warn'])
  })

  test('carried, all: a good answer is a line too', () => {
    const { reportRequest, parsed } = begin({ carried: 'all' })
    reportRequest(LINE)
    expect(parsed()).toMatchObject([{ level: 'info', status: 200 }])
  })

  test.each<[string, Partial<RequestLine>, string]>([
    ['a good answer', { route: 'session' }, 'info'],
    ['a good asset', { route: 'assets' }, 'debug'],
    ['a missing asset', { route: 'assets', status: 404, code: 'not_found' }, 'info'],
    ['an unexplained 500', { route: 'session', status: 500 }, 'error'],
  ])('the counter lane always: %s', (_, change, level) => {
    const { reportRequest, parsed } = begin()
    reportRequest({ ...LINE, lane: 'counter', ...change })
    expect(parsed()).toMatchObject([{ level }])
  })
})

describe('metrics', () => {
  test('a refresh that came to nothing is counted by its reason', async () => {
    const { report, counted, parsed } = begin()
    report('token_refreshed', { outcome: 'unavailable', reason: 'rate_limited', milliseconds: 12 })
    expect(await counted()).toContain('coatcheck_token_refreshes_total{outcome="unavailable",reason="rate_limited"} 1')
    expect(parsed()).toMatchObject([{ level: 'warn', reason: 'rate_limited' }])
  })

  test.each(['written', 'conflict', 'absent'] as const)(
    'show a renewed grant while the store does not hold it: %s',
    async (state) => {
      const { report, counted, parsed } = begin()
      expect(await counted()).toContain('coatcheck_grants_held 0')
      report('renewed_grant', { state: 'held' })
      report('renewed_grant', { state: 'held' })
      expect(await counted()).toContain('coatcheck_grants_held 2')
      report('renewed_grant', { state })
      expect(await counted()).toContain('coatcheck_grants_held 1')
      expect(parsed().map(({ level }) => level)).toEqual(['warn', 'warn', 'info'])
    },
  )

  test('show whether the token endpoint is left in peace', async () => {
    const { report, counted, parsed } = begin()
    const issuer = 'https://idp.example'
    expect(await counted()).toContain('coatcheck_token_endpoint_resting 0')
    report('token_endpoint_state', { issuer, state: 'resting', reason: 'timeout' })
    expect(await counted()).toContain('coatcheck_token_endpoint_resting 1')
    report('token_endpoint_state', { issuer, state: 'answering' })
    expect(await counted()).toContain('coatcheck_token_endpoint_resting 0')
    expect(parsed().map(({ level }) => level)).toEqual(['warn', 'info'])
  })

  test('a store that refuses what it is asked shows as one, until it is told to be otherwise', async () => {
    const { report, counted, parsed } = begin()
    expect(await counted()).toContain('coatcheck_store_refusing 0')
    report('store_state', { state: 'refusing', note: 'OOM' })
    expect(await counted()).toContain('coatcheck_store_refusing 1')
    report('store_state', { state: 'lost', note: 'ETIMEDOUT' })
    expect(await counted()).toContain('coatcheck_store_refusing 0')
    expect(parsed().map(({ level }) => level)).toEqual(['warn', 'warn'])
  })

  test('carried requests are counted by route and status, and timed by route', async () => {
    const { reportRequest, counted } = begin()
    for (const status of [200, 200, 404]) reportRequest({ ...LINE, status })
    reportRequest({ ...LINE, aborted: true })
    const all = await counted()
    expect(all).toContain('coatcheck_carried_requests_total{route="/api/",status="200"} 3')
    expect(all).toContain('coatcheck_carried_requests_total{route="/api/",status="404"} 1')
    expect(all).toContain('coatcheck_carried_request_seconds_bucket{le="0.005",route="/api/"} 4')
    expect(all).toContain('coatcheck_carried_requests_aborted_total{route="/api/"} 1')
  })

  test('our own endpoints are counted apart, refusals by code', async () => {
    const { reportRequest, counted } = begin()
    reportRequest({ ...LINE, lane: 'counter', route: 'login', status: 429, code: 'too_many_requests' })
    const all = await counted()
    expect(all).toContain('coatcheck_counter_requests_total{route="login",status="429"} 1')
    expect(all).toContain('coatcheck_requests_refused_total{code="too_many_requests"} 1')
    expect(all).not.toContain('coatcheck_carried_requests_total{')
  })

  test('no number of routes or statuses makes the number of series grow without bound', async () => {
    const { reportRequest, counted } = begin()
    for (let n = 0; n < 2000; n++) reportRequest({ ...LINE, route: `/made-up-${n}/` })
    for (let status = 600; status < 1000; status++) reportRequest({ ...LINE, status })
    const series = (await counted()).split('\n').filter((line) => line.startsWith('coatcheck_carried_requests_total'))
    expect(series.length).toBeLessThanOrEqual(502)
    expect(series).toContain('coatcheck_carried_requests_total{route="other",status="200"} 1500')
    expect(series).toContain('coatcheck_carried_requests_total{route="other",status="other"} 400')
  })

  test('the store is timed and its errors are counted by operation', async () => {
    const { observeStore, counted } = begin()
    observeStore('read', 0.7, false)
    observeStore('read', 501, true)
    observeStore('read', Number.NaN, false)
    const all = await counted()
    expect(all).toContain('coatcheck_store_operation_seconds_count{operation="read"} 3')
    expect(all).toContain('coatcheck_store_operation_seconds_bucket{le="0.001",operation="read"} 2')
    expect(all).toContain('coatcheck_store_errors_total{operation="read"} 1')
  })

  test('addresses of upstreams are in use or out, and connections that failed are counted, by address', async () => {
    const { report, parsed, counted } = begin()
    report('upstream_configured', { upstream: 'http://a' })
    expect(await counted()).toContain('coatcheck_upstream_reachable{address="http://a"} 1')
    expect(await counted()).toContain('coatcheck_upstream_connection_failures_total{address="http://a"} 0')
    report('upstream_connection_failed', { upstream: 'http://a', note: 'Error ECONNREFUSED' })
    report('upstream_connection_failed', { upstream: 'http://a', note: 'Error ECONNREFUSED' })
    report('upstream_state', { upstream: 'http://a', state: 'unreachable', note: 'Error ECONNREFUSED' })
    expect(await counted()).toContain('coatcheck_upstream_reachable{address="http://a"} 0')
    expect(await counted()).toContain('coatcheck_upstream_connection_failures_total{address="http://a"} 2')
    report('upstream_state', { upstream: 'http://a', state: 'reachable' })
    expect(await counted()).toContain('coatcheck_upstream_reachable{address="http://a"} 1')
    expect(parsed().map(({ level, event }) => [level, event])).toEqual([
      ['debug', 'upstream_configured'],
      ['debug', 'upstream_connection_failed'],
      ['debug', 'upstream_connection_failed'],
      ['warn', 'upstream_state'],
      ['info', 'upstream_state'],
    ])
  })

  test('a scrape says how things stand, and which version this is', async () => {
    const all = await begin().counted()
    expect(all).toContain('coatcheck_requests_in_flight 3')
    expect(all).toContain('coatcheck_provider_ready 1')
    expect(all).toContain('coatcheck_store_live 0')
    expect(all).toContain('coatcheck_build_info{version="1.2.3"} 1')
    expect(all).toContain('process_resident_memory_bytes')
  })

  test('every code of the table can be counted', async () => {
    const { reportRequest, counted } = begin({ level: 'silent' })
    const codes = Object.keys(FAILURES).filter((code): code is FailureCode => code in FAILURES)
    for (const code of codes) reportRequest({ ...LINE, code, status: FAILURES[code].status })
    const all = await counted()
    for (const code of codes) expect(all).toContain(`coatcheck_requests_refused_total{code="${code}"} 1`)
  })
})
