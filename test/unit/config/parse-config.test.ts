import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { CLIENT_SECRET, LEAST, OLDER_KEY, parseWith, problemsOf, problemsOfFile, SERVER_KEY } from '../../support/config-env.ts'

describe('a configuration', () => {
  test('boots with six variables; everything else has the documented default', () => {
    const { config } = parseWith(LEAST)
    expect(config).toMatchObject({
      baseUrl: { origin: 'https://app.example.com', host: 'app.example.com', secure: true, prefix: '/bff' },
      listen: { public: { host: '127.0.0.1', port: 8080 }, private: { host: '127.0.0.1', port: 9090 } },
      provider: {
        issuer: 'https://idp.example.com',
        clientId: 'my-app',
        clientAuth: 'auto',
        scopes: ['openid', 'profile', 'offline_access'],
        timeoutMilliseconds: 10_000,
        refreshTimeoutMilliseconds: 30_000,
        refreshLeewayMilliseconds: 60_000,
        refreshWaitMilliseconds: 10_000,
        assumeS256: false,
        userinfo: false,
      },
      store: { kind: 'memory', mostRecords: 100_000 },
      routes: [],
      session: {
        idleTimeoutMilliseconds: 3_600_000,
        absoluteTimeoutMilliseconds: 43_200_000,
        rules: [],
        mostPerPerson: undefined,
        rememberMe: 'off',
        mostCached: 10_000,
        withoutRefreshToken: 'end',
      },
      login: { timeoutMilliseconds: 600_000, mostOpen: 20, mostPerMinutePerAddress: 120, mostPerMinutePerBrowser: 60 },
      network: { trustedProxies: [] },
      log: { level: 'info', carried: 'failures' },
      drain: { delayMilliseconds: 5000, deadlineMilliseconds: 30_000 },
      staticFolder: undefined,
    })
  })

  test('waits for Redis half a second at most, and for ten seconds carries on without it', () => {
    const { config } = parseWith({ ...LEAST, COATCHECK_STORE: 'redis://localhost:6379' })
    expect(config.store).toMatchObject({ kind: 'redis', deadlineMilliseconds: 500, outageGraceMilliseconds: 10_000 })
  })

  test('carries several routes from one variable, each to the path of its upstream', () => {
    const { config } = parseWith({
      ...LEAST,
      COATCHECK_ROUTES: '/api/=http://localhost:3000, /files/=https://files.example.com:8443/v1/',
    })
    expect(config.routes).toMatchObject([
      {
        prefix: '/api/',
        addresses: [{ origin: 'http://localhost:3000' }],
        path: '/',
        proof: 'header',
        token: 'user',
        mostBodyBytes: 100_000_000,
      },
      {
        prefix: '/files/',
        addresses: [{ origin: 'https://files.example.com:8443' }],
        path: '/v1/',
        methods: expect.not.arrayContaining(['OPTIONS']),
      },
    ])
    expect(config.routes[0]).toMatchObject({
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      connectTimeoutMilliseconds: 5000,
      headersTimeoutMilliseconds: 60_000,
      bodyTimeoutMilliseconds: 60_000,
      webSocket: false,
    })
  })

  test('takes every setting of a route from the variable too, as JSON', () => {
    const routes = [
      { prefix: '/img/', upstream: 'http://localhost:1/', proof: 'same-origin', bodyLimit: '1MiB', methods: 'GET, HEAD' },
    ]
    const { config } = parseWith({ ...LEAST, COATCHECK_ROUTES: JSON.stringify(routes) })
    expect(config.routes).toMatchObject([{ proof: 'same-origin', mostBodyBytes: 1_048_576, methods: ['GET', 'HEAD'] }])
  })

  test.each([
    ['https://idp.example.com/', 'https://idp.example.com/'],
    ['https://IDP.example.com/realms/A', 'https://IDP.example.com/realms/A'],
    ['https://idp.example.com:443', 'https://idp.example.com:443'],
  ])('keeps the issuer %s byte for byte', (written, kept) => {
    expect(parseWith({ ...LEAST, COATCHECK_ISSUER: written }).config.provider.issuer).toBe(kept)
  })

  test.each(['http://localhost:9000', 'http://127.0.0.1:9000/op', 'http://127.9.9.9', 'http://[::1]:9000'])(
    'takes the issuer %s, which is this machine',
    (issuer) => expect(problemsOf({ ...LEAST, COATCHECK_ISSUER: issuer })).toEqual([]),
  )

  test('knows that browsers speak http to localhost, and says that this is for development', () => {
    const { config, warnings } = parseWith({ ...LEAST, COATCHECK_BASE_URL: 'http://localhost:8081/' })
    expect(config.baseUrl).toMatchObject({ origin: 'http://localhost:8081', host: 'localhost:8081', secure: false })
    expect(warnings.map(({ place }) => place)).toContain('baseUrl')
  })

  test('takes several server keys, the newest first', () => {
    const { config } = parseWith({ ...LEAST, COATCHECK_SECRETS: `${SERVER_KEY}, ${OLDER_KEY}` })
    expect(config.secrets.map((secret) => secret.reveal())).toEqual([SERVER_KEY, OLDER_KEY])
  })

  test('needs no secret for a client that is said to be public, and warns of it', () => {
    const { config, warnings } = parseWith({ ...LEAST, COATCHECK_CLIENT_SECRET: '', COATCHECK_CLIENT_AUTH: 'none' })
    expect(config.provider).toMatchObject({ clientAuth: 'none', clientSecret: undefined })
    expect(warnings.map(({ place }) => place)).toContain('provider.clientAuth')
  })

  test('writes single addresses of proxies as networks of one', () => {
    const { config } = parseWith({ ...LEAST, COATCHECK_TRUSTED_PROXIES: '127.0.0.1, ::1 10.0.0.0/8' })
    expect(config.network.trustedProxies).toEqual(['127.0.0.1/32', '::1/128', '10.0.0.0/8'])
  })

  test('resolves the folder of the page from where it was started', () => {
    expect(parseWith({ ...LEAST, COATCHECK_STATIC: './public' }, { '/srv/public': undefined }).config.staticFolder).toBe(
      '/srv/public',
    )
  })

  test('cannot be changed once it is read, not even deep inside', () => {
    const parsed = parseWith({ ...LEAST, COATCHECK_ROUTES: '/api/=http://localhost:3000' })
    expect(findUnfrozen(parsed)).toEqual([])
  })

  test('shows no secret, however it is printed', () => {
    const { config } = parseWith({ ...LEAST, COATCHECK_STORE: 'redis://:hunter2hunter2@localhost:6379' })
    const printed = [
      JSON.stringify(config),
      inspect(config, { depth: Infinity, showHidden: true }),
      inspect(config, { depth: Infinity, customInspect: false }),
      String(config.secrets[0]) + String(config.provider.clientSecret),
      JSON.stringify(structuredClone(config.secrets)),
    ].join('\n')
    for (const secret of [SERVER_KEY, CLIENT_SECRET, 'hunter2']) expect(printed).not.toContain(secret)
  })

  test.each([
    ['store.url', {}],
    ['trustedProxies', {}],
    ['routes', {}],
    ['provider.assumeS256', { COATCHECK_PROVIDER_ASSUME_S256: 'true' }],
    ['provider.scopes', { COATCHECK_SCOPES: 'openid' }],
    ['routes[0].upstream', { COATCHECK_ROUTES: '/api/=http://api:3000/' }],
  ])('warns about %s where it deserves a word', (place, env) => {
    expect(parseWith({ ...LEAST, ...env }).warnings.map((warning) => warning.place)).toContain(place)
  })

  test('has nothing to say about a sound deployment', () => {
    const { warnings } = parseWith({
      ...LEAST,
      COATCHECK_STORE: 'rediss://redis.example.com:6380',
      COATCHECK_TRUSTED_PROXIES: '10.0.0.0/8',
      COATCHECK_ROUTES: '/api/=https://api.example.com/,/local/=http://127.0.0.1:3000/',
    })
    expect(warnings).toEqual([])
  })
})

describe('all problems', () => {
  test('are listed at once, single ones and contradictions, each with its place and what to write', () => {
    const problems = problemsOf({
      COATCHECK_BASE_URL: 'http://app.example.com',
      COATCHECK_LOG_LEVEL: 'inof',
      COATCHECK_SESSION_IDLE_TIMEOUT: '13h',
      COATCHECK_STORRE: 'memory:',
      COATCHECK_ROUTES: 'api=http://*.example.com/,/x/=ftp://x/',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    })
    expect(problems.map(({ place }) => place)).toEqual([
      'NODE_TLS_REJECT_UNAUTHORIZED',
      'COATCHECK_STORRE',
      'COATCHECK_BASE_URL / baseUrl',
      'COATCHECK_ISSUER / provider.issuer',
      'COATCHECK_CLIENT_ID / provider.clientId',
      'COATCHECK_SECRETS / secrets',
      'COATCHECK_STORE / store.url',
      'COATCHECK_ROUTES / routes[0].prefix',
      'COATCHECK_ROUTES / routes[0].upstream',
      'COATCHECK_ROUTES / routes[1].upstream',
      'COATCHECK_LOG_LEVEL / log.level',
      'COATCHECK_SESSION_IDLE_TIMEOUT / session.idleTimeout',
      'COATCHECK_CLIENT_SECRET / provider.clientSecret',
    ])
    for (const { says, write } of problems) expect([says, write]).not.toContain('')
  })

  test('make one message, numbered, that a person can work through', () => {
    expect(() => parseWith({ ...LEAST, COATCHECK_STORE: undefined, COATCHECK_LOG_LEVEL: 'loud' })).toThrow(
      [
        'The configuration has 2 problems; nothing was started.',
        '',
        '  1. COATCHECK_STORE / store.url',
        '     is missing.',
        '     Write: redis://localhost:6379, or memory: to try it out (sessions end with the process)',
        '',
        '  2. COATCHECK_LOG_LEVEL / log.level',
        '     is none of the possible values.',
        '     Write: one of fatal, error, warn, info, debug, trace, silent',
        '',
      ].join('\n'),
    )
  })

  test('never repeat a value, since any of them may be a secret in the wrong place', () => {
    const canary = 'CANARYa8f3'
    const names = ['BASE_URL', 'ISSUER', 'STORE', 'ROUTES', 'LISTEN', 'SESSION_IDLE_TIMEOUT', 'LOG_LEVEL', 'LOGIN_MOST_OPEN']
    const more = [
      'TRUSTED_PROXIES',
      'PREFIX',
      'STATIC',
      'SECRETS',
      'CLIENT_SECRET',
      'CLIENT_AUTH',
      'PROVIDER_USERINFO',
      'CLIENT_ID',
    ]
    const env = Object.fromEntries([...names, ...more].map((name) => [`COATCHECK_${name}`, ` ${canary}\n*`]))
    const yaml = [
      'provider:',
      `  timeout: ${canary}`,
      `session: ${canary}`,
      'routes:',
      `  - ${canary}`,
      `    proof: ${canary}`,
    ].join('\n')
    const said = JSON.stringify([
      problemsOf({ ...env, COATCHECK_STORE_FILE: canary }),
      problemsOf({ ...LEAST, COATCHECK_SECRETS: undefined, COATCHECK_SECRETS_FILE: canary }),
      problemsOf({ ...LEAST, COATCHECK_ROUTES: `/a/=http://u:${canary}@x/` }),
      problemsOf({ ...LEAST, COATCHECK_STORE: `redis://:${canary}@x y` }),
      problemsOfFile(yaml),
      problemsOfFile(`log:\n  level: ${canary}\n  carried: [${canary}]\ndrain: {delay: 1, deadline: ${canary}}`),
    ])
    expect(said).toContain('is not a duration')
    expect(said).not.toContain(canary)
  })
})

function findUnfrozen(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([key, member]) => findUnfrozen(member, `${path}.${key}`))
  return Object.isFrozen(value) ? inner : [path, ...inner]
}
