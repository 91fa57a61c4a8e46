import { describe, expect, test } from '@jest/globals'
import { cookieNamesWith, cookieValues } from '../../../src/security/cookie-header.ts'

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
  ])('gives the values of one name, byte for byte: %j', (header, expected) => {
    expect(cookieValues(header, 'ours')).toEqual(expected)
  })

  test('gives the names that begin alike, oldest first and once each, and no others', () => {
    expect(cookieNamesWith('b=0; login-2=x; login-1=y; alogin-3=z; login-2=w; login', 'login-')).toEqual(['login-2', 'login-1'])
    expect(cookieNamesWith('b=0', 'login-')).toEqual([])
    expect(cookieNamesWith(undefined, 'login-')).toEqual([])
  })

  test('that is longer than any browser sends is not looked at', () => {
    const long = `ours=1; login-1=x; a=${'x'.repeat(65_536)}`
    expect(cookieValues(long, 'ours')).toEqual([])
    expect(cookieNamesWith(long, 'login-')).toEqual([])
  })
})
