import { request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

const HOST = 'app.example.com'
const NAVIGATION = { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
const HTTPS = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '198.51.100.1' }
const ID = '0af7651916cd43dd8448eb211c80319c'
let provider: ScriptedProvider
let upstream: Upstream
let trusting: TestGateway
let untrusting: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  upstream = await startUpstream()
  const env = {
    COATCHECK_BASE_URL: `https://${HOST}`,
    COATCHECK_ISSUER: provider.issuer,
    COATCHECK_CLIENT_SECRET: provider.clientSecret,
    COATCHECK_ROUTES: `/api/=${upstream.origin}/`,
  }
  trusting = await startGateway({ ...env, COATCHECK_TRUSTED_PROXIES: '127.0.0.1/32' })
  untrusting = await startGateway(env)
  await Promise.all([trusting.ready(), untrusting.ready()])
})
afterAll(async () => {
  await Promise.all([trusting.stop(), untrusting.stop(), provider.stop(), upstream.close()])
})

interface Told {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Asks as a proxy does that ends TLS. */
function ask(gateway: TestGateway, path: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<Told> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port: gateway.port, host: '127.0.0.1', path, method, headers: { Host: HOST, ...headers } })
    outgoing.on('error', reject).on('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
    })
    outgoing.end()
  })
}

const pairOf = (line = '') => line.slice(0, line.indexOf(';'))

describe('behind a proxy that ends TLS', () => {
  test.each([
    ['a trusted one', () => trusting, HTTPS],
    ['one that says nothing', () => trusting, {}],
    ['one that nobody trusts', () => untrusting, {}],
  ])('a person signs in with cookies for https alone, calls and signs out: %s', async (_, gateway, forwarded) => {
    const begun = await ask(gateway(), '/bff/login?returnTo=/x', { ...NAVIGATION, ...forwarded })
    expect(begun.status).toBe(303)
    expect(new URL(begun.headers.location ?? '').searchParams.get('redirect_uri')).toBe(`https://${HOST}/bff/callback`)
    const [binding = ''] = begun.headers['set-cookie'] ?? []
    expect(binding).toMatch(/^__Host-Http-coatcheck-login-[\w-]{8}=/)
    const attributes = binding.split('; ').slice(1)
    expect(attributes.filter((each) => !each.startsWith('Expires=')).toSorted()).toEqual([
      'HttpOnly',
      'Max-Age=600',
      'Path=/',
      'SameSite=Lax',
      'Secure',
    ])

    const callback = await provider.authorize(begun.headers.location ?? '')
    const done = await ask(gateway(), `/bff/callback?${callback.toString()}`, {
      ...NAVIGATION,
      'Sec-Fetch-Site': 'cross-site',
      ...forwarded,
      Cookie: pairOf(binding),
    })
    expect([done.status, done.headers.location]).toEqual([303, '/x'])
    const ticket = done.headers['set-cookie']?.find((line) => line.startsWith('__Host-Http-coatcheck=')) ?? ''
    expect(ticket.split('; ').slice(1).toSorted()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'])
    expect(done.headers['strict-transport-security']).toContain('max-age=31536000')

    const script = { ...forwarded, 'X-CSRF': '1', 'Sec-Fetch-Site': 'same-origin', Cookie: pairOf(ticket) }
    expect((await ask(gateway(), '/api/x', script)).status).toBe(200)
    const over = await ask(gateway(), '/bff/logout', { ...script, Origin: `https://${HOST}` }, 'POST')
    expect(over.status).toBe(200)
    const gone = over.headers['set-cookie']?.find((line) => line.startsWith('__Host-Http-coatcheck=')) ?? ''
    expect(gone.split('; ').slice(1).toSorted()).toEqual(
      ['Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'].toSorted(),
    )
    expect((await ask(gateway(), '/api/x', script)).status).toBe(401)
  })

  test('http is refused on its word, in both lanes, and on nobody else’s', async () => {
    const http = { 'X-Forwarded-Proto': 'http', 'X-Forwarded-For': '198.51.100.1', 'X-CSRF': '1' }
    for (const path of ['/bff/session', '/api/x', '/bff/login']) {
      const { status, text } = await ask(trusting, path, http)
      expect([status, JSON.parse(text)]).toEqual([421, expect.objectContaining({ code: 'https_required' })])
    }
    expect((await ask(untrusting, '/bff/session', http)).status).toBe(200)
  })

  test.each(['/bff/session', '/api/x', '/bff/nothing'])(
    'its request id goes all the way, and nobody else’s does: %s',
    async (path) => {
      const headers = { ...HTTPS, 'X-Request-Id': ID, 'X-CSRF': '1' }
      const trusted = await ask(trusting, path, headers)
      expect(trusted.headers['x-request-id']).toBe(ID)
      if (trusted.status !== 200) expect(JSON.parse(trusted.text)).toMatchObject({ requestId: ID })
      const other = await ask(untrusting, path, headers)
      expect(other.headers['x-request-id']).toMatch(/^[\w-]{8,64}$/)
      expect(other.headers['x-request-id']).not.toBe(ID)
      if (other.status !== 200) expect(JSON.parse(other.text)).toMatchObject({ requestId: other.headers['x-request-id'] })
    },
  )

  test('another host is refused before anything else, in both lanes, and is told in the log', async () => {
    for (const path of ['/bff/session', '/api/x']) {
      const { status, headers } = await ask(trusting, path, { ...HTTPS, Host: 'evil.example', 'X-Forwarded-Host': HOST })
      expect([status, headers['cache-control']]).toEqual([421, 'no-store'])
      const isTold = () =>
        trusting.logs().some((line) => line['requestId'] === headers['x-request-id'] && line['code'] === 'host_unknown')
      await until('it is told', isTold)
    }
  })
})
