import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import { describeError, noteOf } from '../../../src/report/describe-error.ts'

describe('what is told of an error', () => {
  test('the message of a foreign error stays out of everything', () => {
    const cause = Object.assign(new Error('getaddrinfo for redis://:hunter2@host'), { code: 'ENOTFOUND' })
    const told = describeError(new TypeError('fetch failed: token canary', { cause }))
    expect(told).toMatchObject({ name: 'TypeError', note: 'TypeError, caused by Error ENOTFOUND' })
    expect(JSON.stringify(told)).not.toMatch(/canary|hunter2/)
    expect(told.stack).toMatch(/^ {4}at .*describe-error\.test\.ts/)
  })

  test('a message that looks like a stack stays out too', () => {
    const told = describeError(new Error('oops\n    at canary (token.ts:1:1)\n    at canary'))
    expect(told.stack).not.toContain('canary')
  })

  test('a note of ours is kept', () => {
    expect(noteOf(new GatewayError('provider_unavailable', { note: 'no metadata', cause: new Error('x') }))).toBe(
      'provider_unavailable: no metadata, caused by Error',
    )
  })

  test.each([
    ['a text', 'canary', 'a thrown string'],
    ['nothing', undefined, 'a thrown undefined'],
    ['null', null, 'a thrown object'],
    ['an object', { message: 'canary', code: 'E_OWN' }, 'a thrown object'],
  ])('%s that is thrown says only what it is', (_, thrown, name) => {
    const told = describeError(thrown)
    expect(told.name).toBe(name)
    expect(JSON.stringify(told)).not.toContain('canary')
  })

  test('causes that go round end', () => {
    const error = new Error('a')
    error.cause = error
    expect(noteOf(error)).toBe('Error, caused by Error, caused by Error, caused by Error')
  })
})
