import { describe, expect, test } from '@jest/globals'
import { createGrantOf } from '../../../src/session/grant-of.ts'
import { refreshedGrant } from '../../../src/tokens/refreshed-grant.ts'
import { makeGrant, makeTokens } from '../../support/session-parts.ts'

const grantOf = createGrantOf(['sub', 'name', 'roles'])
const BEFORE = makeGrant({ claims: { sub: 'ada', name: 'Ada', roles: ['admin'] }, acr: 'loa2', authTime: 7 })
const BARE = {
  accessToken: 'access-2',
  expiresInSeconds: 60,
  refreshToken: undefined,
  scope: undefined,
  idToken: undefined,
  identity: undefined,
}

describe('the grant after a refresh', () => {
  test('keeps what the provider did not send anew', () => {
    expect(refreshedGrant(BEFORE, BARE, 1_000, grantOf)).toEqual({
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

  test('has lost the role that a new ID token no longer tells of', () => {
    const { identity } = makeTokens()
    const told = { ...identity, acr: undefined, authTime: undefined, claims: { sub: 'ada', name: 'Ada L.', ssn: 'secret' } }
    expect(refreshedGrant(BEFORE, { ...BARE, idToken: 'id-2', identity: told }, 0, grantOf)).toMatchObject({
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
