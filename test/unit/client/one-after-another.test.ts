import { describe, expect, test } from '@jest/globals'
import { oneAfterAnother } from '../../../client/one-after-another.ts'

describe('a question that comes while one is under way', () => {
  test('is asked after it, once for all who have it', async () => {
    const ends: ((outcome: number) => void)[] = []
    const ask = oneAfterAnother(() => new Promise<number>((resolve) => void ends.push(resolve)))
    const first = ask()
    const others = [ask(), ask(), ask()]
    expect(ends).toHaveLength(1)
    ends[0]?.(1)
    expect(await first).toBe(1)
    await Promise.resolve()
    expect(ends).toHaveLength(2)
    const later = ask()
    ends[1]?.(2)
    expect(await Promise.all(others)).toEqual([2, 2, 2])
    await Promise.resolve()
    ends[2]?.(3)
    expect(await later).toBe(3)
    expect(ends).toHaveLength(3)
  })

  test('is asked though the one before failed', async () => {
    let count = 0
    const ask = oneAfterAnother(async () => {
      count += 1
      if (count === 1) throw new Error('failed')
      return count
    })
    const [first, second] = [ask(), ask()]
    await expect(first).rejects.toThrow('failed')
    expect(await second).toBe(2)
  })
})
