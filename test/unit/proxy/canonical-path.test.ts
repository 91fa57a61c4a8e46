import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { decodeFully, isCanonical } from '../../../src/proxy/canonical-path.ts'

/** One decoding as a lenient upstream does it: each escape by itself, whatever surrounds it. */
function decodeOnce(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

function staysInside(path: string): boolean {
  const slashed = path.replaceAll('\\', '/').replaceAll(/;[^/]*/g, '')
  return new URL(slashed, 'http://upstream').pathname.startsWith('/api/')
}

describe('a canonical path', () => {
  test.each([
    '/',
    '/api/',
    '/api/orders/42',
    '/api/a.b..c/~ann/@me',
    "/api/a!$&'()*+,;=:@-_",
    '/api/x;v=1/y',
    '/api/.well-known/x',
    '/api/C%23',
    '/api/a%20b',
    '/api/%E6%9D%B1%E4%BA%AC',
    '/api/100%25',
    '/api/what%3F',
    '/api/a[0]|b',
    '/api/...',
    '/api/%7Eann',
    '/api/50%25de',
    '/api/x/',
  ])('%s is carried as it is', (path) => {
    expect(isCanonical(path)).toBe(true)
  })

  test.each([
    '/api/..',
    '/api/../x',
    '/api/./x',
    '/api/.',
    '/api/%2e%2e/x',
    '/api/.%2E/x',
    '/api/%252e%252e/x',
    '/api/%25252e%25252e/x',
    '/api//x',
    '/api/x//',
    '/api/%2fx',
    '/api/%2Fx',
    '/api/%252fx',
    '/api/%25%32%66x',
    '/api/\\x',
    '/api/%5cx',
    '/api/%255Cx',
    '/api/..;/x',
    '/api/..;a=b/x',
    '/api/..%3b/x',
    '/api/;/x',
    '/api/..%23/x',
    '/api/..%3fx',
    '/api/..%20/x',
    '/api/%2e%2e;x/y',
    '/api/%00',
    '/api/%0d%0aX:%20y',
    '/api/%7f',
    '/api/%2500',
    '/api/%c2%85',
    '/api/a\tb',
    '/api/a b',
    '/api/a#b',
    '/api/a"b',
    '/api/%c0%af',
    '/api/%c0%ae%c0%ae/x',
    '/api/%e0%80%af',
    '/api/%f0%80%80%af',
    '/api/%25c0%25af',
    '/api/%ff',
    '/api/%E9',
    '/api/%',
    '/api/%2',
    '/api/%zz',
    '/api/%u002e',
    '/api/ü',
    '/api/<x>',
    '/api/{x}',
    '/api/^',
    '/api/`',
    `/api/%${'25'.repeat(40)}41`,
  ])('%j is refused', (path) => {
    expect(isCanonical(path)).toBe(false)
  })

  test('whatever is accepted stays inside its prefix in every reading of it', () => {
    const piece = fc.constantFrom(
      '.',
      '..',
      '/',
      '\\',
      '%',
      '2',
      '5',
      'e',
      'f',
      'c',
      '%2e',
      '%2f',
      '%5c',
      '%25',
      '%252e',
      '%00',
      ';',
      'a',
      'x',
      '%3b',
      '%c0%af',
      '%61',
      '?',
      '#',
      ' ',
      '%20',
      '%e6%9d%b1',
    )
    const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/api/${pieces.join('')}`)
    fc.assert(
      fc.property(path, (given) => {
        fc.pre(isCanonical(given))
        const once = decodeOnce(given)
        const twice = decodeOnce(once)
        for (const reading of [given, once, twice, decodeFully(given)]) expect(staysInside(reading)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
  })

  test('plain segments are always accepted', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,8}$/)
    fc.assert(fc.property(fc.array(segment, { minLength: 1 }), (segments) => isCanonical(`/api/${segments.join('/')}`)))
  })

  test('any text that is escaped as a segment is accepted, unless it could be read as more than a name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        fc.pre(text.isWellFormed() && !/[/\\%;]|^\.|\p{Cc}/u.test(text))
        expect(isCanonical(`/api/${encodeURIComponent(text)}`)).toBe(true)
      }),
    )
  })
})
