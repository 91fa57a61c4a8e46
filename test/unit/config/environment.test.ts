import { describe, expect, test } from '@jest/globals'
import { CLIENT_SECRET, LEAST, parseWith, problemsOf, SERVER_KEY } from '../../support/config-env.ts'

describe('a variable', () => {
  test.each([
    ['COATCHECK_BASEURL', 'COATCHECK_BASE_URL'],
    ['COATCHECK_ISUER', 'COATCHECK_ISSUER'],
    ['COATCHECK_SECRET', 'COATCHECK_SECRETS'],
    ['COATCHECK_CLIENT_SECRETS', 'COATCHECK_CLIENT_SECRET'],
    ['COATCHECK_ROUTE', 'COATCHECK_ROUTES'],
    ['COATCHECK_PROVIDER_ISSUER', 'COATCHECK_ISSUER'],
    ['COATCHECK_PROVIDER_CLIENT_SECRET', 'COATCHECK_CLIENT_SECRET'],
    ['COATCHECK_STORE_URL', 'COATCHECK_STORE'],
    ['COATCHECK_SESSION_IDLETIMEOUT', 'COATCHECK_SESSION_IDLE_TIMEOUT'],
    ['COATCHECK_CONFG', 'COATCHECK_CONFIG'],
  ])('%s is unknown, and %s is suggested', (written, meant) => {
    expect(problemsOf({ ...LEAST, [written]: 'x' })).toEqual([
      { place: written, says: 'is not a variable of Coatcheck.', write: `${meant}, if that is meant` },
    ])
  })

  test.each([
    ['COATCHECK_COOKIE_SAMESITE', /SameSite=Strict/],
    ['COATCHECK_COOKIE_DOMAIN', /without Domain/],
    ['COATCHECK_PKCE_METHOD', /S256/],
    ['COATCHECK_REDIRECT_URI', /<prefix>\/callback/],
    ['COATCHECK_TOKEN_ENDPOINT', /metadata/],
    ['COATCHECK_JWKS_URI', /metadata/],
    ['COATCHECK_RESPONSE_TYPE', /authorization code/],
    ['COATCHECK_TLS_REJECT_UNAUTHORIZED', /NODE_EXTRA_CA_CERTS/],
  ])('%s does not exist on purpose, which is explained', (name, explanation) => {
    expect(problemsOf({ ...LEAST, [name]: 'x' })).toEqual([
      expect.objectContaining({ place: name, write: expect.stringMatching(explanation) }),
    ])
  })

  test('that resembles none is refused all the same', () => {
    expect(problemsOf({ ...LEAST, COATCHECK_FROBNICATE: '1' })).toMatchObject([{ place: 'COATCHECK_FROBNICATE' }])
  })

  test('of someone else is none of our business', () => {
    expect(problemsOf({ ...LEAST, COATCHECKER: '1', PATH: '/bin', NODE_ENV: 'production' })).toEqual([])
  })

  test('that Kubernetes or Docker adds for a service of our name does not keep us from booting', () => {
    const links = {
      COATCHECK_SERVICE_HOST: '10.0.0.1',
      COATCHECK_SERVICE_PORT: '8080',
      COATCHECK_SERVICE_PORT_HTTP: '8080',
      COATCHECK_PORT: 'tcp://10.0.0.1:8080',
      COATCHECK_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      COATCHECK_PORT_8080_TCP_PROTO: 'tcp',
      COATCHECK_PORT_8080_TCP_PORT: '8080',
      COATCHECK_PORT_8080_TCP_ADDR: '10.0.0.1',
      COATCHECK_REDIS_SERVICE_HOST: '10.0.0.2',
      COATCHECK_REDIS_PORT_6379_TCP_ADDR: '10.0.0.2',
    }
    expect(problemsOf({ ...LEAST, ...links })).toEqual([])
  })

  test('that is empty counts as not set', () => {
    const { config } = parseWith({
      ...LEAST,
      COATCHECK_STATIC: '',
      COATCHECK_LOG_LEVEL: '',
      COATCHECK_CONFIG: '',
      COATCHECK_STORE_FILE: '',
    })
    expect(config).toMatchObject({ staticFolder: undefined, log: { level: 'info' } })
  })

  test('is taken as it is: references are for files only', () => {
    const { config } = parseWith({ ...LEAST, COATCHECK_CLIENT_SECRET: 'a$1${2}b$$x9Q8w7E6r5', OTHER: 'x' })
    expect(config.provider.clientSecret?.reveal()).toBe('a$1${2}b$$x9Q8w7E6r5')
  })
})

describe('a secret', () => {
  const unset = { COATCHECK_CLIENT_SECRET: undefined, COATCHECK_SECRETS: undefined, COATCHECK_STORE: undefined }
  const fromFiles = {
    ...LEAST,
    ...unset,
    COATCHECK_CLIENT_SECRET_FILE: '/run/secrets/client',
    COATCHECK_SECRETS_FILE: 'keys',
    COATCHECK_STORE_FILE: '/run/secrets/store',
  }

  test('comes from a file where its variable says so, without the line break at its end', () => {
    const { config } = parseWith(fromFiles, {
      '/run/secrets/client': `${CLIENT_SECRET}\n`,
      '/srv/keys': `${SERVER_KEY}\r\n`,
      '/run/secrets/store': 'redis://:pw@redis:6379\n',
    })
    expect(config.provider.clientSecret?.reveal()).toBe(CLIENT_SECRET)
    expect(config.secrets[0].reveal()).toBe(SERVER_KEY)
    expect(config.store.kind === 'redis' && config.store.url.reveal()).toBe('redis://:pw@redis:6379')
  })

  test('is judged like any other, and its place is the variable of the file', () => {
    const files = { '/run/secrets/client': CLIENT_SECRET, '/srv/keys': 'changeme\n', '/run/secrets/store': 'memory:' }
    expect(problemsOf(fromFiles, files)).toMatchObject([
      { place: 'COATCHECK_SECRETS_FILE / secrets[0]', says: expect.stringMatching(/placeholder/) },
    ])
  })

  test('whose file is missing or a folder is one problem, not two', () => {
    const files = { '/srv/keys': undefined, '/run/secrets/store': 'memory:' }
    expect(problemsOf(fromFiles, files)).toEqual([
      expect.objectContaining({ place: 'COATCHECK_CLIENT_SECRET_FILE', says: 'names a file that does not exist.' }),
      expect.objectContaining({ place: 'COATCHECK_SECRETS_FILE', says: 'names a folder, not a file.' }),
    ])
  })

  test('that is there twice, itself and as a file, is refused', () => {
    expect(problemsOf({ ...LEAST, COATCHECK_SECRETS_FILE: '/x' }, { '/x': SERVER_KEY })).toMatchObject([
      { place: 'COATCHECK_SECRETS and COATCHECK_SECRETS_FILE', says: 'are both set.' },
    ])
  })

  test('alone can be in a file: there is no COATCHECK_ISSUER_FILE', () => {
    expect(problemsOf({ ...LEAST, COATCHECK_ISSUER_FILE: '/x' })).toMatchObject([{ place: 'COATCHECK_ISSUER_FILE' }])
  })
})
