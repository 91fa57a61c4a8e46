import { describe, expect, jest, test } from '@jest/globals'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { CLIENT_SECRET, LEAST, parseWith, problemsOf, problemsOfFile, SERVER_KEY } from '../../support/config-env.ts'

const NAMED = { ...LEAST, COATCHECK_CONFIG: 'conf/coatcheck.yaml' }
const PATH = '/srv/conf/coatcheck.yaml'

describe('the file', () => {
  test('is read only if a variable names it, relative to where the gateway was started', () => {
    const files = { [PATH]: 'log: { level: warn }' }
    expect(parseWith(LEAST, files).config.log.level).toBe('info')
    expect(parseWith(NAMED, files).config.log.level).toBe('warn')
  })

  test.each([
    ['does not exist', {}, /does not exist/],
    ['is a folder', { [PATH]: undefined }, /names a folder/],
    ['is empty', { [PATH]: '' }, /is empty/],
    ['holds comments only', { [PATH]: '# nothing\n' }, /is empty/],
    ['is a list', { [PATH]: '- a\n' }, /keys and values/],
    ['is a word', { [PATH]: 'hello' }, /keys and values/],
    ['is no YAML', { [PATH]: 'a: [1, 2\nb: }' }, /bracket/],
    ['is JSON that breaks off', { [PATH]: '{"log": {' }, /bracket/],
    ['is indented with tabs', { [PATH]: 'log:\n\tlevel: info\n' }, /tab|YAML/],
    ['has a key twice', { [PATH]: 'log: { level: info }\nlog: { level: warn }\n' }, /same key twice/],
    ['has several documents', { [PATH]: 'prefix: /a\n---\nprefix: /b\n' }, /several documents/],
    ['has a tag', { [PATH]: 'prefix: !js/function x\n' }, /tag that means nothing/],
    ['has an alias that leads nowhere', { [PATH]: 'prefix: *nowhere\n' }, /alias|YAML/],
    ['unfolds without end', { [PATH]: bomb() }, /unfold/],
    ['holds itself', { [PATH]: 'login: &a\n  mostOpen: 5\n  timeout: *a\n' }, /unfold/],
    ['holds itself in a list', { [PATH]: 'routes: &a\n  - prefix: /api/\n    upstream: *a\n' }, /unfold/],
    ['is nested without end', { [PATH]: '{a: '.repeat(20_000) }, /nested too deeply/],
    [
      'is a template that nobody filled in',
      { [PATH]: 'provider:\n  clientSecret: {{ .Values.secret }}\n' },
      /group where a name belongs/,
    ],
    ['has a group as a key by an alias', { [PATH]: 'prefix: &a { b: c }\n*a : d\n' }, /group where a name belongs/],
  ])('that %s is one clear problem', (_why, files, says) => {
    expect(problemsOf(NAMED, files)).toEqual([
      expect.objectContaining({ place: expect.stringMatching(/^COATCHECK_CONFIG/), says: expect.stringMatching(says) }),
    ])
  })

  test('that has a secret for a key is refused without a word of it, on the standard error output neither', () => {
    const warned: unknown[] = []
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation((says) => void warned.push(says))
    try {
      const problems = problemsOf(NAMED, { [PATH]: '{ [a-secret-of-mine]: x }: y' })
      expect(JSON.stringify([problems, warned])).not.toContain('a-secret-of-mine')
    } finally {
      warn.mockRestore()
    }
  })

  test('that this process may not read is said to be that', () => {
    expect(() => parseConfig({ env: NAMED, readFile: deny })).toThrow('may not read')
  })

  test('that cannot be read does not make everything else look missing, but variables are judged', () => {
    const env = { COATCHECK_CONFIG: '/nowhere.yaml', COATCHECK_LOG_LEVEL: 'loud', COATCHECK_SESSION_IDLE_TIMEOUT: '20h' }
    expect(problemsOf(env).map(({ place }) => place)).toEqual(['COATCHECK_CONFIG', 'COATCHECK_LOG_LEVEL / log.level'])
  })

  test('is told by line and column, also where its YAML is broken', () => {
    expect(problemsOfFile('log:\n  level: info\n  level: warn\n', LEAST)).toMatchObject([
      { place: 'COATCHECK_CONFIG (coatcheck.yaml, line 3, column 3)' },
    ])
    const yaml = 'log:\n  level: loud\nroutes:\n  - prefix: /a/\n    upstream: http://x/\n    proof: nothing\n'
    expect(problemsOfFile(yaml, LEAST).map(({ place }) => place)).toEqual([
      'COATCHECK_ROUTES / routes[0].proof (coatcheck.yaml, line 6, column 5)',
      'COATCHECK_LOG_LEVEL / log.level (coatcheck.yaml, line 2, column 3)',
    ])
  })

  test('may leave a section empty, but not a value', () => {
    expect(problemsOfFile('session:\n  # idleTimeout: 5m\nlog:\n  level: warn\n', LEAST)).toEqual([])
    expect(problemsOfFile('session:\n  idleTimeout:\n', LEAST)).toMatchObject([{ says: 'has no value.' }])
  })

  test.each([
    ['session: 5', 'session', 'is not a group of settings.'],
    ['session: [a]', 'session', 'is not a group of settings.'],
    ['routes: { /api/: x }', 'routes', 'is not a list.'],
    ['session: { mostCached: [1] }', 'session.mostCached', 'is not a whole number.'],
    ['session: { idleTimeout: 60 }', 'session.idleTimeout', 'is not text.'],
    ['provider: { userinfo: maybe }', 'provider.userinfo', 'is neither true nor false.'],
    ['trustedProxies: [[1]]', 'trustedProxies[0]', 'is not text.'],
    ['baseUrl: { host: x }', 'baseUrl', 'is not text.'],
  ])('%s is of the wrong kind', (yaml, place, says) => {
    const { COATCHECK_BASE_URL: baseUrl, ...env } = LEAST
    const problems = problemsOfFile(yaml, yaml.startsWith('baseUrl') ? env : { ...env, COATCHECK_BASE_URL: baseUrl })
    expect(problems).toEqual([expect.objectContaining({ place: expect.stringContaining(place), says })])
  })
})

describe('an unknown name in the file', () => {
  test.each([
    ['sesion: {}', 'sesion', 'session, if that is meant'],
    ['session: { idletimeout: 5m }', 'session.idletimeout', 'idleTimeout, if that is meant'],
    ['idleTimeout: 5m', 'idleTimeout', 'session.idleTimeout, if that is meant'],
    ['provider: { prefix: /x }', 'provider.prefix', 'prefix, if that is meant'],
    ['routes: [{ prefix: /a/, upstrem: http://x/, upstream: http://x/ }]', 'routes[0].upstrem', 'upstream, if that is meant'],
    ['session: { cookie: { sameSite: None } }', 'session.cookie', expect.stringContaining('SameSite=Strict')],
    ['provider: { codeChallengeMethod: plain }', 'provider.codeChallengeMethod', expect.stringContaining('S256')],
    ['provider: { tokenEndpoint: "https://x" }', 'provider.tokenEndpoint', expect.stringContaining('metadata')],
    ['provider: { insecureSkipVerify: true }', 'provider.insecureSkipVerify', expect.stringContaining('NODE_EXTRA_CA_CERTS')],
    ['xyzzy: 1', 'xyzzy', expect.stringContaining('one of baseUrl, prefix')],
    ['__proto__: { session: 1 }', '__proto__', expect.anything()],
    ['constructor: 1', 'constructor', expect.anything()],
    ['session: { __proto__: { idleTimeout: 5m } }', 'session.__proto__', expect.anything()],
  ])('%s is refused, and what was meant is suggested', (yaml, place, write) => {
    expect(problemsOfFile(yaml, LEAST)).toEqual([expect.objectContaining({ place: expect.stringContaining(place), write })])
  })
})

describe('a reference', () => {
  const { COATCHECK_CLIENT_SECRET: _secret, COATCHECK_SECRETS: _keys, COATCHECK_STORE: _store, ...REST } = LEAST
  const env = { ...REST, COATCHECK_CONFIG: PATH, REDIS_PASSWORD: 'pa:ss #x', CACHED: '77', FLAG: 'true' }

  test('to a variable or a file is replaced anywhere in a text, numbers and switches included', () => {
    const yaml = [
      'provider: { clientSecret: "${file:../secret}", userinfo: "${FLAG}" }',
      'secrets: ["${file:/keys}"]',
      'session: { mostCached: "${CACHED}" }',
      'store: { url: "redis://:${REDIS_PASSWORD2}@redis:${file:port}" }',
    ].join('\n')
    const files = { [PATH]: yaml, '/srv/secret': `${CLIENT_SECRET}\n`, '/keys': SERVER_KEY, '/srv/conf/port': '6380\n' }
    const { config } = parseWith({ ...env, REDIS_PASSWORD2: 'pw' }, files)
    expect(config.provider.clientSecret?.reveal()).toBe(CLIENT_SECRET)
    expect(config.provider.userinfo).toBe(true)
    expect(config.session.mostCached).toBe(77)
    expect(config.store.kind === 'redis' && config.store.url.reveal()).toBe('redis://:pw@redis:6380')
  })

  test('adds no keys, whatever it brings', () => {
    const problems = problemsOfFile('log: { level: "${X}" }', { ...LEAST, X: 'info\nprefix: /evil' })
    expect(problems).toMatchObject([{ place: expect.stringContaining('log.level') }])
  })

  test.each([
    ['"${NOPE}"', /variable NOPE, which is not set/],
    ['"${file:/nope}"', /does not exist/],
    ['"${file:/folder}"', /folder/],
    ['"${A-B}"', /neither a variable nor a file/],
    ['"${X:-info}"', /neither a variable nor a file/],
    ['"${}"', /neither a variable nor a file/],
    ['"${X"', /without its }/],
  ])('%s that leads nowhere is one problem with its place', (yaml, says) => {
    expect(problemsOfFile(`log:\n  level: ${yaml}`, LEAST, { '/folder': undefined })).toEqual([
      expect.objectContaining({
        place: 'COATCHECK_LOG_LEVEL / log.level (coatcheck.yaml, line 2, column 3)',
        says: expect.stringMatching(says),
      }),
    ])
  })

  test('that leads nowhere is not held against other settings, nor replaced by a default', () => {
    const yaml = 'session: { absoluteTimeout: "${NOPE}", idleTimeout: 20h }\nsecrets: ["${NOPE}"]\n'
    const { COATCHECK_SECRETS: _, ...env } = LEAST
    expect(problemsOfFile(yaml, env).map(({ place }) => place)).toEqual([
      expect.stringContaining('session.absoluteTimeout'),
      expect.stringContaining('secrets[0]'),
    ])
  })

  test('that leads nowhere does not matter where a variable beats it', () => {
    expect(problemsOfFile('secrets: ["${NOPE}"]\nstore: { url: "${NOPE}" }', LEAST)).toEqual([])
  })

  test('is written with two dollars where the characters themselves are meant', () => {
    const { config } = parseWith(
      { ...env, COATCHECK_SECRETS: SERVER_KEY, COATCHECK_STORE: 'memory:' },
      { [PATH]: 'provider: { clientSecret: "q9$${A$B}x8W7e6R5t4Y3" }' },
    )
    expect(config.provider.clientSecret?.reveal()).toBe('q9${A$B}x8W7e6R5t4Y3')
  })
})

function deny(): never {
  throw Object.assign(new Error('no'), { code: 'EACCES' })
}

function bomb(): string {
  const levels = Array.from(
    { length: 8 },
    (_, level) => `k${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(', ')}]`,
  )
  return ['k0: &a0 [x, x]', ...levels].join('\n')
}
