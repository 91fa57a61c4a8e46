import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type ExactGateway, startExactGateway } from '../../../support/exact-gateway.ts'
import { statusesIn, valuesIn } from '../../../support/raw-answers.ts'

let exact: ExactGateway
beforeAll(async () => {
  exact = await startExactGateway()
})
afterAll(() => exact.stop())

/** What is said to a request of which nothing reaches the upstream. */
async function refused(first: string, ...lines: readonly string[]): Promise<string> {
  const before = exact.upstream.octets()
  const said = await exact.ask(first, ...lines)
  expect(exact.upstream.octets()).toBe(before)
  return said
}

describe('a path', () => {
  // HTTP-20, BFF-19
  test.each([
    '/api/orders/42',
    '/api/',
    '/api/?',
    '/api/x?',
    '/api/x??a',
    '/api/x?a=1&b=%2F%2f+%20&a=0&&=',
    '/api/x?q=//a/../b/./c;d',
    '/api/x?u=https://a@b:1/c?d',
    '/api/%3F%23%25?%3F%23',
    '/api/%e6%9d%b1/%E4%BA%AC',
    '/api/a+b%20c',
    "/api/!$&'()*+,;=:@-._~",
    '/api/a;v=1/b;v=2',
    '/api/[a]|b',
    '/api/...a/.well/a..b',
    '/api/x?a=[1]|{2}^`"<>',
    `/api/${'a'.repeat(7_000)}?${'b'.repeat(1_000)}`,
  ])('and its query reach the upstream byte for byte: %s', async (target) => {
    expect((await exact.carried(`GET ${target} HTTP/1.1`)).target).toBe(target)
  })

  // BFF-19, H-09
  test.each([
    '/api/..',
    '/api/../x',
    '/api/./x',
    '/api/x/..',
    '/api/x/.',
    '/api//evil',
    '/api///x',
    '/api/%2e%2e/x',
    '/api/%2E./x',
    '/api/.%2e',
    '/api/%252e%252e/x',
    '/api/%2fevil',
    '/api/x%2F..%2Fy',
    '/api/%252fevil',
    '/api/%5c',
    '/api/\\evil',
    '/api/..;x=/y',
    '/api/..;/y',
    '/api/;x=/y',
    '/api/x%00',
    '/api/%0d%0aX:1',
    '/api/%09x',
    '/api/%7f',
    '/api/%c0%ae%c0%ae/x',
    '/api/%c0%af',
    '/api/%e0%80%af',
    '/api/%f0%80%80%af',
    '/api/%',
    '/api/%2',
    '/api/%zz',
    '/api/%u002e',
    '/api/%ff',
    '/api/x#y',
    '/api/x?a#b',
    '/api/..%3f',
    '/api/..%23',
  ])('that could be read in two ways is refused, and nothing goes upstream: %s', async (target) => {
    expect(await refused(`GET ${target} HTTP/1.1`)).toMatch(/^HTTP\/1\.1 400 .*"code":"target_not_canonical"/s)
  })

  // BFF-18, H-62
  test.each([
    '/x',
    '/apix',
    '/api',
    '/API/x',
    '/%61pi/x',
    '//api/x',
    '/./api/x',
    '/bff/../api/x',
    '/x?u=/api/x',
    '/x/api/y',
    '//evil.test/api/x',
    '/@evil.test/api/x',
  ])('below no route goes nowhere: %s', async (target) => {
    expect(statusesIn(await refused(`GET ${target} HTTP/1.1`))).toEqual([404])
  })

  // BFF-18
  test.each([
    '/api/http://evil.test/',
    '/api/@evil.test',
    '/api/x?url=http://169.254.169.254/',
    '/api/:80/x',
    '/api/evil.test:443',
  ])('that looks like another host is a path all the same: %s', async (target) => {
    if (target.includes('//') && !target.includes('?')) {
      expect(statusesIn(await refused(`GET ${target} HTTP/1.1`))).toEqual([400])
      return
    }
    const message = await exact.carried(`GET ${target} HTTP/1.1`)
    expect(message.target).toBe(target)
    expect(message.values('host')).toEqual([`127.0.0.1:${exact.upstream.port}`])
  })

  // HTTP-34
  test('of 8,000 octets is carried; one that is too long is 414, and headers that are too large are 431', async () => {
    expect(statusesIn(await exact.ask(`GET /api/${'a'.repeat(7_995)} HTTP/1.1`))).toEqual([200])
    expect(await refused(`GET /api/${'a'.repeat(17_000)} HTTP/1.1`)).toMatch(/^HTTP\/1\.1 414 .*target_too_long/s)
    expect(statusesIn(await refused(`GET /api/${'a'.repeat(100_000)} HTTP/1.1`))).toEqual([431])
    expect(statusesIn(await refused('GET /api/x HTTP/1.1', `X: ${'x'.repeat(40_000)}`))).toEqual([431])
  })

  // HTTP-35
  test.each(['/api/a b', '/api/a\tb', '/api/x\x0b', '/api/\x00', '/api/\xe9', '/api/x?\xe9', '/api/x?a\x7f'])(
    'that holds what no target may hold is refused, and never put right: %j',
    async (target) => {
      expect(statusesIn(await refused(`GET ${target} HTTP/1.1`))).toEqual([400])
    },
  )
})

describe('a method', () => {
  // BFF-21
  test('that its route does not list is 405 with those that it does, whatever is written over it', async () => {
    const said = await refused('POST /read/x HTTP/1.1', 'Content-Length: 0')
    expect(said).toMatch(/^HTTP\/1\.1 405 .*"code":"method_not_allowed"/s)
    expect(valuesIn(said, 'Allow')).toEqual(['GET, HEAD'])
    expect(statusesIn(await refused('DELETE /read/x HTTP/1.1'))).toEqual([405])
    for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X_HTTP_Method_Override']) {
      const message = await exact.carried('GET /read/x HTTP/1.1', `${name}: DELETE`)
      expect([message.method, message.head.includes('DELETE')]).toEqual(['GET', false])
    }
    expect((await exact.carried('HEAD /read/x HTTP/1.1')).method).toBe('HEAD')
  })

  // HTTP-24
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])(
    'that it lists is carried: %s',
    async (method) => {
      expect((await exact.carried(`${method} /api/m HTTP/1.1`, 'Content-Length: 0')).method).toBe(method)
    },
  )

  // HTTP-24
  test.each(['FOO', 'get', 'GETX', 'G@T', ''])('that nobody knows is refused: %s', async (method) => {
    expect(statusesIn(await refused(`${method} /api/x HTTP/1.1`))).toEqual([400])
  })

  // HTTP-08
  test.each(['/api/x', '/read/x', '/bff/session', '/', '*'])('TRACE is refused, and shows nothing: %s', async (target) => {
    const said = await refused(`TRACE ${target} HTTP/1.1`, 'X-Shown: canary', 'Max-Forwards: 0')
    expect(said).not.toMatch(/^HTTP\/1\.1 [123]/)
    expect(said).not.toContain('canary')
    expect(said).not.toContain(exact.cookie)
    if (target === '/api/x') expect(statusesIn(said)).toEqual([405])
  })

  // HTTP-09
  test.each(['evil.test:443', '127.0.0.1:80', '/api/x', '{host}'])('CONNECT opens no tunnel: %s', async (target) => {
    const said = await refused(`CONNECT ${target} HTTP/1.1`)
    expect(said).not.toMatch(/^HTTP\/1\.1 2/)
    expect(said).toMatch(/\r\nConnection: close\r\n/)
  })

  // HTTP-07
  test('OPTIONS counts its hops: the last one answers, the others count down, and a large number is lowered', async () => {
    const last = await refused('OPTIONS /api/x HTTP/1.1', 'Max-Forwards: 0')
    expect(statusesIn(last)).toEqual([204])
    expect(valuesIn(last, 'Allow')).toEqual(['GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY'])
    for (const name of ['X-Request-Id', 'Content-Security-Policy', 'Cache-Control']) expect(valuesIn(last, name)).toHaveLength(1)
    expect((await exact.carried('OPTIONS /api/x HTTP/1.1', 'Max-Forwards: 7')).values('max-forwards')).toEqual(['6'])
    expect((await exact.carried('OPTIONS /api/x HTTP/1.1', 'Max-Forwards: 1')).values('max-forwards')).toEqual(['0'])
    for (const huge of ['99999999999', '9'.repeat(400)]) {
      expect((await exact.carried('OPTIONS /api/x HTTP/1.1', `Max-Forwards: ${huge}`)).values('max-forwards')).toEqual(['999'])
    }
    for (const none of ['x', '-1', '1.5', '0x1', '', '1, 2']) {
      expect(statusesIn(await refused('OPTIONS /api/x HTTP/1.1', `Max-Forwards: ${none}`))).toEqual([400])
    }
    expect((await exact.carried('GET /api/x HTTP/1.1', 'Max-Forwards: 0')).values('max-forwards')).toEqual(['0'])
  })

  test('OPTIONS about the server as a whole is answered here, and no other method asks that', async () => {
    expect(statusesIn(await refused('OPTIONS * HTTP/1.1'))).toEqual([404])
    for (const method of ['GET', 'HEAD', 'POST']) expect(statusesIn(await refused(`${method} * HTTP/1.1`))).toEqual([400])
  })
})

describe('a version', () => {
  // HTTP-36
  test.each([
    'HTTP/0.9',
    'HTTP/1.2',
    'HTTP/2.0',
    'HTTP/9.9',
    'HTTP/1',
    'HTTP/1.',
    'HTTP/11',
    'http/1.1',
    'HTTPS/1.1',
    'ICE/1.0',
    '',
  ])('that is not ours is refused: %s', async (version) => {
    expect(await refused(`GET /api/x ${version}`.trimEnd())).toMatch(/^HTTP\/1\.1 400 .*\r\nConnection: close\r\n/s)
  })

  // HTTP-36
  test('of HTTP/2 is not begun here', async () => {
    const said = await exact.say('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00')
    expect(statusesIn(said)).toEqual([400])
  })

  // HTTP-36, HTTP-05
  test.each(['1.0', '1.1'])('of the client says nothing about ours to the upstream: %s', async (version) => {
    const message = await exact.carried(`GET /api/x HTTP/${version}`)
    expect(message.version).toBe('1.1')
    expect(message.values('via')).toEqual([`${version} coatcheck`])
  })
})

const bare = (first: string, ...hosts: readonly string[]) =>
  exact.say([first, ...hosts.map((host) => `Host: ${host}`), 'Connection: close', '', ''].join('\r\n'))

describe('a host', () => {
  // HTTP-31
  test('is one, and a host', async () => {
    const before = exact.upstream.messages().length
    const none = await bare('GET /open/x HTTP/1.1')
    expect(none).toMatch(/^HTTP\/1\.1 400 .*"code":"request_invalid"/s)
    for (const hosts of [
      ['{host}', '{host}'],
      ['{host}', 'evil.test'],
      ['evil.test', '{host}'],
    ]) {
      expect(statusesIn(await bare('GET /open/x HTTP/1.1', ...hosts))).toEqual([400])
    }
    for (const host of [
      '',
      'a@{host}',
      '{host}@evil.test',
      '{host}/x',
      'a b',
      '{host}, evil.test',
      'http://{host}',
      '{host}?',
      '{host}#',
      'localhost:x',
    ]) {
      expect([host, statusesIn(await bare('GET /open/x HTTP/1.1', host))]).toEqual([host, [400]])
    }
    expect(exact.upstream.messages()).toHaveLength(before)
  })

  // HTTP-33
  test.each(['evil.test', 'localhost', 'localhost:1', '127.0.0.1', '[::1]:80', 'localhost.evil.test', 'evil-{host}', '{host}0'])(
    'that is not ours is refused: %s',
    async (host) => {
      const before = exact.upstream.messages().length
      expect(await bare('GET /open/x HTTP/1.1', host)).toMatch(/^HTTP\/1\.1 421 .*"code":"host_unknown"/s)
      expect(exact.upstream.messages()).toHaveLength(before)
    },
  )

  // HTTP-32
  test('in an absolute target counts instead of Host, and is served only where it is ours', async () => {
    const target = `http://${exact.host}/open/absolute?x=1`
    expect(statusesIn(await bare(`GET ${target} HTTP/1.1`, 'evil.test'))).toEqual([200])
    expect(exact.upstream.last()).toMatchObject({ target: '/open/absolute?x=1' })
    expect(exact.upstream.last().values('host')).toEqual([`127.0.0.1:${exact.upstream.port}`])
    expect(exact.upstream.last().values('x-forwarded-host')).toEqual([exact.host])
    const before = exact.upstream.messages().length
    for (const foreign of [
      'http://169.254.169.254/',
      `https://${exact.host}/open/x`,
      `http://x@${exact.host}/open/x`,
      `http://${exact.host}.evil.test/open/x`,
      `http://${exact.host}@evil.test/open/x`,
      'http:///open/x',
      'http:/open/x',
      'ftp://a/open/x',
      `//${exact.host}/open/x`,
    ]) {
      expect([foreign, (await bare(`GET ${foreign} HTTP/1.1`, exact.host)).slice(0, 12)]).toEqual([
        foreign,
        expect.stringMatching(/^HTTP\/1\.1 4/),
      ])
    }
    expect(statusesIn(await bare(`GET http://${exact.host}/open/../x HTTP/1.1`, exact.host))).toEqual([400])
    expect(exact.upstream.messages()).toHaveLength(before)
  })

  test.each(['{host}', 'evil', '/{host}', '\\\\evil'])('alone is no target: %s', async (target) => {
    expect(statusesIn(await refused(`GET ${target} HTTP/1.1`)).every((status) => status >= 400)).toBe(true)
  })
})

describe('a loop', () => {
  // HTTP-06
  test('ends after one round: what comes back to us is 508', async () => {
    expect(await refused('GET /api/x HTTP/1.1', 'Via: 1.1 coatcheck')).toMatch(/^HTTP\/1\.1 508 .*"code":"upstream_loop"/s)
    for (const via of ['1.0 a, 1.1 coatcheck', 'HTTP/1.1 COATCHECK (comment)', '1.1\tcoatcheck', '1.1 a,,1.1 coatcheck ,']) {
      expect(statusesIn(await refused('GET /api/x HTTP/1.1', `Via: ${via}`))).toEqual([508])
    }
    expect(statusesIn(await refused('GET /api/x HTTP/1.1', 'Via: 1.1 a', 'Connection: via', 'Via: 1.1 coatcheck'))).toEqual([508])
    expect((await exact.carried('GET /api/x HTTP/1.1', 'Via: 1.1 notcoatcheck, 1.1 coatcheck2')).values('via')).toHaveLength(2)
  })
})
