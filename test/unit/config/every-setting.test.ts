import { describe, expect, test } from '@jest/globals'
import { createJsonSchema } from '../../../src/config/json-schema.ts'
import { listSettings } from '../../../src/config/list-settings.ts'
import { LEAST, OLDER_KEY, parseWith, SERVER_KEY } from '../../support/config-env.ts'
import type { Env } from '../../support/config-env.ts'
import { pemFiles } from '../../support/pem-files.ts'

interface Row {
  /** As text in a variable, and in a file. */
  readonly written: string
  /** In a file, where that differs. */
  readonly yaml?: string
  readonly becomes: object
}

/** What a setting needs beside it, since alone it would contradict the rest. */
const BESIDE: Readonly<Record<string, Env>> = {
  'forwardAuth.listen': { COATCHECK_FORWARD_AUTH_PEERS: '10.0.0.2' },
  workers: { COATCHECK_STORE: 'redis://localhost' },
}
const REDIS = { COATCHECK_STORE: 'redis://localhost' }

/** Every setting with a value that is not its default, and what the rest of the gateway then sees. */
const ROWS: Readonly<Record<string, Row>> = {
  baseUrl: { written: 'https://b.example.com:8443', becomes: { baseUrl: { host: 'b.example.com:8443' } } },
  prefix: { written: '/auth/bff', becomes: { baseUrl: { prefix: '/auth/bff' } } },
  listen: { written: '[::]:80', yaml: "'[::]:80'", becomes: { listen: { public: { host: '::', port: 80 } } } },
  privateListen: { written: '127.0.0.1:0', becomes: { listen: { private: { port: 0 } } } },
  'provider.issuer': { written: 'https://b.example.com/', becomes: { provider: { issuer: 'https://b.example.com/' } } },
  'provider.clientId': { written: 'other', becomes: { provider: { clientId: 'other' } } },
  'provider.clientSecret': {
    written: 'Qw8ZrT1yUiO6pLkJ2hGf',
    becomes: { provider: { clientSecret: { reveal: expect.any(Function) } } },
  },
  'provider.clientAuth': { written: 'client_secret_post', becomes: { provider: { clientAuth: 'client_secret_post' } } },
  'provider.scopes': { written: 'openid email', yaml: '[openid, email]', becomes: { provider: { scopes: ['openid', 'email'] } } },
  'provider.claims': { written: 'sub,roles', yaml: '[sub, roles]', becomes: { provider: { claims: ['sub', 'roles'] } } },
  'provider.timeout': { written: '5s', becomes: { provider: { timeoutMilliseconds: 5000 } } },
  'provider.refreshTimeout': { written: '1m', becomes: { provider: { refreshTimeoutMilliseconds: 60_000 } } },
  'provider.refreshLeeway': { written: '2m', becomes: { provider: { refreshLeewayMilliseconds: 120_000 } } },
  'provider.refreshWait': { written: '3s', becomes: { provider: { refreshWaitMilliseconds: 3_000 } } },
  'provider.clockTolerance': { written: '500ms', becomes: { provider: { clockToleranceSeconds: 1 } } },
  'provider.idTokenAlgorithm': { written: 'ES256', becomes: { provider: { idTokenAlgorithm: 'ES256' } } },
  'provider.assumeS256': { written: 'true', becomes: { provider: { assumeS256: true } } },
  'provider.userinfo': { written: 'true', becomes: { provider: { userinfo: true } } },
  'provider.metadataRefresh': { written: '5m', becomes: { provider: { metadataRefreshMilliseconds: 300_000 } } },
  'provider.logoutTokenType': { written: 'required', becomes: { provider: { logoutTokenType: 'required' } } },
  'provider.frontchannelLogout': { written: 'true', becomes: { provider: { frontchannelLogout: true } } },
  'admin.secret': { written: OLDER_KEY, becomes: { admin: { secret: { reveal: expect.any(Function) } } } },
  secrets: { written: `${SERVER_KEY}x`, yaml: `[${SERVER_KEY}x]`, becomes: { secrets: { length: 1 } } },
  'store.url': { written: 'unix:///run/redis.sock', becomes: { store: { kind: 'redis' } } },
  'store.passwordFile': { written: '/password', becomes: { store: { passwordFile: '/password' } } },
  'store.sentinelPassword': {
    written: 'of the sentinels',
    becomes: { store: { sentinel: { name: 'main', password: { reveal: expect.any(Function) } } } },
  },
  'store.deadline': { written: '200ms', becomes: { store: { deadlineMilliseconds: 200 } } },
  'store.outageGrace': { written: '0s', becomes: { store: { outageGraceMilliseconds: 0 } } },
  'store.mostRecords': { written: '500', becomes: { store: { mostRecords: 500 } } },
  routes: {
    written: '/api/=http://localhost:3000/',
    yaml: '[{ prefix: /api/, upstream: "http://localhost:3000/" }]',
    becomes: { routes: [{ prefix: '/api/' }] },
  },
  'webSockets.idleLimit': { written: '5m', becomes: { webSockets: { idleLimitMilliseconds: 300_000 } } },
  'webSockets.handshakeTimeout': { written: '3s', becomes: { webSockets: { handshakeTimeoutMilliseconds: 3000 } } },
  'webSockets.mostOpen': { written: '12', becomes: { webSockets: { mostOpen: 12 } } },
  'webSockets.mostOpenPerSession': { written: '2', becomes: { webSockets: { mostOpenPerSession: 2 } } },
  'events.heartbeat': { written: '20s', becomes: { events: { heartbeatMilliseconds: 20_000 } } },
  'events.expiringAhead': { written: '2m', becomes: { events: { expiringAheadMilliseconds: 120_000 } } },
  'events.mostPerSession': { written: '4', becomes: { events: { mostPerSession: 4 } } },
  'session.idleTimeout': { written: '15m', becomes: { session: { idleTimeoutMilliseconds: 900_000 } } },
  'session.absoluteTimeout': { written: '1d', becomes: { session: { absoluteTimeoutMilliseconds: 86_400_000 } } },
  'session.rules': {
    written: '[{"claim":"roles","value":"admin","idleTimeout":"5m","absoluteTimeout":"1h"}]',
    yaml: '[{ claim: roles, value: admin, idleTimeout: 5m, absoluteTimeout: 1h }]',
    becomes: {
      session: {
        rules: [{ claim: 'roles', value: 'admin', idleTimeoutMilliseconds: 300_000, absoluteTimeoutMilliseconds: 3_600_000 }],
      },
    },
  },
  'session.mostPerPerson': { written: '3', becomes: { session: { mostPerPerson: 3 } } },
  'session.endOthersMaxAge': { written: '15m', becomes: { session: { endOthersMaxAgeMilliseconds: 900_000 } } },
  'session.rememberMe': { written: 'offered', becomes: { session: { rememberMe: 'offered' } } },
  'session.mostCached': { written: '7', becomes: { session: { mostCached: 7 } } },
  'session.withoutRefreshToken': { written: 'login', becomes: { session: { withoutRefreshToken: 'login' } } },
  'login.timeout': { written: '5m', becomes: { login: { timeoutMilliseconds: 300_000 } } },
  'login.mostOpen': { written: '3', becomes: { login: { mostOpen: 3 } } },
  'login.mostPerMinutePerAddress': { written: '4', becomes: { login: { mostPerMinutePerAddress: 4 } } },
  'login.mostPerMinutePerBrowser': { written: '5', becomes: { login: { mostPerMinutePerBrowser: 5 } } },
  trustedProxies: { written: '10.0.0.1', yaml: '[10.0.0.1]', becomes: { network: { trustedProxies: ['10.0.0.1/32'] } } },
  'forwardAuth.peers': { written: '10.0.0.2', yaml: '[10.0.0.2]', becomes: { forwardAuth: { peers: ['10.0.0.2/32'] } } },
  'forwardAuth.listen': { written: '127.0.0.1:9999', becomes: { forwardAuth: { listen: { port: 9999 } } } },
  'forwardAuth.identityHeaders': {
    written: 'X-User=sub',
    yaml: '[X-User=sub]',
    becomes: { forwardAuth: { identityHeaders: [{ header: 'X-User', claim: 'sub' }] } },
  },
  workers: { written: '3', becomes: { workers: 3 } },
  'log.level': { written: 'debug', becomes: { log: { level: 'debug' } } },
  'log.carried': { written: 'all', becomes: { log: { carried: 'all' } } },
  'drain.delay': { written: '1s', becomes: { drain: { delayMilliseconds: 1000 } } },
  'drain.deadline': { written: '2m', becomes: { drain: { deadlineMilliseconds: 120_000 } } },
  static: { written: '/page', becomes: { staticFolder: '/page' } },
}

const ROUTE_ROWS: Readonly<Record<string, readonly [yaml: string, becomes: object]>> = {
  prefix: ['/v2/', { prefix: '/v2/' }],
  upstream: ['https://b.example.com/v2/', { addresses: [{ origin: 'https://b.example.com' }], path: '/v2/' }],
  methods: ['[GET]', { methods: ['GET'] }],
  proof: ['same-origin', { proof: 'same-origin' }],
  token: ['none', { token: 'none' }],
  acr: ['[gold, silver]', { level: { acr: ['gold', 'silver'] } }],
  maxAge: ['5m', { level: { maxAgeSeconds: 300 } }],
  bodyLimit: ['64KiB', { mostBodyBytes: 65_536 }],
  connectTimeout: ['1s', { connectTimeoutMilliseconds: 1000 }],
  headersTimeout: ['2s', { headersTimeoutMilliseconds: 2000 }],
  bodyTimeout: ['1h', { bodyTimeoutMilliseconds: 3_600_000 }],
  addRequestHeaders: ['{ X-Tenant: acme }', { requestHeaders: { add: [['X-Tenant', { reveal: expect.any(Function) }]] } }],
  dropRequestHeaders: ['[Accept-Language]', { requestHeaders: { drop: ['accept-language'] } }],
  addResponseHeaders: ['{ X-Served-By: orders }', { responseHeaders: { add: [['X-Served-By', 'orders']] } }],
  dropResponseHeaders: ['X-Debug, X-Trace', { responseHeaders: { drop: ['x-debug', 'x-trace'] } }],
  cookies: ['[basket]', { cookies: ['basket'] }],
  cache: ['upstream', { cache: 'upstream' }],
  ca: ['/authority.pem', { tls: { ca: expect.stringContaining('BEGIN CERTIFICATE') } }],
  certificate: ['/client.pem\n    key: /client.key', { tls: { certificate: expect.stringContaining('BEGIN CERTIFICATE') } }],
  key: ['/client.key\n    certificate: /client.pem', { tls: { key: { reveal: expect.any(Function) } } }],
  serverName: ['API.internal', { tls: { serverName: 'api.internal' } }],
  http2: ['true', { http2: true }],
  webSocket: ['true', { webSocket: true }],
}

const ABOUT_TLS = ['ca', 'certificate', 'key', 'serverName', 'http2']

const SETTINGS = listSettings()
const FILES = { '/page': undefined, '/password': 'of Redis\n' }

function surroundings(path: string): Env {
  if (path === 'store.sentinelPassword') return { ...LEAST, COATCHECK_STORE: 'redis+sentinel://localhost:26379/main' }
  return {
    ...LEAST,
    ...(['store.deadline', 'store.outageGrace', 'store.passwordFile'].includes(path) ? REDIS : {}),
    ...BESIDE[path],
  }
}

describe('every setting', () => {
  test('is in the table below', () => {
    expect(Object.keys(ROWS)).toEqual(expect.arrayContaining(SETTINGS.map(({ path }) => path)))
    expect(Object.keys(ROWS)).toHaveLength(SETTINGS.length)
    expect(Object.keys(ROUTE_ROWS)).toEqual(Object.keys(routeProperties()))
  })

  test.each(SETTINGS)('$path is set by $variable, and does something', ({ path, variable }) => {
    const { written, becomes } = ROWS[path] ?? { written: '', becomes: {} }
    expect(parseWith(surroundings(path), FILES).config).not.toMatchObject(
      path === 'provider.clientSecret' || path === 'secrets' ? { no: 1 } : becomes,
    )
    expect(parseWith({ ...surroundings(path), [variable]: written }, FILES).config).toMatchObject(becomes)
  })

  test.each(SETTINGS)('$path is set by the file too, and $variable beats it', ({ path, variable }) => {
    const { written, yaml = written, becomes } = ROWS[path] ?? { written: '', becomes: {} }
    const [first, second] = path.split('.')
    const file = second === undefined ? `${first}: ${yaml}` : `${first}:\n  ${second}: ${yaml}`
    const { [variable]: usual, ...env }: Env = { ...surroundings(path), COATCHECK_CONFIG: '/c.yaml' }
    expect(parseWith(env, { ...FILES, '/c.yaml': file }).config).toMatchObject(becomes)
    if (usual === undefined || path === 'provider.clientSecret' || path === 'secrets') return
    expect(parseWith({ ...env, [variable]: usual }, { ...FILES, '/c.yaml': file }).config).not.toMatchObject(becomes)
  })

  test.each(Object.entries(ROUTE_ROWS))('of a route: %s', async (key, [yaml, becomes]) => {
    const scheme = ABOUT_TLS.includes(key) ? 'https' : 'http'
    const route = { prefix: '/api/', upstream: `${scheme}://localhost:3000/`, [key]: yaml }
    const plain = { prefix: '/api/', upstream: 'http://localhost:3000/' }
    expect(parseWith({ ...LEAST, COATCHECK_ROUTES: JSON.stringify([plain]) }).config.routes).not.toMatchObject([becomes])
    const lines = Object.entries(route).map(([name, value]) => `    ${name}: ${value}`)
    const { config } = parseWith(
      { ...LEAST, COATCHECK_CONFIG: '/c.yaml' },
      { ...(await pemFiles()), '/c.yaml': `routes:\n  -\n${lines.join('\n')}` },
    )
    expect(config.routes).toMatchObject([becomes])
  })

  test('has a variable of its own, which begins with the name of the program', () => {
    const names = SETTINGS.map(({ variable }) => variable)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^COATCHECK(_[A-Z0-9]+)+$/)
  })

  test('keeps the names that scripts rely on', () => {
    const contract =
      'BASE_URL ISSUER CLIENT_ID CLIENT_SECRET CLIENT_AUTH SECRETS STORE ROUTES LISTEN PRIVATE_LISTEN SCOPES STATIC TRUSTED_PROXIES LOG_LEVEL'
    expect(SETTINGS.map(({ variable }) => variable)).toEqual(
      expect.arrayContaining(contract.split(' ').map((name) => `COATCHECK_${name}`)),
    )
    expect(SETTINGS).toContainEqual({ path: 'session.idleTimeout', variable: 'COATCHECK_SESSION_IDLE_TIMEOUT', secret: false })
  })
})

function routeProperties(): object {
  const schema: { properties?: { routes?: { items?: { properties?: object } } } } = createJsonSchema()
  return schema.properties?.routes?.items?.properties ?? {}
}
