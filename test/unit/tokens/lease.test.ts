import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createTakeLease } from '../../../src/tokens/lease.ts'
import { makeTicket, sessionParts } from '../../support/session-parts.ts'
import { createWeatheredStore } from '../../support/weathered-store.ts'

const LIFE = 5_000

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

/** Two processes, one store; its clock is the timers'. */
function setUp() {
  const { keys } = sessionParts()
  const weathered = createWeatheredStore(Date.now)
  const take = () => createTakeLease({ store: weathered.store, leaseKey: keys.lease, now: Date.now })
  const { id } = makeTicket()
  const holder = async () => (await weathered.store.read([keys.lease(id)]))[0]
  return { ...weathered, here: take(), there: take(), id, key: keys.lease(id), holder }
}

describe('a lease', () => {
  test('is one process’s alone, and the next one’s as soon as it is given back', async () => {
    const { here, there, id } = setUp()
    const lease = await here(id)
    expect(lease).toBeDefined()
    expect(await there(id)).toBeUndefined()
    await lease?.release()
    expect(await there(id)).toBeDefined()
  })

  test('of one session keeps nobody from another', async () => {
    const { here, there, id } = setUp()
    await here(id)
    expect(await there(makeTicket().id)).toBeDefined()
  })

  test('whose answer was lost is simply taken again', async () => {
    const { here, id, fail } = setUp()
    fail('lease', 1, 'done')
    await expect(here(id)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await here(id)).toBeDefined()
  })

  test('cannot be taken from a store that does not answer, and nothing is left running', async () => {
    const { here, id, fail, asked } = setUp()
    fail('lease', 1)
    await expect(here(id)).rejects.toMatchObject({ code: 'store_unavailable' })
    await jest.advanceTimersByTimeAsync(2 * LIFE)
    expect(asked).toEqual(['lease'])
  })

  test('is renewed for as long as it is held, however long that is', async () => {
    const { here, there, id } = setUp()
    const lease = await here(id)
    await jest.advanceTimersByTimeAsync(20 * LIFE)
    expect(await there(id)).toBeUndefined()
    await lease?.release()
    expect(await there(id)).toBeDefined()
  })

  test('outlives one renewal that fails', async () => {
    const { here, there, id, fail } = setUp()
    await here(id)
    fail('lease', 1)
    await jest.advanceTimersByTimeAsync(2 * LIFE)
    expect(await there(id)).toBeUndefined()
  })

  test('of a process that died lapses after five seconds', async () => {
    const { there, id, key, store } = setUp()
    await store.lease(key, 'a process that is no more', LIFE)
    await jest.advanceTimersByTimeAsync(LIFE - 1)
    expect(await there(id)).toBeUndefined()
    await jest.advanceTimersByTimeAsync(1)
    expect(await there(id)).toBeDefined()
  })

  test('is claimed again at once when the store comes back, which may have forgotten it', async () => {
    const { here, there, id, key, store, findAgain, holder } = setUp()
    await here(id)
    const before = await holder()
    await store.remove([key])
    findAgain()
    expect(await there(id)).toBeUndefined()
    expect(await holder()).toBe(before)
  })

  test('that was given back is not claimed again', async () => {
    const { here, there, id, findAgain } = setUp()
    const lease = await here(id)
    await lease?.release()
    findAgain()
    await jest.advanceTimersByTimeAsync(0)
    expect(await there(id)).toBeDefined()
  })

  test('that lapsed and went to somebody else is not confirmed, and not taken from them by giving it back', async () => {
    const { here, there, id, key, store } = setUp()
    const lease = await here(id)
    await store.remove([key])
    expect(await there(id)).toBeDefined()
    expect(await lease?.confirm()).toBe(false)
    await lease?.release()
    expect(await here(id)).toBeUndefined()
  })

  test('is confirmed by the store alone', async () => {
    const { here, id, fail } = setUp()
    const lease = await here(id)
    expect(await lease?.confirm()).toBe(true)
    fail('lease', 1)
    await expect(lease?.confirm()).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  test('is just taken for a second, however often it is renewed', async () => {
    const { here, id } = setUp()
    const lease = await here(id)
    expect(lease?.isJustTaken()).toBe(true)
    await jest.advanceTimersByTimeAsync(999)
    expect(lease?.isJustTaken()).toBe(true)
    await jest.advanceTimersByTimeAsync(1)
    expect(lease?.isJustTaken()).toBe(false)
    await jest.advanceTimersByTimeAsync(LIFE)
    expect(lease?.isJustTaken()).toBe(false)
  })

  test('whose answer took a second is not just taken: it counts from the question', async () => {
    const { here, id, store } = setUp()
    const slow = jest.spyOn(store, 'lease').mockImplementation(async () => {
      jest.setSystemTime(Date.now() + 1_000)
      return true
    })
    const lease = await here(id)
    slow.mockRestore()
    expect(lease?.isJustTaken()).toBe(false)
  })

  test('is not just taken any more once the clock was set back: nobody knows how long ago it was', async () => {
    const { here, id } = setUp()
    const lease = await here(id)
    jest.setSystemTime(Date.now() - 1)
    expect(lease?.isJustTaken()).toBe(false)
  })

  test('is not just taken any more once the store was lost and found: it may have forgotten it', async () => {
    const { here, id, findAgain } = setUp()
    const lease = await here(id)
    findAgain()
    expect(lease?.isJustTaken()).toBe(false)
  })

  test('that cannot be given back lapses by itself', async () => {
    const { here, there, id, fail } = setUp()
    const lease = await here(id)
    fail('release', 1)
    await lease?.release()
    expect(await there(id)).toBeUndefined()
    await jest.advanceTimersByTimeAsync(LIFE)
    expect(await there(id)).toBeDefined()
  })
})
