import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import { isLostConnection, upstreamFailure } from '../../../src/proxy/upstream-failure.ts'

function withCode(code: string): Error {
  return Object.assign(new Error('x'), { code })
}

describe('what undici reports', () => {
  test.each([
    ['ECONNREFUSED', 'upstream_unreachable'],
    ['ENOTFOUND', 'upstream_unreachable'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'upstream_unreachable'],
    ['UND_ERR_SOCKET', 'upstream_unreachable'],
    ['constructor', 'upstream_unreachable'],
    ['UND_ERR_CONNECT_TIMEOUT', 'upstream_timed_out'],
    ['UND_ERR_HEADERS_TIMEOUT', 'upstream_timed_out'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'upstream_answer_invalid'],
    ['UND_ERR_DESTROYED', 'draining'],
  ])('%s is %s', (code, failure) => {
    expect(upstreamFailure(withCode(code), false).code).toBe(failure)
  })

  test('is a broken answer where the connection was lost after the first byte', () => {
    expect(upstreamFailure(withCode('ECONNRESET'), true).code).toBe('upstream_answer_invalid')
  })

  test('is a broken answer where anything nobody knows happened after the first byte', () => {
    expect(upstreamFailure(withCode('ERR_ASSERTION'), true).code).toBe('upstream_answer_invalid')
    expect(upstreamFailure(withCode('UND_ERR_HEADERS_TIMEOUT'), true).code).toBe('upstream_timed_out')
  })

  test('is a broken answer where the parser says so, with or without a code', () => {
    const parsing = Object.assign(new Error('x'), { name: 'HTTPParserError', code: undefined })
    expect(upstreamFailure(parsing, false).code).toBe('upstream_answer_invalid')
  })

  test('is our own fault where it has no code, and stays what it is where it is ours already', () => {
    const ours = new GatewayError('body_too_large')
    expect(upstreamFailure(new TypeError('x'), false).code).toBe('internal')
    expect(upstreamFailure('thrown', false).code).toBe('internal')
    expect(upstreamFailure(ours, false)).toBe(ours)
  })

  test('tells a lost connection from every other failure', () => {
    expect(isLostConnection(withCode('EPIPE'))).toBe(true)
    expect(isLostConnection(withCode('ECONNREFUSED'))).toBe(false)
    expect(isLostConnection(undefined)).toBe(false)
  })
})
