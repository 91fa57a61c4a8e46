import { describe, expect, test } from '@jest/globals'
import { createBackoff } from '../../../src/tokens/backoff.ts'

function setUp(random: () => number) {
  const clock = { at: 1_000_000 }
  return { clock, backoff: createBackoff({ now: () => clock.at, random }) }
}

/** How long a session rests after its first, second, third… failure. */
function rests(random: () => number, failures: number): readonly number[] {
  const { backoff } = setUp(random)
  return Array.from({ length: failures }, () => {
    backoff.failed('session')
    return backoff.restOf('session')
  })
}

describe('a session whose refresh failed', () => {
  test('is left alone for 100 ms, then twice as long each time, up to a second', () => {
    expect(rests(() => 0, 7)).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000])
    expect(rests(() => 0, 2_000).at(-1)).toBe(1_000)
  })

  test('is left alone for a random part of that, more than half of it, so that nobody keeps step', () => {
    const almostOne = 1 - Number.EPSILON
    for (const [index, longest] of [100, 200, 400, 800, 1_000].entries()) {
      const shortest = rests(() => almostOne, 5)[index] ?? 0
      expect(shortest).toBeGreaterThanOrEqual(longest / 2)
      expect(shortest).toBeLessThan(longest)
    }
    expect(rests(() => 0.5, 1)).toEqual([75])
  })

  test('may be tried when its rest is over, and not before', () => {
    const { clock, backoff } = setUp(() => 0)
    backoff.failed('session')
    clock.at += 99
    expect(backoff.restOf('session')).toBe(1)
    clock.at += 1
    expect(backoff.restOf('session')).toBe(0)
  })

  test('begins anew after a refresh that came to something', () => {
    const { backoff } = setUp(() => 0)
    for (const _ of [1, 2, 3]) backoff.failed('session')
    backoff.succeeded('session')
    expect(backoff.restOf('session')).toBe(0)
    backoff.failed('session')
    expect(backoff.restOf('session')).toBe(100)
  })

  test('makes no other session wait', () => {
    const { backoff } = setUp(() => 0)
    backoff.failed('one')
    expect(backoff.restOf('other')).toBe(0)
  })

  test('is remembered among a hundred thousand others, and no more: the one that failed longest ago is forgotten', () => {
    const { backoff } = setUp(() => 0)
    for (let each = 0; each < 100_000; each += 1) backoff.failed(String(each))
    // Failed again: no longer the oldest.
    backoff.failed('0')
    backoff.failed('one more')
    expect(['0', '1', '2', 'one more'].map(backoff.restOf)).toEqual([200, 0, 100, 100])
  })
})
