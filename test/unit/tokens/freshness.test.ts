import { describe, expect, test } from '@jest/globals'
import { freshnessOf } from '../../../src/tokens/freshness.ts'
import { makeGrant } from '../../support/session-parts.ts'

const MINUTE = 60_000
const at = (now: number, life: number) => freshnessOf(makeGrant({ issuedAt: 0, accessTokenExpiresAt: life }), now)

describe('an access token', () => {
  test('is renewed in its last minute', () => {
    const life = 10 * MINUTE
    expect([at(9 * MINUTE - 1, life), at(9 * MINUTE, life), at(life - 1, life), at(life, life)]).toEqual([
      'fresh',
      'expiring',
      'expiring',
      'expired',
    ])
  })

  test('with a short life is renewed in its second half', () => {
    expect([at(4_999, 10_000), at(5_000, 10_000), at(10_000, 10_000)]).toEqual(['fresh', 'expiring', 'expired'])
  })

  test('whose end nobody told is good', () => {
    expect(freshnessOf(makeGrant({ accessTokenExpiresAt: undefined }), Number.MAX_SAFE_INTEGER)).toBe('fresh')
  })
})
