import { describe, expect, test } from '@jest/globals'
import { createLimit } from '../../../src/security/limits.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'

function limitOf(most: number) {
  const clock = { now: 1_000_000_000_000 }
  const now = () => clock.now
  const reached: string[] = []
  const limit = createLimit({
    store: createMemoryStore({ mostRecords: 100, now }),
    name: 'limit',
    most,
    now,
    onReached: () => reached.push('reached'),
  })
  return { limit, clock, reached }
}

describe('a limit', () => {
  test('lets in as many as it says, then answers 429 with the seconds that are left', async () => {
    const { limit, reached, clock } = limitOf(2)
    clock.now += 60_000 - (clock.now % 60_000) + 12_500
    await limit.spend('a')
    await limit.spend('a')
    await expect(limit.spend('a')).rejects.toMatchObject({ code: 'too_many_requests', detail: { retryAfterSeconds: 48 } })
    expect(reached).toHaveLength(1)
  })

  test('counts each key for itself, and nobody who is not known', async () => {
    const { limit } = limitOf(1)
    await limit.spend('a')
    await limit.spend('b')
    for (const _ of [1, 2, 3]) await expect(limit.spend(undefined)).resolves.toBeUndefined()
  })

  test('begins anew with the next minute', async () => {
    const { limit, clock } = limitOf(1)
    await limit.spend('a')
    await expect(limit.spend('a')).rejects.toMatchObject({ code: 'too_many_requests' })
    clock.now += 60_000
    await limit.spend('a')
  })

  test('does not count what came to a good end', async () => {
    const { limit } = limitOf(1)
    for (const _ of [1, 2, 3]) await limit.refund(await limit.spend('a'))
  })

  test('is not widened by what is taken back too late', async () => {
    const { limit, clock } = limitOf(1)
    const spent = await limit.spend('a')
    clock.now += 60_000
    await limit.refund(spent)
    await limit.spend('a')
    await expect(limit.spend('a')).rejects.toMatchObject({ code: 'too_many_requests' })
  })
})
