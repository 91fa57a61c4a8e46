import { describe, expect, test } from '@jest/globals'
import { createLifetimes } from '../../../src/session/lifetimes.ts'
import { makeSession } from '../../support/session-parts.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe("a session's times", () => {
  const times = createLifetimes({
    idleTimeoutMilliseconds: HOUR,
    absoluteTimeoutMilliseconds: 12 * HOUR,
    mostCached: 1,
    withoutRefreshToken: 'end',
  })

  test('are kept for two idle times, and longer once less than one is left, but never beyond the deadline', () => {
    expect(times.absoluteDeadline(5)).toBe(5 + 12 * HOUR)
    expect(times.keptUntil(0, 12 * HOUR)).toBe(2 * HOUR)
    expect(times.keptUntil(11 * HOUR, 12 * HOUR)).toBe(12 * HOUR)
    expect(times.mustKeepLonger(HOUR, 2 * HOUR, 12 * HOUR)).toBe(false)
    expect(times.mustKeepLonger(HOUR + 1, 2 * HOUR, 12 * HOUR)).toBe(true)
    expect(times.mustKeepLonger(11 * HOUR + 1, 12 * HOUR, 12 * HOUR)).toBe(false)
  })

  test('are over to the millisecond', () => {
    expect([times.isIdle(HOUR - 1, 0), times.isIdle(HOUR, 0)]).toEqual([false, true])
    expect(times.idleDeadline(0, 12 * HOUR)).toBe(HOUR)
    expect(times.idleDeadline(11 * HOUR + 1, 12 * HOUR)).toBe(12 * HOUR)
  })

  test('are written once a minute, and of a short idle time each quarter', () => {
    expect([times.mustRecordActivity(MINUTE - 1, 0), times.mustRecordActivity(MINUTE, 0)]).toEqual([false, true])
    const short = createLifetimes({
      idleTimeoutMilliseconds: 1_000,
      absoluteTimeoutMilliseconds: HOUR,
      mostCached: 1,
      withoutRefreshToken: 'end',
    })
    expect([short.mustRecordActivity(249, 0), short.mustRecordActivity(250, 0)]).toEqual([false, true])
  })
})

/** When a session with such a grant ends; its absolute deadline is twelve hours. */
function endOf(grant: Parameters<typeof makeSession>[0], withoutRefreshToken: 'end' | 'login' = 'end'): number {
  const config = { idleTimeoutMilliseconds: HOUR, absoluteTimeoutMilliseconds: 12 * HOUR, mostCached: 1, withoutRefreshToken }
  const { record, grant: made } = makeSession(grant)
  return createLifetimes(config).endsAt({ ...record, absoluteExpiresAt: 12 * HOUR }, made)
}

describe('a session ends', () => {
  test('at its absolute deadline where its refresh token is not known to end before', () => {
    expect(endOf({ accessTokenExpiresAt: MINUTE })).toBe(12 * HOUR)
    expect(endOf({ accessTokenExpiresAt: MINUTE, refreshTokenExpiresAt: undefined })).toBe(12 * HOUR)
    expect(endOf({ accessTokenExpiresAt: MINUTE, refreshTokenExpiresAt: 13 * HOUR })).toBe(12 * HOUR)
  })

  test('no later than its refresh token is known to', () => {
    expect(endOf({ accessTokenExpiresAt: MINUTE, refreshTokenExpiresAt: 3 * HOUR })).toBe(3 * HOUR)
    expect(endOf({ accessTokenExpiresAt: MINUTE, refreshTokenExpiresAt: 3 * HOUR }, 'login')).toBe(3 * HOUR)
  })

  test('with its access token where there is no refresh token, as far as that is known to end', () => {
    expect(endOf({ refreshToken: undefined, accessTokenExpiresAt: MINUTE })).toBe(MINUTE)
    expect(endOf({ refreshToken: undefined, accessTokenExpiresAt: 13 * HOUR })).toBe(12 * HOUR)
    expect(endOf({ refreshToken: undefined, accessTokenExpiresAt: undefined })).toBe(12 * HOUR)
  })

  test('not with its access token where the configuration lets it stay', () => {
    expect(endOf({ refreshToken: undefined, accessTokenExpiresAt: MINUTE }, 'login')).toBe(12 * HOUR)
  })
})
