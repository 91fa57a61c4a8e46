import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../../src/config/secret.ts'
import { deriveCookieKeys } from '../../../src/security/cookie-keys.ts'
import { cookieNames, loginCookieName } from '../../../src/security/cookie-names.ts'

describe('our cookies', () => {
  test('have names that browsers hold to https and to this host; on localhost they cannot', () => {
    expect(cookieNames(true)).toEqual({
      session: '__Host-Http-coatcheck',
      loginPrefix: '__Host-Http-coatcheck-login-',
      logout: '__Host-Http-coatcheck-logout',
    })
    expect(Object.values(cookieNames(false)).every((name) => name.startsWith('coatcheck'))).toBe(true)
  })

  test('are one for each login, whose name does not give its state away', () => {
    const names = cookieNames(true)
    const [one, other] = [loginCookieName(names, 'state-1'), loginCookieName(names, 'state-2')]
    expect(one).toMatch(/^__Host-Http-coatcheck-login-[\w-]{8}$/)
    expect(one).not.toBe(other)
    expect(one).toBe(loginCookieName(names, 'state-1'))
    expect(one).not.toContain('state-1')
  })

  test('are signed by keys of their own: one for each server secret, deployment and purpose', () => {
    const secrets = [new Secret('a'.repeat(43)), new Secret('b'.repeat(43))] as const
    const keys = [...deriveCookieKeys(secrets, 'here'), ...deriveCookieKeys(secrets, 'there')]
    expect(new Set(keys).size).toBe(4)
    for (const key of keys) expect(Buffer.from(key, 'base64url')).toHaveLength(32)
    // A change here signs everybody out.
    expect(deriveCookieKeys([secrets[0]], 'here')).toEqual(['bk_AgKsf1-rrmRf30_myDUTf55fpuStvbEWjiIyJY-g'])
  })
})
