import { describe, expect, test } from '@jest/globals'
import { cookiesWith, cookieValues } from '../../../src/security/cookie-header.ts'

describe('a Cookie header', () => {
  test.each([
    [undefined, []],
    ['', []],
    ['ours=1', ['1']],
    ['ours=1; ours=2', ['1', '2']],
    [' ours = 1 ;theirs=2', ['1']],
    ['ours', []],
    ['=ours; ours=', ['']],
    ['Ours=1; OURS=2; ours2=3; xours=4', []],
    ['a=ours=1', []],
    ['\tours\t=\t1\t', ['1']],
  ])('gives the values of one name, byte for byte: %j', (header, expected) => {
    expect(cookieValues(header, 'ours')).toEqual(expected)
  })

  // RFC 6265bis §5.7: browsers look for a prefix at the first byte, and drop none but spaces and tabs before it.
  test.each(['\u00a0', '\u0085', '\v', '\f', '\ufeff', '\u2000', '\u3000'])(
    'gives nothing for a name that merely begins or ends with what looks like a space: %j',
    (space) => {
      expect(cookieValues(`${space}ours=1; ${space} ours=2; ours${space}=3`, 'ours')).toEqual([])
      expect(cookieValues(`ours=${space}1`, 'ours')).toEqual([`${space}1`])
      expect(cookiesWith(`${space}login-1=x; login-1${space}=x`, logins).size).toBe(0)
    },
  )

  const logins = { prefix: 'login-', shape: /^[0-9]$/, most: 3 }

  test('gives those that are named alike, oldest first, with all of their values, and no others', () => {
    const found = cookiesWith(
      'b=0; other-1=x; login-2=x; login-1=y; alogin-3=z; login-2=w; login; login-a b=x; login-\u00e4=x; login-33=x',
      logins,
    )
    expect([...found]).toEqual([
      ['login-2', ['x', 'w']],
      ['login-1', ['y']],
    ])
    expect(cookiesWith('b=0', logins).size).toBe(0)
    expect(cookiesWith(undefined, logins).size).toBe(0)
  })

  test('gives no more of those than are asked for', () => {
    const many = Array.from({ length: 9 }, (_, at) => `login-${at}=x`).join('; ')
    expect([...cookiesWith(`${many}; login-0=y`, logins)]).toEqual([
      ['login-0', ['x', 'y']],
      ['login-1', ['x']],
      ['login-2', ['x']],
    ])
  })

  test('that is longer than any browser sends is not looked at', () => {
    const long = `ours=1; login-1=x; a=${'x'.repeat(65_536)}`
    expect(cookieValues(long, 'ours')).toEqual([])
    expect(cookiesWith(long, logins).size).toBe(0)
  })
})
