import { describe, expect, test } from '@jest/globals'
import { createSingleFlight } from '../../../src/tokens/single-flight.ts'

const fail = () => Promise.reject(new Error('away'))

describe('work that is shared', () => {
  test('runs once for those who come meanwhile, anew for those who come later, and apart for other keys', async () => {
    const share = createSingleFlight<number>()
    let runs = 0
    const work = async () => {
      runs += 1
      return runs
    }
    expect(await Promise.all([share('a', work), share('a', work), share('b', work)])).toEqual([1, 1, 2])
    expect(await share('a', work)).toBe(3)
  })

  test('that fails, fails for all who wait, and is tried anew afterwards', async () => {
    const share = createSingleFlight<string>()
    const [one, other] = await Promise.allSettled([share('a', fail), share('a', fail)])
    expect([one.status, other.status]).toEqual(['rejected', 'rejected'])
    expect(await share('a', async () => 'there')).toBe('there')
  })
})
