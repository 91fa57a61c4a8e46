import { describe, expect, test } from '@jest/globals'
import { createGrantOf } from '../../../src/session/grant-of.ts'
import { createLifetimes } from '../../../src/session/lifetimes.ts'
import { makeSession, makeTokens, PLAIN_SESSIONS } from '../../support/session-parts.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe("a session's times", () => {
  const times = createLifetimes({
    idleTimeoutMilliseconds: HOUR,
    absoluteTimeoutMilliseconds: 12 * HOUR,
    ...PLAIN_SESSIONS,
    mostCached: 1,
    withoutRefreshToken: 'end',
  })

  test('are kept for two idle times, and longer once less than one is left, but never beyond the deadline', () => {
    expect(times.absoluteDeadline(5, {})).toBe(5 + 12 * HOUR)
    expect(times.keptUntil(0, 12 * HOUR, HOUR)).toBe(2 * HOUR)
    expect(times.keptUntil(11 * HOUR, 12 * HOUR, HOUR)).toBe(12 * HOUR)
    expect(times.mustKeepLonger(HOUR, 2 * HOUR, 12 * HOUR, HOUR)).toBe(false)
    expect(times.mustKeepLonger(HOUR + 1, 2 * HOUR, 12 * HOUR, HOUR)).toBe(true)
    expect(times.mustKeepLonger(11 * HOUR + 1, 12 * HOUR, 12 * HOUR, HOUR)).toBe(false)
  })

  test('are over to the millisecond', () => {
    expect([times.isIdle(HOUR - 1, 0, HOUR), times.isIdle(HOUR, 0, HOUR)]).toEqual([false, true])
    const { record, grant } = makeSession()
    const session = { grant, record: { ...record, absoluteExpiresAt: 12 * HOUR } }
    expect(times.idleDeadline(0, session)).toBe(HOUR)
    expect(times.idleDeadline(11 * HOUR + 1, session)).toBe(12 * HOUR)
  })

  test('are written once a minute, and of a short idle time each quarter', () => {
    expect([times.mustRecordActivity(MINUTE - 1, 0, HOUR), times.mustRecordActivity(MINUTE, 0, HOUR)]).toEqual([false, true])
    expect([times.mustRecordActivity(249, 0, 1_000), times.mustRecordActivity(250, 0, 1_000)]).toEqual([false, true])
  })
})

/** When a session with such a grant ends; its absolute deadline is twelve hours. */
function endOf(grant: Parameters<typeof makeSession>[0], withoutRefreshToken: 'end' | 'login' = 'end'): number {
  const config = {
    idleTimeoutMilliseconds: HOUR,
    absoluteTimeoutMilliseconds: 12 * HOUR,
    ...PLAIN_SESSIONS,
    mostCached: 1,
    withoutRefreshToken,
  }
  const { record, grant: made } = makeSession(grant)
  return createLifetimes(config).endsAt({ ...record, absoluteExpiresAt: 12 * HOUR }, made)
}

/** A rule as it is configured. */
function rule(value: string, idle?: number, absolute?: number, claim = 'roles') {
  return { claim, value, idleTimeoutMilliseconds: idle, absoluteTimeoutMilliseconds: absolute }
}

describe("a session's own times", () => {
  const rules = [
    rule('admin', 15 * MINUTE),
    rule('root', 5 * MINUTE, HOUR),
    rule('loa3', undefined, 2 * HOUR, 'acr'),
    rule('7', MINUTE),
  ]
  const times = createLifetimes({
    idleTimeoutMilliseconds: HOUR,
    absoluteTimeoutMilliseconds: 12 * HOUR,
    ...PLAIN_SESSIONS,
    rules,
    mostCached: 1,
    withoutRefreshToken: 'end',
  })
  const ownTimes = (claims: Readonly<Record<string, unknown>>) => {
    const { identity, ...tokens } = makeTokens()
    const grant = createGrantOf(['sub'], rules)({ ...tokens, identity: { ...identity, claims } }, 0)
    return [times.idleTimeout(grant), times.absoluteDeadline(0, claims)]
  }

  test.each([
    ['as configured where no rule says more', { roles: ['user'], acr: 'loa2' }, HOUR, 12 * HOUR],
    ['those of a claim with the value', { roles: 'admin' }, 15 * MINUTE, 12 * HOUR],
    ['those of a list that holds it', { roles: ['user', 'admin'] }, 15 * MINUTE, 12 * HOUR],
    ['each the strictest of all that match', { roles: ['admin', 'root'], acr: 'loa3' }, 5 * MINUTE, HOUR],
    ['by another claim', { acr: 'loa3' }, HOUR, 2 * HOUR],
    ['those of a number, as it is written', { roles: [7] }, MINUTE, 12 * HOUR],
    ['as configured where the value is only alike', { roles: ['Admin', ' admin', 'administrator'] }, HOUR, 12 * HOUR],
    ['as configured where the claim holds other things', { roles: { admin: true }, acr: null }, HOUR, 12 * HOUR],
  ])('are %s', (_, claims, idle, absolute) => {
    expect(ownTimes(claims)).toEqual([idle, absolute])
  })

  test('are never looser than what is configured by now', () => {
    expect(times.idleTimeout({ idleTimeoutMilliseconds: 2 * HOUR })).toBe(HOUR)
    expect(times.idleTimeout({})).toBe(HOUR)
  })
})

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
