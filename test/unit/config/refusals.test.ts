import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { parseClientSecret, parseServerKey } from '../../../src/config/parse-secrets.ts'
import { Secret } from '../../../src/config/secret.ts'
import { CLIENT_SECRET, LEAST, parseWith, problemsOf, SERVER_KEY } from '../../support/config-env.ts'
import type { Env } from '../../support/config-env.ts'

type Row = readonly [why: string, variable: string, value: string, says: RegExp]

function refuses(env: Env, place: string, says: RegExp): void {
  const problems = problemsOf({ ...LEAST, ...env })
  expect(problems).toEqual([
    expect.objectContaining({ place: expect.stringContaining(place), says: expect.stringMatching(says) }),
  ])
}

function refusesEach(title: string, rows: readonly Row[]): void {
  test.each(rows)(title, (_why, variable, value, says) => {
    const name = `COATCHECK_${variable}`
    refuses({ [name]: value }, name, says)
  })
}

describe('the address that browsers see', () => {
  refusesEach('is refused if it %s', [
    ['is http', 'BASE_URL', 'http://app.example.com', /not https/],
    ['is http on an address of this machine', 'BASE_URL', 'http://127.0.0.1:8080', /not https/],
    ['is http on what begins like localhost', 'BASE_URL', 'http://localhost.evil.example', /not https/],
    ['is http on what ends like localhost', 'BASE_URL', 'http://xlocalhost:80', /not https/],
    ['is http on a look-alike of localhost', 'BASE_URL', 'http://lоcalhost:8080', /not https/],
    ['hides another host behind userinfo', 'BASE_URL', 'http://localhost@evil.example', /user name/],
    ['has userinfo', 'BASE_URL', 'https://me:pw@app.example.com', /user name/],
    ['has a path', 'BASE_URL', 'https://app.example.com/app', /path/],
    ['has a dot segment', 'BASE_URL', 'https://app.example.com/.', /path/],
    ['has a query', 'BASE_URL', 'https://app.example.com/?', /query/],
    ['has a fragment', 'BASE_URL', 'https://app.example.com#x', /fragment/],
    ['has a wildcard', 'BASE_URL', 'https://*.example.com', /wildcard/],
    ['ends its host with a dot', 'BASE_URL', 'https://app.example.com.', /dot at the end/],
    ['has a backslash', 'BASE_URL', 'https:\\\\app.example.com', /backslash/],
    ['has a space', 'BASE_URL', ' https://app.example.com', /white space/],
    ['lacks its slashes', 'BASE_URL', 'https:app.example.com', /absolute/],
    ['lacks its scheme', 'BASE_URL', 'app.example.com', /absolute/],
    ['is of another scheme', 'BASE_URL', 'ftp://app.example.com', /scheme/],
    ['has an impossible port', 'BASE_URL', 'https://app.example.com:99999', /well-formed/],
  ])
})

describe('the issuer', () => {
  refusesEach('is refused if it %s', [
    ['is http on another machine', 'ISSUER', 'http://idp.example.com', /not https/],
    ['is http on what begins like loopback', 'ISSUER', 'http://127.0.0.1.evil.example', /not https/],
    ['is http on what ends like loopback', 'ISSUER', 'http://evil127.0.0.1.nip.example', /not https/],
    ['is http on localhost with a dot', 'ISSUER', 'http://localhost.', /dot at the end/],
    ['is http on an address written as IPv6', 'ISSUER', 'http://[::ffff:10.0.0.1]', /not https/],
    ['has a query', 'ISSUER', 'https://idp.example.com/?tenant=a', /query/],
    ['has a fragment', 'ISSUER', 'https://idp.example.com/#', /fragment/],
    ['has userinfo', 'ISSUER', 'https://a@idp.example.com', /user name/],
    ['has white space that nobody sees', 'ISSUER', 'https://idp.example.com\n', /white space/],
    ['is the address of the metadata', 'ISSUER', 'https://idp.example.com/.well-known/openid-configuration', /metadata/],
    ['is a template', 'ISSUER', 'https://{tenant}.example.com', /placeholder/],
  ])
})

describe('a server key', () => {
  refusesEach('is refused if it %s', [
    ['is short', 'SECRETS', SERVER_KEY.slice(0, 42), /shorter than 43/],
    ['is short, though another is long', 'SECRETS', `${SERVER_KEY},${CLIENT_SECRET}x`, /shorter than 43/],
    ['is a word to be replaced', 'SECRETS', 'changeme'.repeat(6), /placeholder/],
    ['says that it should be changed', 'SECRETS', `please-Change_Me-${SERVER_KEY}`, /placeholder/],
    ['is in angle brackets', 'SECRETS', '<43+ characters from openssl rand -base64>', /placeholder/],
    ['is a reference that nobody replaced', 'SECRETS', '${COATCHECK_SECRETS_FROM_SOMEWHERE_THAT_IS_LONG}', /placeholder/],
    ['is one character', 'SECRETS', 'x'.repeat(64), /variety/],
    ['has few characters', 'SECRETS', '0110100110010110100101100110100110010110011010010', /variety/],
    ['repeats itself', 'SECRETS', 'qazwsxedcrfvtgbp'.repeat(3), /repeats/],
    ['is the alphabet', 'SECRETS', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', /well-known/],
    ['counts', 'SECRETS', `0123456789${SERVER_KEY.slice(10)}`, /well-known/],
    ['is padded', 'SECRETS', `${SERVER_KEY.slice(0, 30)}0000000000000000`, /repeats/],
    ['is the example of a standard', 'SECRETS', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', /well-known/],
    ['holds a line break', 'SECRETS', `${SERVER_KEY}\n${SERVER_KEY}`, /line break/],
    ['is nothing between commas', 'SECRETS', `${SERVER_KEY},`, /empty/],
    ['is there twice', 'SECRETS', `${SERVER_KEY},${SERVER_KEY}`, /twice/],
  ])

  test('is refused if it is the client secret', () =>
    refuses({ COATCHECK_CLIENT_SECRET: SERVER_KEY }, 'COATCHECK_SECRETS', /client secret/))

  test('is refused if administrators show it too, and so is their secret if it is the client’s', () => {
    refuses({ COATCHECK_ADMIN_SECRET: SERVER_KEY }, 'COATCHECK_ADMIN_SECRET', /something else too/)
    const shared = SERVER_KEY.toUpperCase()
    refuses({ COATCHECK_ADMIN_SECRET: shared, COATCHECK_CLIENT_SECRET: shared }, 'COATCHECK_ADMIN_SECRET', /something else too/)
    refuses({ COATCHECK_ADMIN_SECRET: 'short' }, 'COATCHECK_ADMIN_SECRET', /shorter than 43/)
  })

  test('is asked for with the command that makes a good one', () => {
    const problems = [
      ...problemsOf({ ...LEAST, COATCHECK_SECRETS: undefined }),
      ...problemsOf({ ...LEAST, COATCHECK_SECRETS: 'short' }),
    ]
    expect(problems.map(({ write }) => write)).toEqual(
      Array(2).fill(expect.stringContaining("openssl rand -base64 48 | tr -d '\\n'")),
    )
  })

  test('is taken if it is random, in any of the usual alphabets', () => {
    for (let round = 0; round < 1000; round++) {
      const bytes = randomBytes(48)
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        expect(parseServerKey(bytes.toString(encoding).slice(0, 43))).toBeInstanceOf(Secret)
        expect(parseClientSecret(bytes.toString(encoding).slice(0, 16))).toBeInstanceOf(Secret)
      }
    }
  })
})

describe('the client secret', () => {
  refusesEach('is refused if it %s', [
    ['is empty', 'CLIENT_SECRET', '', /missing or empty/],
    ['is a word to be replaced', 'CLIENT_SECRET', 'your-client-secret', /placeholder/],
    ['is a word that everybody tries', 'CLIENT_SECRET', 'MyPassword1234567', /placeholder/],
    ['is short', 'CLIENT_SECRET', 's3cr3t', /shorter than 16/],
    ['is one character', 'CLIENT_SECRET', 'aaaaaaaaaaaaaaaaaaaaaaaa', /variety/],
    ['ends with a line break', 'CLIENT_SECRET', `${CLIENT_SECRET}\n`, /line break/],
  ])

  test('contradicts a client that is said to be public', () =>
    refuses({ COATCHECK_CLIENT_AUTH: 'none' }, 'provider.clientAuth', /there is a secret/))

  test('is missing although the client is confidential', () => {
    refuses(
      { COATCHECK_CLIENT_SECRET: undefined, COATCHECK_CLIENT_AUTH: 'client_secret_post' },
      'provider.clientSecret',
      /missing/,
    )
  })
})

describe('a route', () => {
  refusesEach('is refused if it %s', [
    ['has no upstream', 'ROUTES', '/api/', /missing/],
    ['begins without a slash', 'ROUTES', 'api/=http://localhost:3000/', /begin with a slash/],
    ['ends without a slash', 'ROUTES', '/api=http://localhost:3000/', /end with a slash/],
    ['is a pattern', 'ROUTES', '/api/*/=http://localhost:3000/', /pattern/],
    ['is a pattern of another kind', 'ROUTES', '/:tenant/=http://localhost:3000/', /pattern/],
    ['has a dot segment', 'ROUTES', '/api/../=http://localhost:3000/', /canonical/],
    ['has an encoded slash', 'ROUTES', '/api%2fv1/=http://localhost:3000/', /canonical/],
    ['has an empty segment', 'ROUTES', '/api//=http://localhost:3000/', /canonical/],
    ['has a backslash', 'ROUTES', '/api\\v1/=http://localhost:3000/', /canonical/],
    ['leads to any host', 'ROUTES', '/api/=http://*/', /wildcard/],
    ['leads to any host of a domain', 'ROUTES', '/api/=https://*.example.com/', /wildcard/],
    ['leaves the host to the request', 'ROUTES', '/api/=https://{host}/', /wildcard/],
    ['leads to a file', 'ROUTES', '/api/=file:///etc/', /scheme/],
    ['has a password for the upstream', 'ROUTES', '/api/=http://u:p@localhost:3000/', /user name/],
    ['has a query for the upstream', 'ROUTES', '/api/=http://localhost:3000/?key=1', /query/],
    ['has an upstream without a slash at its end', 'ROUTES', '/api/=http://localhost:3000/v1', /end with a slash/],
    ['has an upstream with dot segments', 'ROUTES', '/api/=http://localhost:3000/v1/../', /canonical/],
    ['has an upstream with encoded dots', 'ROUTES', '/api/=http://localhost:3000/%2e%2e/', /canonical/],
    ['is there twice', 'ROUTES', '/api/=http://localhost:3000/,/api/=http://localhost:3001/', /another route/],
    ['is where our own endpoints are', 'ROUTES', '/bff/=http://localhost:3000/', /own endpoints/],
    ['is below our own endpoints', 'ROUTES', '/bff/api/=http://localhost:3000/', /own endpoints/],
    ['is everything, our own endpoints too', 'ROUTES', '/=http://localhost:3000/', /holds \/bff\/, .* own endpoints/],
    ['leads back to the browser’s address', 'ROUTES', '/api/=https://app.example.com/x/', /gateway itself/],
    ['leads back to the listener', 'ROUTES', '/api/=http://localhost:8080/', /gateway itself/],
    ['leads to the private listener', 'ROUTES', '/api/=http://127.0.0.1:9090/', /gateway itself/],
    ['is JSON that is broken', 'ROUTES', '[{"prefix": "/api/"', /not a list/],
    ['has a method that is none', 'ROUTES', '[{"prefix":"/a/","upstream":"http://x/","methods":["get"]}]', /not a method/],
    ['would show the token', 'ROUTES', '[{"prefix":"/a/","upstream":"http://x/","methods":["TRACE"]}]', /never carried/],
    ['opens a tunnel', 'ROUTES', '[{"prefix":"/a/","upstream":"http://x/","methods":"CONNECT"}]', /never carried/],
    ['has no methods', 'ROUTES', '[{"prefix":"/a/","upstream":"http://x/","methods":[]}]', /empty/],
    [
      'carries WebSockets but no GET',
      'ROUTES',
      '[{"prefix":"/a/","upstream":"http://x/","webSocket":true,"methods":["POST"]}]',
      /while GET, which every handshake is, is not carried/,
    ],
    ['has a token but no proof', 'ROUTES', '[{"prefix":"/a/","upstream":"http://x/","proof":"none"}]', /in that person's name/],
    ['has an unknown setting', 'ROUTES', '[{"prefix":"/a/","upstream":"http://x/","timeout":"5s"}]', /not a setting of routes/],
    ['has a size without unit', 'ROUTES', '[{"prefix":"/a/","upstream":"http://x/","bodyLimit":"10"}]', /not a size/],
    ['has a huge size', 'ROUTES', '[{"prefix":"/a/","upstream":"http://x/","bodyLimit":"101GB"}]', /too much/],
  ])

  test('is refused if it leads to a listener on every address by this machine’s name', () => {
    refuses(
      { COATCHECK_LISTEN: '0.0.0.0:7000', COATCHECK_ROUTES: '/api/=http://[::1]:7000/' },
      'routes[0].upstream',
      /gateway itself/,
    )
  })

  test('is refused if our own endpoints would be below it', () => {
    refuses({ COATCHECK_PREFIX: '/auth/bff', COATCHECK_ROUTES: '/auth/=http://localhost:3000/' }, 'routes[0].prefix', /holds/)
  })

  test('without token may do without proof', () => {
    const routes = '[{"prefix":"/public/","upstream":"http://localhost:3000/","proof":"none","token":"none"}]'
    expect(parseWith({ ...LEAST, COATCHECK_ROUTES: routes }).config.routes).toMatchObject([{ proof: 'none', token: 'none' }])
  })

  test('may be below another one, and beside a prefix of ours that it only resembles', () => {
    const routes = '/api/=http://localhost:3000/,/api/v2/=http://localhost:3001/,/bff-api/=http://localhost:3002/'
    expect(problemsOf({ ...LEAST, COATCHECK_ROUTES: routes })).toEqual([])
  })
})

describe('any other setting', () => {
  refusesEach('is refused if it %s', [
    ['is no store', 'STORE', 'postgres://localhost/x', /address of a store/],
    ['is a store without host', 'STORE', 'redis://', /address of a store|one host/],
    ['is a store on any host', 'STORE', 'redis://*:6379', /one host/],
    ['is a store with a path', 'STORE', 'redis://localhost/abc', /number of a database/],
    ['is a store with a query', 'STORE', 'redis://localhost?tls=no', /query/],
    ['is a store with a broken password', 'STORE', 'redis://:100%@localhost', /begins no encoded/],
    ['is a socket by half its path', 'STORE', 'unix://redis.sock', /whole path/],
    ['names sentinels without a port', 'STORE', 'redis+sentinel://one,two:26379/main', /host and port/],
    ['names no sentinel', 'STORE', 'redis+sentinel:///main', /host and port/],
    ['names sentinels at an impossible port', 'STORE', 'redis+sentinel://one:70000/main', /host and port/],
    ['names sentinels and no primary', 'STORE', 'redis+sentinel://one:26379,two:26379', /name the primary/],
    ['names a primary that cannot be', 'STORE', 'redis+sentinel://one:26379/m%20n', /name the primary/],
    ['names sentinels and more than a database', 'STORE', 'redis+sentinel://one:26379/main/0/1', /more behind the name/],
    ['names sentinels and no number of a database', 'STORE', 'redis+sentinel://one:26379/main/x', /more behind the name/],
    ['names sentinels with a query', 'STORE', 'redis+sentinel://one:26379/main?x', /query/],
    ['names sentinels with an open @', 'STORE', 'redis+sentinel://:p@ss@one:26379/main', /not encoded/],
    ['names sentinels with an open colon', 'STORE', 'redis+sentinel://u:p:w@one:26379/main', /not encoded/],
    ['is memory with more to it', 'STORE', 'memory:x', /address of a store/],
    ['lacks openid', 'SCOPES', 'profile email', /lacks openid/],
    ['is no scope', 'SCOPES', 'openid "all"', /not a scope/],
    ['is every claim', 'PROVIDER_CLAIMS', '*', /by name only/],
    ['is an unknown way to authenticate', 'CLIENT_AUTH', 'client_secret_jwt', /possible values/],
    ['is an empty client id in disguise', 'CLIENT_ID', ' ', /empty/],
    ['is a client id to be replaced', 'CLIENT_ID', '<client id>', /placeholder/],
    ['is the algorithm none', 'PROVIDER_ID_TOKEN_ALGORITHM', 'none', /possible values/],
    ['is an algorithm by shared secret', 'PROVIDER_ID_TOKEN_ALGORITHM', 'HS256', /possible values/],
    ['is neither true nor false', 'PROVIDER_ASSUME_S256', 'yes', /neither true nor false/],
    ['is a duration without unit', 'PROVIDER_TIMEOUT', '10', /not a duration/],
    ['is a duration with a fraction', 'PROVIDER_TIMEOUT', '1.5s', /not a duration/],
    ['is no time at all', 'PROVIDER_TIMEOUT', '0s', /too little/],
    ['is a timeout of an hour', 'PROVIDER_TIMEOUT', '1h', /too much/],
    ['tolerates every clock', 'PROVIDER_CLOCK_TOLERANCE', '1d', /too much/],
    ['keeps sessions for ever', 'SESSION_ABSOLUTE_TIMEOUT', '365d', /too much/],
    ['waits longer to drain than draining may take', 'DRAIN_DELAY', '1m', /longer than drain.deadline/],
    ['is longer idle than a session may last', 'SESSION_IDLE_TIMEOUT', '13h', /longer than session.absoluteTimeout/],
    ['lets a person have no session at all', 'SESSION_MOST_PER_PERSON', '0', /too little/],
    ['remembers in an unknown way', 'SESSION_REMEMBER_ME', 'on', /possible values/],
    ['rules in a language of its own', 'SESSION_RULES', 'acr=high', /not a list/],
    ['rules in broken JSON', 'SESSION_RULES', '[{', /not a list/],
    ['rules by no claim', 'SESSION_RULES', '[{"value":"x","idleTimeout":"5m"}]', /missing/],
    ['rules by every claim', 'SESSION_RULES', '[{"claim":"*","value":"x","idleTimeout":"5m"}]', /by name only/],
    ['rules by a value that is no text', 'SESSION_RULES', '[{"claim":"a","value":7,"idleTimeout":"5m"}]', /not text/],
    ['rules nothing', 'SESSION_RULES', '[{"claim":"a","value":"x"}]', /says no timeout/],
    [
      'rules what is no setting',
      'SESSION_RULES',
      '[{"claim":"a","value":"x","idleTimeout":"5m","absolute":"5m"}]',
      /not a setting of session.rules/,
    ],
    [
      'rules a longer idle time',
      'SESSION_RULES',
      '[{"claim":"a","value":"x","idleTimeout":"2h"}]',
      /longer than session.idleTimeout/,
    ],
    [
      'rules a longer life',
      'SESSION_RULES',
      '[{"claim":"a","value":"x","absoluteTimeout":"1d"}]',
      /longer than session.absoluteTimeout/,
    ],
    [
      'rules an idle time beyond its own end',
      'SESSION_RULES',
      '[{"claim":"a","value":"x","idleTimeout":"10m","absoluteTimeout":"5m"}]',
      /longer than this rule's absoluteTimeout/,
    ],
    ['waits for the store for a minute', 'STORE_DEADLINE', '60s', /too much/],
    ['serves ended sessions for an hour', 'STORE_OUTAGE_GRACE', '1h', /too much/],
    ['is a number in words', 'SESSION_MOST_CACHED', 'many', /whole number/],
    ['is a negative number', 'SESSION_MOST_CACHED', '-1', /whole number/],
    ['is a fraction', 'SESSION_MOST_CACHED', '1.5', /whole number/],
    ['is nothing', 'SESSION_MOST_CACHED', '0', /too little/],
    ['opens more logins than a browser has cookies for', 'LOGIN_MOST_OPEN', '21', /too much/],
    ['is an unknown level', 'LOG_LEVEL', 'INFO', /possible values/],
    ['is an unknown choice', 'LOG_CARRIED', 'none', /possible values/],
    ['listens on a port without host', 'LISTEN', '8080', /host and a port/],
    ['listens on a host without port', 'LISTEN', '127.0.0.1', /host and a port/],
    ['listens on an impossible port', 'LISTEN', '127.0.0.1:70000', /65535/],
    ['listens on an impossible address', 'LISTEN', '300.1.1.1:80', /no address/],
    ['listens on IPv6 without brackets', 'LISTEN', '::1:80', /host and a port/],
    ['brackets a name', 'LISTEN', '[localhost]:80', /no IPv6/],
    ['puts the private listener on the public one', 'PRIVATE_LISTEN', '127.0.0.1:8080', /public listener/],
    ['puts it there by another name', 'PRIVATE_LISTEN', 'localhost:8080', /public listener/],
    ['puts it there on every address', 'PRIVATE_LISTEN', '0.0.0.0:8080', /public listener/],
    ['trusts everyone', 'TRUSTED_PROXIES', '0.0.0.0/0', /trusts everyone/],
    ['trusts everyone on IPv6', 'TRUSTED_PROXIES', '::/0', /trusts everyone/],
    ['trusts a name', 'TRUSTED_PROXIES', 'nginx', /not an address/],
    ['trusts a network that cannot be', 'TRUSTED_PROXIES', '10.0.0.0/33', /32 bits/],
    ['is a prefix with a slash at its end', 'PREFIX', '/bff/', /none at its end/],
    ['is the root', 'PREFIX', '/', /none at its end/],
    ['is a prefix that is not canonical', 'PREFIX', '/a/../bff', /canonical/],
    ['is a folder that does not exist', 'STATIC', './nowhere', /not an existing folder/],
    ['is a folder that nothing can be named', 'STATIC', './a\0b', /not an existing folder/],
    ['is the whole disk', 'STATIC', '/', /root of the whole disk/],
  ])

  test.each([
    ['beside a password in the URL', 'redis://:secret@localhost', /the URL holds a password too/],
    ['beside one in a URL with sentinels', 'redis+sentinel://u:secret@localhost:26379/main', /the URL holds a password too/],
    ['for the memory store', 'memory:', /no Redis/],
  ])('is refused if it is a password file %s', (_, url, says) => {
    const env = { ...LEAST, COATCHECK_STORE: url, COATCHECK_STORE_PASSWORD_FILE: '/password' }
    const problems = problemsOf(env, { '/password': 'secret' })
    expect(problems).toMatchObject([
      { place: 'COATCHECK_STORE_PASSWORD_FILE / store.passwordFile', says: expect.stringMatching(says) },
    ])
  })

  test('is refused if it is a password file without a password', () => {
    const env = { ...LEAST, COATCHECK_STORE: 'redis://app@localhost', COATCHECK_STORE_PASSWORD_FILE: '/password' }
    expect(problemsOf(env, { '/password': '\r\n' })).toMatchObject([{ says: 'names an empty file.' }])
    expect(problemsOf(env)).toMatchObject([{ says: 'names a file that does not exist.' }])
    expect(problemsOf(env, { '/password': 'secret\n' })).toEqual([])
  })

  test.each(['redis://localhost', 'memory:'])('is refused if it is a password of sentinels for %s', (url) => {
    const env = { ...LEAST, COATCHECK_STORE: url, COATCHECK_STORE_SENTINEL_PASSWORD: 'secret' }
    expect(problemsOf(env)).toMatchObject([{ says: 'is there, but the URL names no sentinels.' }])
  })

  test('is refused if it switches Node’s own protection off', () => {
    expect(problemsOf({ ...LEAST, NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toMatchObject([{ place: 'NODE_TLS_REJECT_UNAUTHORIZED' }])
    expect(problemsOf({ ...LEAST, NODE_OPTIONS: '--max-old-space-size=200 --insecure-http-parser' })).toMatchObject([
      { place: 'NODE_OPTIONS' },
    ])
    expect(() => parseConfig({ env: LEAST, execArgv: ['--insecure-http-parser'] })).toThrow('command line of node')
    expect(problemsOf({ ...LEAST, NODE_OPTIONS: '--max-old-space-size=200', NODE_TLS_REJECT_UNAUTHORIZED: '1' })).toEqual([])
  })

  test('is not held against what could not be read itself', () => {
    const env = { ...LEAST, COATCHECK_SESSION_IDLE_TIMEOUT: '20h', COATCHECK_SESSION_ABSOLUTE_TIMEOUT: 'a day' }
    expect(problemsOf(env).map(({ place }) => place)).toEqual(['COATCHECK_SESSION_ABSOLUTE_TIMEOUT / session.absoluteTimeout'])
  })
})
