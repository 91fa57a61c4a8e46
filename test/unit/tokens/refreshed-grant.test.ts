import { describe, expect, test } from '@jest/globals'
import type { RefreshAnswer } from '../../../src/oidc/port.ts'
import { createGrantOf } from '../../../src/session/grant-of.ts'
import { refreshedGrant } from '../../../src/tokens/refreshed-grant.ts'
import { makeGrant, makeTokens } from '../../support/session-parts.ts'

const grantOf = createGrantOf(['sub', 'name', 'roles'])
const BEFORE = makeGrant({ claims: { sub: 'ada', name: 'Ada', roles: ['admin'] }, acr: 'loa2', authTime: 7 })
const BARE: Extract<RefreshAnswer, { kind: 'refreshed' }>['tokens'] = {
  accessToken: 'access-2',
  expiresInSeconds: 60,
  refreshToken: undefined,
  refreshTokenExpiresInSeconds: undefined,
  scope: undefined,
  idToken: undefined,
  identity: undefined,
}

describe('the grant after a refresh', () => {
  test('keeps what the provider did not send anew', () => {
    expect(refreshedGrant(BEFORE, BARE, 1_000, grantOf)).toEqual({
      version: 2,
      accessToken: 'access-2',
      accessTokenExpiresAt: 61_000,
      issuedAt: 1_000,
      refreshToken: 'refresh-1',
      idToken: 'id-1',
      scope: 'openid',
      claims: BEFORE.claims,
      acr: 'loa2',
      authTime: 7,
    })
  })

  test('takes what it did send', () => {
    expect(refreshedGrant(BEFORE, { ...BARE, refreshToken: 'refresh-2', scope: 'openid email' }, 0, grantOf)).toMatchObject({
      refreshToken: 'refresh-2',
      scope: 'openid email',
      idToken: 'id-1',
    })
  })

  test('holds a refresh token that lives as long as the provider says, and as long as before where it sent none', () => {
    const before = { ...BEFORE, refreshTokenExpiresAt: 90_000 }
    const endOf = (sent: Partial<typeof BARE>) =>
      refreshedGrant(before, { ...BARE, ...sent }, 1_000, grantOf).refreshTokenExpiresAt
    expect(endOf({})).toBe(90_000)
    expect(endOf({ refreshTokenExpiresInSeconds: 600 })).toBe(601_000)
    expect(endOf({ refreshToken: 'refresh-2', refreshTokenExpiresInSeconds: 600 })).toBe(601_000)
    expect(endOf({ refreshToken: 'refresh-2' })).toBeUndefined()
  })

  test('that comes without an ID token keeps the identity of before, whatever else is new', () => {
    const tokens = { ...BARE, refreshToken: 'refresh-2', refreshTokenExpiresInSeconds: 600, idToken: 'id-unverified' }
    const next = refreshedGrant(BEFORE, tokens, 0, grantOf)
    expect(next).toMatchObject({ idToken: 'id-1', claims: BEFORE.claims, acr: 'loa2', authTime: 7, refreshToken: 'refresh-2' })
  })

  test('is idle sooner where the new claims say so, and never later than before', () => {
    const rule = { claim: 'roles', absoluteTimeoutMilliseconds: undefined }
    const admin = { ...rule, value: 'admin', idleTimeoutMilliseconds: 5 }
    const ruled = createGrantOf(['sub'], [admin, { ...rule, value: 'clerk', idleTimeoutMilliseconds: 9 }])
    const { identity } = makeTokens()
    const idleOf = (before: number | undefined, roles: readonly string[]) => {
      const told = { ...identity, claims: { sub: 'ada', roles } }
      const grant = makeGrant({ idleTimeoutMilliseconds: before })
      return refreshedGrant(grant, { ...BARE, idToken: 'id-2', identity: told }, 0, ruled).idleTimeoutMilliseconds
    }
    expect([idleOf(undefined, ['clerk']), idleOf(9, ['clerk', 'admin']), idleOf(5, ['clerk'])]).toEqual([9, 5, 5])
    expect([idleOf(5, []), idleOf(undefined, [])]).toEqual([5, undefined])
    expect(refreshedGrant(makeGrant({ idleTimeoutMilliseconds: 5 }), BARE, 0, ruled).idleTimeoutMilliseconds).toBe(5)
  })

  test('has lost the role that a new ID token no longer tells of', () => {
    const { identity } = makeTokens()
    const told = { ...identity, acr: undefined, authTime: undefined, claims: { sub: 'ada', name: 'Ada L.', ssn: 'secret' } }
    expect(refreshedGrant(BEFORE, { ...BARE, idToken: 'id-2', identity: told }, 0, grantOf)).toMatchObject({
      version: 2,
      idToken: 'id-2',
      claims: { sub: 'ada', name: 'Ada L.' },
      acr: 'loa2',
      authTime: 7,
    })
    const next = refreshedGrant(BEFORE, { ...BARE, idToken: 'id-2', identity: { ...told, acr: 'loa3', authTime: 8 } }, 0, grantOf)
    expect(next).toMatchObject({ acr: 'loa3', authTime: 8 })
    expect(Object.keys(next.claims)).toEqual(['sub', 'name'])
  })
})
