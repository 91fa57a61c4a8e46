import { describe, expect, test } from '@jest/globals'
import { createMeetsLevel } from '../../../src/session/authentication-level.ts'

const AT = 1_790_000_000
const meets = createMeetsLevel({ clockToleranceSeconds: 90, now: () => AT * 1_000 })

describe('a sign-in', () => {
  test.each([
    ['gold', ['gold'], true],
    ['silver', ['gold', 'silver'], true],
    ['bronze', ['gold', 'silver'], false],
    ['gol', ['gold'], false],
    [undefined, ['gold'], false],
    [undefined, [], true],
  ])('of class %s, where one of %j is demanded: %s', (acr, accepted, is) => {
    expect(meets({ acr, authTime: undefined }, { acr: accepted, maxAgeSeconds: undefined })).toBe(is)
  })

  test.each([
    [AT - 300, true],
    [AT - 390, true],
    [AT - 391, false],
    [AT + 60, true],
    [undefined, false],
  ])('at %s, five minutes ago at most by a clock that may be 90 seconds off: %s', (authTime, is) => {
    expect(meets({ acr: undefined, authTime }, { acr: [], maxAgeSeconds: 300 })).toBe(is)
  })

  test('has to be of the class and recent enough, where both are demanded', () => {
    const level = { acr: ['gold'], maxAgeSeconds: 300 }
    expect(meets({ acr: 'gold', authTime: AT }, level)).toBe(true)
    expect(meets({ acr: 'gold', authTime: AT - 1_000 }, level)).toBe(false)
    expect(meets({ acr: 'silver', authTime: AT }, level)).toBe(false)
  })
})
