import { afterEach, describe, expect, test } from '@jest/globals'
import { createBrowser } from '../../support/browser.ts'
import { findFreePort } from '../../support/free-port.ts'
import { startGateway } from '../../support/gateway.ts'
import { startProvider } from '../../support/provider.ts'
import { createStops } from '../../support/stops.ts'
import { until } from '../../support/until.ts'
import { startUpstream } from '../../support/upstream.ts'

const stops = createStops()
afterEach(stops.stopAll)

/** Provider, API and gateway, all real; the log at its most verbose. */
async function begin() {
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const provider = await startProvider({ appOrigins: [origin], account: 'ada' })
  stops.add(provider.stop)
  const upstream = await startUpstream()
  stops.add(() => upstream.close())
  const gateway = await startGateway({
    COATCHECK_BASE_URL: origin,
    COATCHECK_LISTEN: `127.0.0.1:${port}`,
    COATCHECK_ISSUER: provider.issuer,
    COATCHECK_CLIENT_ID: provider.clientId,
    COATCHECK_CLIENT_SECRET: provider.clientSecret,
    COATCHECK_ROUTES: `/api/=${upstream.origin}/`,
    COATCHECK_LOG_LEVEL: 'trace',
    COATCHECK_LOG_CARRIED: 'all',
  })
  stops.add(gateway.stop)
  return { provider, upstream, gateway, browser: createBrowser() }
}

describe('the log of a visit', () => {
  test('tells who called what, in which session, from which request', async () => {
    const { gateway, browser } = await begin()
    await gateway.ready()
    await browser.navigate(`${gateway.origin}/bff/login`)
    const answer = await browser.fetch(`${gateway.origin}/api/plain?name=value`)
    expect(answer.text).toBe('hello')
    await until('the call is logged', () => gateway.logs('request').some(({ lane }) => lane === 'carrying'))

    const began = gateway.logs('session_began')
    expect(began).toMatchObject([{ level: 'info', subject: 'ada', session: expect.stringMatching(/^[\w-]{12}$/) }])
    expect(gateway.logs('login_finished')).toMatchObject([{ outcome: 'signed_in', subject: 'ada' }])
    expect(gateway.logs('request').find(({ lane }) => lane === 'carrying')).toMatchObject({
      level: 'info',
      method: 'GET',
      path: '/api/plain',
      route: '/api/',
      status: 200,
      subject: 'ada',
      session: began[0]?.['session'],
      upstream: expect.stringContaining('http://127.0.0.1:'),
      aborted: false,
    })
  })

  test('holds no token, code, state, cookie or secret, at the most verbose level', async () => {
    const { gateway, browser, upstream, provider } = await begin()
    await gateway.ready()
    await browser.navigate(`${gateway.origin}/bff/login`)
    await browser.fetch(`${gateway.origin}/api/plain`)
    await browser.fetch(`${gateway.origin}/bff/logout`, { method: 'POST' })
    await browser.fetch(`${gateway.origin}/api/plain`)
    await until('the last call is logged', () => gateway.logs('request').some(({ status }) => status === 401))

    const bearer = upstream.last().values('authorization')[0]?.replace('Bearer ', '') ?? ''
    const cookies = browser.answers.flatMap(({ setCookies }) => setCookies.map(({ value }) => decodeURIComponent(value)))
    const addresses = browser.answers.flatMap(({ headers: { location } }) => (location === undefined ? [] : [location]))
    const parameters = addresses.flatMap((address) => {
      const { searchParams } = new URL(address, gateway.origin)
      return ['code', 'state', 'nonce', 'code_challenge'].map((name) => searchParams.get(name) ?? '')
    })
    const secrets = [bearer, provider.clientSecret, gateway.env['COATCHECK_SECRETS'] ?? '', ...cookies, ...parameters]
    const found = secrets.filter((secret) => secret.length > 8)
    expect(found.length).toBeGreaterThan(8)
    for (const secret of found)
      for (const part of secret.split('.')) if (part.length > 8) expect(gateway.logText()).not.toContain(part)
  })
})

describe('the metrics of a visit', () => {
  test('count the sign-in, the session, the calls and the end', async () => {
    const { gateway, browser } = await begin()
    await gateway.ready()
    await browser.navigate(`${gateway.origin}/bff/login`)
    await browser.fetch(`${gateway.origin}/api/plain`)
    await browser.fetch(`${gateway.origin}/bff/logout`, { method: 'POST' })
    await browser.fetch(`${gateway.origin}/api/plain`)
    await until('the last call is counted', async () => (await gateway.metric('coatcheck_carried_requests_total')) === 2)

    expect(await gateway.metric('coatcheck_logins_started_total')).toBe(1)
    expect(await gateway.metric('coatcheck_logins_total', { outcome: 'signed_in' })).toBe(1)
    expect(await gateway.metric('coatcheck_sessions_begun_total')).toBe(1)
    expect(await gateway.metric('coatcheck_sessions_ended_total', { reason: 'signed_out' })).toBe(1)
    expect(await gateway.metric('coatcheck_carried_requests_total', { route: '/api/', status: '200' })).toBe(1)
    expect(await gateway.metric('coatcheck_carried_requests_total', { route: '/api/', status: '401' })).toBe(1)
    expect(await gateway.metric('coatcheck_requests_refused_total', { code: 'session_missing' })).toBe(1)
    expect(await gateway.metric('coatcheck_store_operation_seconds_count', { operation: 'writeAll' })).toBeGreaterThan(0)
    expect(await gateway.metric('coatcheck_provider_ready')).toBe(1)
    expect(await gateway.metric('coatcheck_store_live')).toBe(1)
  })
})

describe('a provider that is down when the gateway starts', () => {
  test('keeps it from being ready, not from being alive; it becomes ready by itself', async () => {
    const port = await findFreePort()
    const gateway = await startGateway({ COATCHECK_ISSUER: `http://127.0.0.1:${port}` })
    stops.add(gateway.stop)
    expect((await fetch(`${gateway.privateUrl}/healthz`)).status).toBe(200)
    expect((await fetch(`${gateway.privateUrl}/readyz`)).status).toBe(503)
    const provider = await startProvider({ port, appOrigins: [gateway.origin] })
    stops.add(provider.stop)
    await gateway.ready()
    await until('the log says so', () => gateway.logs('provider_state').some(({ state }) => state === 'ready'))
  })
})
