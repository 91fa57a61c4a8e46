import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { permittedCaching } from '../../../src/proxy/permitted-caching.ts'

const NONE = 'private, no-store'

describe('what caches may read', () => {
  test.each([
    ['max-age=60', 'private, max-age=60', 'max-age=60'],
    ['public', NONE, 'public'],
    ['PUBLIC, Max-Age=60', 'private, max-age=60', 'public, max-age=60'],
    ['s-maxage=60', NONE, 's-maxage=60'],
    ['s-maxage=60, max-age=0, must-revalidate', 'private, max-age=0, must-revalidate', 's-maxage=60, max-age=0, must-revalidate'],
    ['private, max-age=5, s-maxage=9, public', 'private, max-age=5', 'private, max-age=5'],
    ['private="Set-Cookie, X", max-age=5', 'private, max-age=5', 'private, max-age=5'],
    ['no-cache="X-A"', 'private, no-cache', 'no-cache'],
    ['no-store', 'private, no-store', 'no-store'],
    ['max-age="60"', 'private, max-age=60', 'max-age=60'],
    ['max-age=60, surrogate=1', 'private, max-age=60', 'max-age=60'],
  ])('%s is for private caches %s, for shared ones %s', (given, forPrivate, forShared) => {
    expect(permittedCaching(given, 'private')).toBe(forPrivate)
    expect(permittedCaching(given, 'shared')).toBe(forShared)
  })

  test.each([
    '',
    ',',
    'max-age',
    'max-age=',
    'max-age=-1',
    'max-age=1.5',
    'max-age=60, max-age=60',
    'max-age=60;public',
    '"',
    'new-word',
  ])('is nothing where it cannot be read, or means nothing: %s', (given) => {
    expect(permittedCaching(given, 'private')).toBe(NONE)
    expect(permittedCaching(given, 'shared')).toBe(NONE)
  })

  test('is nothing where nothing is said', () => {
    expect(permittedCaching(undefined, 'private')).toBe(NONE)
    expect(permittedCaching(undefined, 'shared')).toBe(NONE)
  })

  test("never lets a person's answer into a shared cache, whatever is said", () => {
    const words = fc.constantFrom('public', 's-maxage=9', 'max-age=9', 'private', 'private="x"', 'immutable', '"', '=', ' ', 'x')
    fc.assert(
      fc.property(fc.array(words, { maxLength: 6 }), fc.constantFrom(',', ', ', ' '), (parts, between) => {
        const said = permittedCaching(parts.join(between), 'private').split(', ')
        expect(said[0]).toBe('private')
        expect(said).not.toContain('public')
        expect(said.join()).not.toMatch(/s-maxage|proxy/)
      }),
    )
  })
})
