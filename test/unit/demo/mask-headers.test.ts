import { describe, expect, test } from '@jest/globals'
import { maskHeaders } from '../../../demo/api/mask-headers.ts'

describe('the headers that the demo API shows', () => {
  test('hide a token but for its first characters, so that people see that one came', () => {
    const token = 'eyJhbGciOiJSUzI1NiJ9.'.repeat(20)
    const shown = maskHeaders({ authorization: `Bearer ${token}`, accept: '*/*' })
    expect(shown).toEqual({ authorization: `Bearer eyJh…(${token.length} characters, hidden)`, accept: '*/*' })
  })

  test('hide a cookie altogether, should one ever come', () => {
    expect(maskHeaders({ cookie: 'a=secret' })).toEqual({ cookie: '(8 characters, hidden)' })
  })
})
