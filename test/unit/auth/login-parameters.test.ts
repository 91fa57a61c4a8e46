import { describe, expect, test } from '@jest/globals'
import { parseLoginParameters } from '../../../src/auth/login-parameters.ts'

const parse = (query: string) => parseLoginParameters(new URLSearchParams(query))

describe('what a page may ask of a login', () => {
  test('is handed on in the form that the provider expects', () => {
    expect(
      parse(
        'prompt=login%20consent&loginHint=ada%40example.com&acrValues=urn:mace:silver%20phr&maxAge=0&uiLocales=de-AT%20en&returnTo=/x',
      ),
    ).toEqual({
      prompt: 'login consent',
      loginHint: 'ada@example.com',
      acrValues: 'urn:mace:silver phr',
      maxAgeSeconds: 0,
      uiLocales: 'de-AT en',
    })
  })

  test('is nothing where nothing is asked, and where it is asked without a value', () => {
    expect(parse('')).toEqual({})
    expect(parse('prompt=&loginHint=&acrValues=&maxAge=&uiLocales=')).toEqual({})
  })

  test.each(['none', 'login', 'consent', 'select_account', 'create', 'login select_account'])(
    'may be the prompt %s',
    (prompt) => {
      expect(parse(`prompt=${prompt}`)).toEqual({ prompt })
    },
  )

  test.each([
    ['prompt', 'none login'],
    ['prompt', 'LOGIN'],
    ['prompt', 'login,consent'],
    ['prompt', ' login'],
    ['loginHint', 'a\r\nb'],
    ['loginHint', '\u0000'],
    ['loginHint', '\u007f'],
    ['loginHint', 'a'.repeat(256)],
    ['acrValues', 'a"b'],
    ['acrValues', 'a\\b'],
    ['acrValues', 'a  b'],
    ['acrValues', 'größe'],
    ['acrValues', Array.from({ length: 11 }, () => 'a').join(' ')],
    ['acrValues', 'a'.repeat(1_001)],
    ['maxAge', '-1'],
    ['maxAge', '1e9'],
    ['maxAge', '0x10'],
    ['maxAge', '1234567890'],
    ['maxAge', ' 1'],
    ['uiLocales', 'de_AT'],
    ['uiLocales', 'a'.repeat(36)],
    ['uiLocales', Array.from({ length: 11 }, () => 'de').join(' ')],
  ])('is refused, not corrected, where it has another form: %s %j', (name, value) => {
    expect(() => parse(new URLSearchParams([[name, value]]).toString())).toThrow(
      expect.objectContaining({ code: 'request_invalid' }),
    )
  })

  test('is refused where anything is said twice', () => {
    expect(() => parse('prompt=login&prompt=login')).toThrow(expect.objectContaining({ code: 'request_invalid' }))
    expect(() => parse('x=1&x=2')).toThrow(expect.objectContaining({ code: 'request_invalid' }))
  })
})
