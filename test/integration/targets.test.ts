import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { rawRequest } from '../support/raw-client.ts'

let gateway: TestGateway
let host: string
beforeAll(async () => {
  gateway = await startGateway({ COATCHECK_ROUTES: '/api/=http://127.0.0.1:1/' })
  host = new URL(gateway.origin).host
})
afterAll(() => gateway.stop())

const ask = (target: string, ...hosts: readonly string[]) =>
  rawRequest(
    gateway.port,
    [`GET ${target} HTTP/1.1`, ...hosts.map((name) => `Host: ${name}`), 'X-CSRF: 1', 'Connection: close', '', ''].join('\r\n'),
  )

// Both lanes: the second path is carried, and nobody is signed in.
describe.each([
  ['/bff/session', 200],
  ['/api/x', 401],
])('asked for %s, the gateway', (path, status) => {
  test('takes its own host in any case', async () => {
    expect(await ask(path, host.toUpperCase())).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  test('takes no two hosts, in whatever order', async () => {
    for (const hosts of [
      [host, 'evil.test'],
      ['evil.test', host],
      [host, host],
    ])
      expect(await ask(path, ...hosts)).toMatch(/^HTTP\/1.1 400 .*"code":"request_invalid"/s)
  })

  test('takes a target of 8,000 octets, and says of one that is too long that it is', async () => {
    expect(await ask(`${path}?${'x'.repeat(8_000)}`, host)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(await ask(`${path}?${'x'.repeat(17_000)}`, host)).toMatch(/^HTTP\/1.1 414 .*"code":"target_too_long"/s)
    expect(await ask(`${path}?${'x'.repeat(100_000)}`, host)).toMatch(/^HTTP\/1.1 431 /)
  })
})
