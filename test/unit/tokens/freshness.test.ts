import { describe, expect, test } from '@jest/globals'
import { createFreshnessOf } from '../../../src/tokens/freshness.ts'
import { makeGrant } from '../../support/session-parts.ts'

const MINUTE = 60_000

/** Where a token stands `at` milliseconds after it was issued. */
function standing(at: number, life: number | undefined, leeway = MINUTE) {
  return createFreshnessOf(leeway)(makeGrant({ issuedAt: 0, accessTokenExpiresAt: life }), at)
}

describe('an access token', () => {
  test('is renewed in its last minute', () => {
    const life = 10 * MINUTE
    const at = [9 * MINUTE - 1, 9 * MINUTE, life - 1, life]
    expect(at.map((each) => standing(each, life))).toEqual(['fresh', 'expiring', 'expiring', 'expired'])
  })

  test('with a short life is renewed in its second half, however long the leeway', () => {
    const at = [4_999, 5_000, 9_999, 10_000]
    for (const leeway of [5_001, MINUTE, 60 * MINUTE]) {
      expect(at.map((each) => standing(each, 10_000, leeway))).toEqual(['fresh', 'expiring', 'expiring', 'expired'])
    }
  })

  test('is good to its last millisecond where there is no leeway, and nothing is renewed before', () => {
    expect([9_999, 10_000].map((at) => standing(at, 10_000, 0))).toEqual(['fresh', 'expired'])
  })

  test('whose end nobody told is good', () => {
    expect(standing(Number.MAX_SAFE_INTEGER, undefined)).toBe('fresh')
  })

  test.each([undefined, 60 * MINUTE])(
    'is renewed once half of the life of its refresh token is over, before both are lost (it is good for %p)',
    (life) => {
      const refreshTokenExpiresAt = 30 * MINUTE
      const grant = makeGrant({ issuedAt: 0, accessTokenExpiresAt: life, refreshTokenExpiresAt })
      const at = [15 * MINUTE - 1, 15 * MINUTE, refreshTokenExpiresAt - 1]
      expect(at.map((each) => createFreshnessOf(MINUTE)(grant, each))).toEqual(['fresh', 'expiring', 'expiring'])
    },
  )

  test('with a refresh token that lives longer is renewed for its own sake only', () => {
    const grant = makeGrant({ issuedAt: 0, accessTokenExpiresAt: 10 * MINUTE, refreshTokenExpiresAt: 10 * MINUTE + 1 })
    const at = [9 * MINUTE - 1, 9 * MINUTE, 10 * MINUTE]
    expect(at.map((each) => createFreshnessOf(MINUTE)(grant, each))).toEqual(['fresh', 'expiring', 'expired'])
  })
})
