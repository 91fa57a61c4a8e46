import { describe, expect, test } from '@jest/globals'
import { createRefuseForeignTarget } from '../../../src/security/refuse-foreign-target.ts'
import { fakeRequest } from '../../support/fake-request.ts'

const refuse = createRefuseForeignTarget({
  origin: 'https://app.example.com',
  host: 'app.example.com',
  secure: true,
  isTrustedPeer: ({ socket }) => socket.remoteAddress === '127.0.0.1',
})

const requestOf = (length: number) => fakeRequest({ Host: 'app.example.com' }, { url: '/'.padEnd(length, 'x') })

describe('a request for somewhere else', () => {
  test.each([
    'evil.example',
    'app.example.com.evil.example',
    'app.example.com:444',
    'evil.app.example.com',
    'app.example.com.',
    '127.0.0.1',
    '[::1]:80',
    'app.example.com%2fevil',
  ])('is refused with the host %j', (host) => {
    expect(() => refuse(fakeRequest({ Host: host }))).toThrow(expect.objectContaining({ code: 'host_unknown' }))
  })

  // HTTP-31
  test.each([
    'user@app.example.com',
    '',
    'app.example.com/x',
    'app.example.com, evil.example',
    'app.example.com:x',
    'a b',
    '[::1',
    'a%2',
  ])('is no good request with what is no host: %j', (host) => {
    expect(() => refuse(fakeRequest({ Host: host }))).toThrow(expect.objectContaining({ code: 'request_invalid' }))
  })

  test.each(['app.example.com', 'App.Example.COM'])('passes with our host in any case, wherever the listener is: %s', (host) => {
    expect(() => refuse(fakeRequest({ Host: host }))).not.toThrow()
    const request = fakeRequest({ Host: 'x' }, { url: `HTTPS://${host}/x/Y` })
    refuse(request)
    expect(request.url).toBe('/x/Y')
  })

  test.each(['Host', 'host', 'hOST'])('is refused with two hosts, the first of which is ours: %s', (second) => {
    const request = fakeRequest({ Host: 'app.example.com' })
    request.rawHeaders.push('Host', 'app.example.com', 'Date', 'x', 'From', 'x')
    expect(() => refuse(request)).not.toThrow()
    request.rawHeaders.push(second, 'app.example.com')
    expect(() => refuse(request)).toThrow(expect.objectContaining({ code: 'request_invalid' }))
  })

  test('is refused with a target that is longer than any of ours', () => {
    expect(() => refuse(requestOf(16_384))).not.toThrow()
    expect(() => refuse(requestOf(16_385))).toThrow(expect.objectContaining({ code: 'target_too_long' }))
  })

  test.each([
    'http://169.254.169.254/latest',
    'https://app.example.com.evil.example/',
    'https://app.example.com@evil.example/',
    'https://app.example.com:8443/',
    'https://app.example.community/',
  ])('is refused with the target %s', (url) => {
    expect(() => refuse(fakeRequest({ Host: 'app.example.com' }, { url }))).toThrow(
      expect.objectContaining({ code: 'host_unknown' }),
    )
  })

  test.each(['*', 'app.example.com:443', 'x', '', '\\evil.example'])('is no good request with the target %j', (url) => {
    expect(() => refuse(fakeRequest({ Host: 'app.example.com' }, { url }))).toThrow(
      expect.objectContaining({ code: 'request_invalid' }),
    )
  })

  test('is for this one where OPTIONS asks about the server as a whole', () => {
    const asked = { url: '*', method: 'OPTIONS' }
    expect(() => refuse(fakeRequest({ Host: 'app.example.com' }, asked))).not.toThrow()
    expect(() => refuse(fakeRequest({ Host: 'evil.example' }, asked))).toThrow(expect.objectContaining({ code: 'host_unknown' }))
  })

  test.each([
    ['https://app.example.com', '/'],
    ['https://app.example.com?x=1', '/?x=1'],
  ])('has the path of the root where its absolute form has none: %s', (url, path) => {
    const request = fakeRequest({ Host: 'app.example.com' }, { url })
    refuse(request)
    expect(request.url).toBe(path)
  })

  test('in absolute form is taken by its target, and its Host does not count', () => {
    const request = fakeRequest({ Host: 'evil.example' }, { url: 'https://app.example.com/api/x?y=1' })
    refuse(request)
    expect(request.url).toBe('/api/x?y=1')
    expect(request.headers.host).toBe('app.example.com')
  })

  test('is refused where a trusted proxy says that the browser speaks http', () => {
    for (const scheme of ['http', 'HTTP', 'http, https', 'ws', '']) {
      const headers = { Host: 'app.example.com', 'X-Forwarded-Proto': scheme }
      expect(() => refuse(fakeRequest(headers))).toThrow(expect.objectContaining({ code: 'https_required' }))
      expect(() => refuse(fakeRequest(headers, { peer: '203.0.113.9' }))).not.toThrow()
    }
    expect(() => refuse(fakeRequest({ Host: 'app.example.com', 'X-Forwarded-Proto': 'https' }))).not.toThrow()
  })

  test('passes over http where the base URL itself is http', () => {
    const onLocalhost = createRefuseForeignTarget({
      origin: 'http://localhost:8080',
      host: 'localhost:8080',
      secure: false,
      isTrustedPeer: () => true,
    })
    expect(() => onLocalhost(fakeRequest({ Host: 'localhost:8080', 'X-Forwarded-Proto': 'http' }))).not.toThrow()
  })

  test('is refused with an expectation that nobody knows', () => {
    expect(() => refuse(fakeRequest({ Host: 'app.example.com', Expect: 'x' }))).toThrow(
      expect.objectContaining({ code: 'expectation_failed' }),
    )
    expect(() => refuse(fakeRequest({ Host: 'app.example.com', Expect: '100-Continue' }))).not.toThrow()
  })
})
