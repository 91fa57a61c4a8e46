import { expect, test } from '@jest/globals'
import { createBackoff } from '../../../src/store/redis-backoff.ts'

test('the first attempt is made at once, later ones ever later, none after more than 600 ms', () => {
  const backoff = createBackoff()
  const waits = Array.from({ length: 20 }, () => backoff.next())
  expect(waits[0]).toBe(0)
  for (const [n, least] of [50, 100, 200, 400, 500, 500].entries()) {
    expect(waits[n + 1]).toBeGreaterThanOrEqual(least)
    expect(waits[n + 1]).toBeLessThanOrEqual(least + 100)
  }
  expect(Math.max(...waits)).toBeLessThanOrEqual(600)
})

test('it begins anew after a success', () => {
  const backoff = createBackoff()
  for (let n = 0; n < 5; n++) backoff.next()
  backoff.reset()
  expect(backoff.next()).toBe(0)
})
