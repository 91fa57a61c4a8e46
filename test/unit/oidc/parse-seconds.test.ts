import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { parseSeconds } from '../../../src/oidc/parse-seconds.ts'

const YEAR = 31_536_000

describe('seconds that a provider tells', () => {
  test.each([
    [1, 1],
    [0.5, 0.5],
    [300, 300],
    ['300', 300],
    [YEAR, YEAR],
    [YEAR + 1, YEAR],
    [Number.MAX_VALUE, YEAR],
    ['9'.repeat(30), YEAR],
  ])('count where they are above zero, up to a year: %p', (told, expected) => {
    expect(parseSeconds(told)).toBe(expected)
  })

  test.each([
    undefined,
    null,
    0,
    -0,
    -1,
    '0',
    '-1',
    '',
    ' 5',
    '5 ',
    '0x10',
    '1e3',
    '3.5',
    '9'.repeat(31),
    'soon',
    NaN,
    Infinity,
    true,
    [5],
    {},
  ])('tell nothing otherwise: %p', (told) => {
    expect(parseSeconds(told)).toBeUndefined()
  })

  test('are a positive number of at most a year, whatever is told', () => {
    fc.assert(
      fc.property(fc.anything(), (told) => {
        const seconds = parseSeconds(told)
        expect(seconds === undefined || (seconds > 0 && seconds <= YEAR)).toBe(true)
      }),
    )
  })
})
