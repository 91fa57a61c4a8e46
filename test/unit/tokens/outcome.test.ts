import { describe, expect, test } from '@jest/globals'
import { FAILURES, GatewayError, type FailureCode } from '../../../src/errors.ts'
import { outcomeOf, stormy, unavailable } from '../../../src/tokens/outcome.ts'
import { makeSession } from '../../support/session-parts.ts'

const codes = Object.keys(FAILURES) as FailureCode[]
const ofStore = codes.filter((code) => FAILURES[code].blame === 'store')

describe('what is thrown on the way to a token', () => {
  test.each(ofStore)('is weather where it is the store’s: %s', (code) => {
    const error = new GatewayError(code)
    expect(stormy(error)).toEqual({ kind: 'unavailable', reason: 'store', error, retryMilliseconds: 0 })
  })

  test('is thrown on where it is anybody else’s: a fault must never look like weather', () => {
    const faults = [
      new TypeError('ours'),
      'text',
      ...codes.filter((code) => !ofStore.includes(code)).map((code) => new GatewayError(code)),
    ]
    expect(faults.length).toBeGreaterThan(10)
    for (const fault of faults) {
      let thrown: unknown
      try {
        stormy(fault)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBe(fault)
    }
  })
})

describe('an outcome', () => {
  test('is what the judge of sessions says', () => {
    const session = makeSession()
    expect(outcomeOf({ kind: 'live', session })).toEqual({ kind: 'fresh', session })
    expect(outcomeOf({ kind: 'ended', reason: 'replaced' })).toEqual({ kind: 'ended', reason: 'replaced' })
  })

  test('of our own making says why, and when to come back where that is known', () => {
    expect(unavailable('resting', 'for the log', 7)).toMatchObject({ reason: 'resting', retryMilliseconds: 7 })
    expect(unavailable('store', 'for the log')).toMatchObject({ retryMilliseconds: 0, error: { code: 'token_unavailable' } })
  })
})
