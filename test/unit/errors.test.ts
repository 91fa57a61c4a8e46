import { describe, expect, test } from '@jest/globals'
import { asGatewayError, FAILURES, GatewayError } from '../../src/errors.ts'

describe('the table of failures', () => {
  test('anything that is not ours answers 500 and keeps its message to itself', () => {
    const error = asGatewayError(new Error('redis://user:hunter2@host'))
    expect(FAILURES[error.code].status).toBe(500)
    expect(FAILURES[error.code].says).not.toContain('hunter2')
  })

  test('an error of ours stays what it is', () => {
    const error = new GatewayError('session_missing', { reason: 'idle' })
    expect(asGatewayError(error)).toBe(error)
  })
})
