import { describe, expect, test } from '@jest/globals'
import { createFailureLimit } from '../../../src/security/failure-limit.ts'

function setUp(most = 2) {
  const clock = { at: 90_000 }
  return { clock, limit: createFailureLimit({ most, now: () => clock.at }) }
}

describe('a limit on failures', () => {
  test('refuses an address that has failed too often in a minute, says until when, and forgets it with the minute', () => {
    const { clock, limit } = setUp()
    limit.count('a')
    limit.refuse('a')
    limit.count('a')
    expect(() => limit.refuse('a')).toThrow(
      expect.objectContaining({ code: 'too_many_requests', detail: { retryAfterSeconds: 30 } }),
    )
    limit.refuse('b')
    clock.at = 120_000
    limit.refuse('a')
  })

  test('never refuses an address that nobody knows', () => {
    const { limit } = setUp(0)
    limit.count(undefined)
    limit.refuse(undefined)
  })

  test('remembers a bounded number of addresses, and goes on counting those it has', () => {
    const { limit } = setUp()
    for (let n = 0; n < 20_000; n += 1) limit.count(`a-${n}`)
    limit.count('a-1')
    for (const late of [1, 2, 3]) limit.count(`late-${late > 0}`)
    expect(() => limit.refuse('a-1')).toThrow()
    limit.refuse('late-true')
  })
})
