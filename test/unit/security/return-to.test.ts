import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { parseReturnTo } from '../../../src/security/return-to.ts'

const ORIGIN = 'https://app.example.com'
const parse = (text: string | null | undefined) => parseReturnTo(text, ORIGIN, '/bff')

describe('a place to return to', () => {
  test.each([
    '/',
    '/orders',
    '/orders/42?tab=items&sort=-date#row-7',
    '/search?q=a%2Fb&next=//cdn.example.com/x',
    '/open?url=https://other.example/path?x=1',
    '/a//b',
    '/files/%2e%2e%2fetc',
    '/~user/;v=1/@me/!$&()*+,=:',
    '/%E2%82%AC/r%C3%A9sum%C3%A9',
    '/#/route/of/a/hash/router',
    '/?',
    '/bffx/y',
  ])('survives as it is: %s', (text) => {
    expect(parse(text)).toBe(text)
  })

  test('is written as browsers write it', () => {
    expect(parse('/a/../b/./c')).toBe('/b/c')
    expect(parse('/größe')).toBe('/gr%C3%B6%C3%9Fe')
  })

  test.each([
    [''],
    [null],
    [undefined],
    ['orders'],
    ['https://evil.example'],
    ['https:evil.example'],
    ['//user@app.example.com/orders'],
    ['//evil.example'],
    ['///evil.example'],
    ['/\\evil.example'],
    ['\\/evil.example'],
    ['/\t/evil.example'],
    ['/\n/evil.example'],
    ['\t//evil.example'],
    [' //evil.example'],
    ['/ /evil.example'],
    ['/\u0000/evil.example'],
    ['/\u00a0/evil.example'],
    ['/\u2028/evil.example'],
    ['/..//evil.example'],
    ['/.//evil.example'],
    ['/%2e%2e//evil.example'],
    ['/%2f%2fevil.example'],
    ['/%2fevil.example'],
    ['/%5cevil.example'],
    ['/%5c%5cevil.example'],
    ['/%252fevil.example'],
    ['/%09/evil.example'],
    ['/%0a/evil.example'],
    ['/x%0d%0aSet-Cookie:%20a=b'],
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['@evil.example'],
    ['/bff'],
    ['/bff/login'],
    ['/bff/logout/continue?handle=x'],
    ['/x/../bff/login'],
    [`/${'a'.repeat(5_000)}`],
  ])('is none of ours: %j', (text) => {
    expect(parse(text)).toBeUndefined()
  })

  test('never leads anywhere else, whoever reads it', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '//',
      '/\\',
      '.',
      '..',
      '@',
      ':',
      '%2f',
      '%5c',
      '%00',
      '%09',
      '%25',
      '\t',
      '\n',
      '\r',
      ' ',
      '\u3002',
      '?',
      '#',
      'evil.example',
      'https:',
      'a',
    )
    const text = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`),
      fc.webUrl({ withFragments: true }),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, (given) => {
        const parsed = parse(given)
        if (parsed === undefined) return
        expect(new URL(parsed, ORIGIN).origin).toBe(ORIGIN)
        expect(new URL(parsed, 'http://localhost:1/deep/er?x').origin).toBe('http://localhost:1')
        expect(parsed.startsWith('//')).toBe(false)
        expect(parse(parsed)).toBe(parsed)
      }),
      { numRuns: 3_000 },
    )
  })
})
