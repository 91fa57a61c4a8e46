import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { check } from '../../src/commands/check.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { answers } from '../support/answers.ts'
import type { Browser } from '../support/browser.ts'
import { type EventClient, openEvents } from '../support/event-client.ts'
import { knownToBrowser, partsOf, plantCanaries, present, tokensOf } from '../support/canaries.ts'
import { logoutToken, sendLogout } from '../support/logout-token.ts'
import { openRaw, rawRequest } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { createFinder, findSecrets } from '../support/secret-finder.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { openWebSocket } from '../support/web-socket-client.ts'

/** What nobody learns outside the gateway, its provider and its APIs. */
const SECRETS = plantCanaries(['server-key', 'older-key', 'admin-secret', 'redis-password', 'route-header', 'email'])
/** What a person's own browser may know or say, and neither log, metrics, store nor administration. */
const PRIVATE = plantCanaries(
  [
    'login-hint',
    'query',
    'body',
    'own-credential',
    'other-cookie',
    'api-answer',
    'api-cookie',
    'message',
    'provider-says',
  ].concat(['posted-form', 'referrer', 'api-failure', 'fragment']),
)
const secretOf = (name: string) => SECRETS.get(name) ?? PRIVATE.get(name) ?? ''

let redis: RedisServer
let api: Upstream
let story: Story<ScriptedProvider>
let person: Browser
/** What the store held, each time that something had been done. */
const stored: string[] = []
/** What bare connections got. */
const received: string[] = []
/** What those got who look after it: private listener, command line. */
const toOperators: string[] = []
const logoutTokens: string[] = []
/** Open from the step-up to the end. */
let events: EventClient

beforeAll(async () => {
  redis = await startRedis({ password: secretOf('redis-password') })
  api = await startUpstream()
  const addRequestHeaders = { 'X-Key-Of-Ours': secretOf('route-header') }
  const routes = [
    { prefix: '/api/', upstream: `${api.origin}/`, addRequestHeaders, headersTimeout: '300ms' },
    { prefix: '/ws/', upstream: `${api.origin}/`, webSocket: true },
    { prefix: '/stream/', upstream: `${api.origin}/`, proof: 'same-origin' },
    { prefix: '/gold/', upstream: `${api.origin}/`, acr: ['gold'] },
    { prefix: '/gone/', upstream: 'http://127.0.0.1:1/' },
  ]
  story = await tellScriptedStory({
    COATCHECK_STORE: redis.url,
    COATCHECK_STORE_DEADLINE: '300ms',
    COATCHECK_SECRETS: `${secretOf('server-key')},${secretOf('older-key')}`,
    COATCHECK_ADMIN_SECRET: secretOf('admin-secret'),
    COATCHECK_LOG_LEVEL: 'trace',
    COATCHECK_LOG_CARRIED: 'all',
    COATCHECK_PROVIDER_CLAIMS: 'sub,name',
    COATCHECK_PROVIDER_USERINFO: 'true',
    COATCHECK_PROVIDER_REFRESH_WAIT: '300ms',
    COATCHECK_ROUTES: JSON.stringify(routes),
  })
  const withMail = (honest: Readonly<Record<string, unknown>>) => ({ ...honest, email: secretOf('email') })
  Object.assign(story.provider.script, { claims: withMail, userinfo: withMail })
  api.answer('/failing', (_request, response) => void response.writeHead(500).end(secretOf('api-failure')))
  api.answer('/secretive', (_request, response) => {
    response.setHeader('Set-Cookie', `a=${secretOf('api-cookie')}`)
    response.end(secretOf('api-answer'))
  })
  person = await story.openBrowser()
  for (const act of [refusedSignIns, signIn, calls, refreshes, stepUp, liveConnections, failingStore, failingProvider]) {
    await act()
    await lookIntoStore()
  }
  for (const act of [administration, signOut, backChannel, bareRequests, commandLine]) {
    await act()
    await lookIntoStore()
  }
}, 90_000)
afterAll(async () => {
  await story?.stop()
  await api?.close()
  await redis?.stop()
})

async function lookIntoStore(): Promise<void> {
  stored.push(JSON.stringify([...(await redis.dump())]))
  toOperators.push(await story.gateway.metrics())
  toOperators.push(await (await fetch(`${story.gateway.privateUrl}/readyz`)).text(), process.title)
}

async function refusedSignIns(): Promise<void> {
  const { provider, signIn: begin } = story
  const says = { error_description: secretOf('provider-says'), error_uri: `https://x.test/${secretOf('provider-says')}` }
  for (const error of ['access_denied', 'server_error', 'temporarily_unavailable', 'login_required', 'unheard_of']) {
    provider.script.authorization = ({ state = '', iss = '' }) => ({ state, iss, error, ...says })
    await begin(person)
  }
  delete provider.script.authorization
  const refusal = { error: 'invalid_grant', error_description: secretOf('provider-says') }
  for (const token of [
    answers.json(400, refusal),
    answers.json(401, { error: 'invalid_client', error_description: provider.clientSecret }),
    answers.json(500, refusal),
    answers.text(200, 'text/html', `<p>${secretOf('provider-says')}`),
    answers.redirect(`https://x.test/?${secretOf('provider-says')}`),
  ]) {
    provider.script.token = () => token
    await begin(person)
  }
  // All is right but the ID token: its claims are in the library's error.
  provider.script.token = (honest) => ({ ...honest, id_token: `${String(honest['id_token']).slice(0, -9)}AAAAAAAAA` })
  await begin(person)
  delete provider.script.token
}

async function signIn(): Promise<void> {
  const hint = encodeURIComponent(secretOf('login-hint'))
  const place = encodeURIComponent(`/deep?q=${secretOf('query')}#${secretOf('fragment')}`)
  story.provider.script.token = (honest) => ({ ...honest, expires_in: 4 })
  await person.navigate(`${story.origin}/bff/login?loginHint=${hint}&returnTo=${place}`, { from: `${story.origin}/` })
  // Once more while signed in, by the back button.
  await person.navigate(person.answers.find(({ url }) => url.includes('/bff/callback?'))?.url ?? '')
  expect((await person.fetch(`${story.origin}/bff/session`)).text).toContain('"authenticated":true')
}

async function calls(): Promise<void> {
  const headers = {
    Authorization: `Bearer ${secretOf('own-credential')}`,
    'X-Api-Key': secretOf('own-credential'),
    Referer: `${story.origin}/?${secretOf('referrer')}`,
  }
  for (const path of [
    'plain',
    'secretive',
    'failing',
    'close-at-once',
    'garbage',
    'half-header',
    'hang',
    'die-mid-body',
    '/x',
    'x%2fy',
  ])
    await person
      .fetch(`${story.origin}/api/${path}?q=${secretOf('query')}`, { method: 'POST', body: secretOf('body'), headers })
      .catch(() => undefined)
  await person.fetch(`${story.origin}/gone/${'x'.repeat(9)}?q=${secretOf('query')}`, { headers })
  await person.fetch(`${story.origin}/bff/nothing?q=${secretOf('query')}`, { headers })
  await person.fetch(`${story.origin}/bff/session/extend`, { method: 'POST', body: secretOf('body') })
  await person.fetch(`${story.origin}/api/plain`, { csrf: false })
}

async function refreshes(): Promise<void> {
  const count = () => story.gateway.logs('token_refreshed').filter(({ outcome }) => outcome === 'refreshed').length
  const before = count()
  await until('a token was renewed', async () => {
    await person.fetch(`${story.origin}/api/plain`)
    return count() > before
  })
  await person.fetch(`${story.origin}/api/plain`)
}

/** A stronger sign-in: one that falls short, and one that does not. */
async function stepUp(): Promise<void> {
  const { provider, origin } = story
  const refusal = await person.fetch(`${origin}/gold/plain`)
  expect([refusal.status, refusal.headers['coatcheck-code']]).toEqual([403, 'step_up_required'])
  const { loginUrl } = refusal.json() as { loginUrl: string }
  const { claims } = provider.script
  for (const acr of ['bronze', 'gold']) {
    provider.script.claims = (honest) => ({ ...claims?.(honest), acr })
    await person.navigate(`${origin}${loginUrl}&returnTo=/x?${secretOf('query')}`, { from: `${origin}/` })
  }
  Object.assign(provider.script, { claims })
  expect((await person.fetch(`${origin}/gold/plain`)).status).toBe(200)
}

async function liveConnections(): Promise<void> {
  const { origin, gateway } = story
  const cookie = `coatcheck=${person.cookie('coatcheck')?.value}; theme=${secretOf('other-cookie')}`
  const { host } = new URL(origin)
  const socket = await openWebSocket(gateway.port, { path: `/ws/echo?q=${secretOf('query')}`, host, origin, cookie })
  socket.send(secretOf('message'))
  await socket.received(1)
  const stream = await openRaw(gateway.port)
  stream.write(`GET /stream/events HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nSec-Fetch-Site: same-origin\r\n\r\n`)
  await stream.until('data: first')
  events = await openEvents({ port: gateway.port, host, cookie })
  expect(events.status).toBe(200)
  received.push(socket.answer, stream.received())
  socket.raw.destroy()
  stream.destroy()
}

async function failingStore(): Promise<void> {
  redis.freeze()
  try {
    for (const path of ['/bff/session', '/api/plain', '/bff/sessions']) await person.fetch(story.origin + path)
    await person.navigate(`${story.origin}/bff/login?returnTo=/x?${secretOf('query')}`, { from: `${story.origin}/` })
    await person.fetch(`${story.origin}/bff/logout`, { method: 'POST' })
  } finally {
    redis.thaw()
  }
  await until('the store is back', async () => (await person.fetch(`${story.origin}/bff/session`)).status === 200)
  // It refuses to write: its error text holds what it was told.
  await redis.command('ACL', 'SETUSER', 'default', '-set', '-eval', '-evalsha')
  await person.navigate(`${story.origin}/bff/login`, { from: `${story.origin}/` })
  await redis.command('ACL', 'SETUSER', 'default', '+@all')
}

async function failingProvider(): Promise<void> {
  const { provider } = story
  for (const token of [answers.json(500, { error: secretOf('provider-says') }), answers.reset(), answers.json(429, {})]) {
    provider.script.token = (honest, { form }) => (form.get('grant_type') === 'refresh_token' ? token : honest)
    await person.fetch(`${story.origin}/api/plain`)
  }
  await provider.pause()
  await person.navigate(`${story.origin}/bff/login?returnTo=/y`, { from: `${story.origin}/`, follow: false })
  await provider.resume()
  delete provider.script.token
}

async function administration(): Promise<void> {
  toOperators.push(await administer('sessions?subject=alice', secretOf('admin-secret')))
  toOperators.push(await administer('sessions?subject=alice', secretOf('own-credential')))
  toOperators.push(await administer('sessions?subject=nobody&why=x', secretOf('admin-secret'), 'DELETE'))
}

async function administer(target: string, secret: string, method = 'GET'): Promise<string> {
  const headers = { Authorization: `Bearer ${secret}` }
  return (await fetch(`${story.gateway.privateUrl}/admin/${target}`, { method, headers })).text()
}

async function backChannel(): Promise<void> {
  const other = await story.signedIn()
  for (const change of [{ aud: 'another' }, { sub: 'bob', sid: undefined }, {}]) {
    const token = await logoutToken(story.provider, { sid: 'session-at-the-provider', ...change })
    logoutTokens.push(token)
    received.push((await sendLogout(story.origin, token)).text)
  }
  received.push((await sendLogout(story.origin, secretOf('posted-form'))).text)
  expect((await other.fetch(`${story.origin}/bff/session`)).text).toContain('ended_by_provider')
}

async function signOut(): Promise<void> {
  await story.signIn(person)
  const next = (await person.fetch(`${story.origin}/bff/logout`, { method: 'POST' })).json() as { continue: string }
  await person.navigate(story.origin + next.continue, { from: `${story.origin}/` })
  await person.fetch(`${story.origin}/api/plain`)
  await events.ended()
  received.push(events.text())
}

async function bareRequests(): Promise<void> {
  const { host } = new URL(story.origin)
  const query = secretOf('query')
  for (const head of [
    `GET /api/\\x?${query} HTTP/1.1\r\nHost: ${host}`,
    `GET /bff/callback?state=${query}&state=${query} HTTP/1.1\r\nHost: ${host}`,
    `GET /?${query} HTTP/9.9\r\nHost: ${host}`,
    `GET / HTTP/1.1\r\nHost: ${query}`,
    `GET /api/x HTTP/1.1\r\nHost: ${host}\r\nX: \0${query}`,
    `POST /bff/logout HTTP/1.1\r\nHost: ${host}\r\nContent-Type: text/${query}\r\nContent-Length: 1`,
    `GET /api/x HTTP/1.1\r\nHost: ${host}\r\nCookie: coatcheck=${secretOf('other-cookie')}; coatcheck=x`,
  ])
    received.push(await rawRequest(story.gateway.port, `${head}\r\nConnection: close\r\n\r\n `))
}

/** The same configuration, checked, printed, and refused. */
async function commandLine(): Promise<void> {
  const { env } = story.gateway
  await check({ env, write: (text) => toOperators.push(text), execArgv: [] })
  toOperators.push(inspect(parseConfig({ env }), { depth: Infinity, showHidden: true }), JSON.stringify(parseConfig({ env })))
  for (const broken of [
    'COATCHECK_BASE_URL',
    'COATCHECK_STORE',
    'COATCHECK_SECRETS',
    'COATCHECK_ROUTES',
    'COATCHECK_ADMIN_SECRET',
  ])
    await check({ env: { ...env, [broken]: `;${env[broken]}` }, write: (text) => toOperators.push(text), execArgv: [] })
}

/** Every secret of the run. */
function hidden(): ReadonlyMap<string, string> {
  return new Map([...SECRETS, ['client secret', story.provider.clientSecret], ...tokensOf(story.provider, api.requests)])
}

/** With what the browser itself knows, or said, or was told by others. */
function hiddenElsewhere(): ReadonlyMap<string, string> {
  const tokens = present(logoutTokens.flatMap((token, index) => partsOf(`logout token ${index}`, token)))
  return new Map([...hidden(), ...PRIVATE, ...knownToBrowser(person), ...tokens])
}

describe('a whole life, with everything going wrong that can', () => {
  test('was one: there are secrets of every kind, and each can be found where it belongs', () => {
    const kinds = [...hiddenElsewhere().keys()].map((name) => name.replace(/ [\d-]+/, ''))
    expect([...new Set(kinds)]).toEqual(
      expect.arrayContaining(
        ['access token', 'refresh_token', 'code_verifier', 'id token', 'code', 'state', 'nonce', 'handle', 'coatcheck'].concat([
          'logout token',
          'revoked token',
          'email',
          'redis-password',
        ]),
      ),
    )
    const outcomes = story.gateway.logs('login_finished').map(({ outcome }) => outcome)
    expect(outcomes).toEqual(
      expect.arrayContaining(['signed_in', 'denied', 'refused', 'answer_invalid', 'unavailable', 'not_started']),
    )
    const everyKey = JSON.stringify(api.requests.map(({ lines, body }) => [lines, body]))
    expect(findSecrets(hiddenElsewhere(), everyKey)).toEqual(expect.arrayContaining(['route-header', 'body']))
  })

  // H-12
  test('leaves no secret in the log, at its most verbose', () => {
    expect(findSecrets(hiddenElsewhere(), story.gateway.logText())).toEqual([])
  })

  test('leaves none in the store, at any time: in no key, in no value', () => {
    for (const dump of stored) expect(findSecrets(hiddenElsewhere(), dump)).toEqual([])
  })

  test('tells none to those who look after it: metrics, readiness, administration, the command line, a refused configuration', () => {
    for (const text of toOperators) expect(findSecrets(hiddenElsewhere(), text)).toEqual([])
  })

  // H-59; what the id token says of a person goes the same way.
  test('shows none to the browser, in no header, address or body, but to the provider the id token by a redirect', () => {
    const secrets = hidden()
    const seen = person.answers.flatMap(({ url, headers, text, sent }) => {
      const isWayOut = new URL(url).pathname === '/bff/logout/continue' || url.startsWith(`${story.provider.issuer}/endSession`)
      const found = findSecrets(secrets, JSON.stringify([url, headers, text, sent]))
      return found
        .filter((name) => !(isWayOut && (name.startsWith('id token') || name === 'email')))
        .map((name) => `${name} at ${url}`)
    })
    expect(seen).toEqual([])
    for (const text of received) expect(findSecrets(secrets, text)).toEqual([])
  })

  // H-17, H-18
  test('shows nobody what a stranger or the provider said', () => {
    for (const { url, text, headers } of person.answers.filter((answer) => answer.url.startsWith(`${story.origin}/bff/`))) {
      const isLogin = ['/bff/login', '/bff/callback'].includes(new URL(url).pathname)
      const said = ['provider-says', 'query', 'own-credential'].filter((name) => createFinder(secretOf(name))(text))
      // Where somebody wants to go is kept in the link that tries again.
      expect([url, said.filter((name) => !(isLogin && name === 'query'))]).toEqual([url, []])
      expect(createFinder(secretOf('provider-says'))(JSON.stringify(headers))).toBe(false)
    }
    for (const text of received) expect(findSecrets(new Map([['query', secretOf('query')]]), text)).toEqual([])
  })
})
