import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createAwaitTurn } from '../../../src/tokens/await-turn.ts'
import { makeTicket, sessionParts } from '../../support/session-parts.ts'
import { createWeatheredStore } from '../../support/weathered-store.ts'

const HOUR = 3_600_000

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

const settled = () => jest.advanceTimersByTimeAsync(0)

/** A session whose lease somebody else has. */
async function setUp() {
  const { keys } = sessionParts()
  const weathered = createWeatheredStore(Date.now)
  const { store } = weathered
  const { id } = makeTicket()
  const [lease, grant] = [keys.lease(id), keys.grant(id)]
  await store.lease(lease, 'somebody else', HOUR)
  await store.write(grant, '1:old', HOUR)
  const awaitTurn = createAwaitTurn({ store, leaseKey: keys.lease, grantKey: keys.grant })
  const woken: string[] = []
  const wait = async (name = 'one') => {
    await awaitTurn(id)
    woken.push(name)
  }
  return { ...weathered, id, lease, grant, awaitTurn, wait, woken }
}

describe('who waits for somebody else’s refresh', () => {
  test('is woken when the lease is given back', async () => {
    const { wait, woken, store, lease } = await setUp()
    const waiting = wait()
    await settled()
    expect(woken).toEqual([])
    await store.release(lease, 'somebody else')
    await waiting
    // The store's own, and no other.
    expect(jest.getTimerCount()).toBe(1)
  })

  test('is woken by a new grant, all at once', async () => {
    const { wait, woken, store, grant } = await setUp()
    const waiting = [wait('one'), wait('other')]
    await settled()
    await store.swap(grant, 1, '2:new')
    await Promise.all(waiting)
    expect(woken.toSorted()).toEqual(['one', 'other'])
  })

  test('is woken when the store was lost and found, since the news may have been missed', async () => {
    const { wait, findAgain } = await setUp()
    const waiting = wait()
    await settled()
    findAgain()
    await waiting
  })

  test('looks after half a second all the same', async () => {
    const { wait, woken } = await setUp()
    const waiting = wait()
    await jest.advanceTimersByTimeAsync(499)
    expect(woken).toEqual([])
    await jest.advanceTimersByTimeAsync(1)
    await waiting
  })

  test('looks after a tenth of a second where the store tells of nothing', async () => {
    const { wait, woken, link } = await setUp()
    link.tells = false
    const waiting = wait()
    await jest.advanceTimersByTimeAsync(99)
    expect(woken).toEqual([])
    await jest.advanceTimersByTimeAsync(1)
    await waiting
  })

  test('does not wait where the lease is free by now', async () => {
    const { wait, store, lease } = await setUp()
    await store.release(lease, 'somebody else')
    await wait()
  })

  test('misses nothing that happens while the store is being asked', async () => {
    const { id, lease, store, link } = await setUp()
    const { keys } = sessionParts()
    const racing = {
      link,
      watch: (listener: (key: string | undefined) => void) => store.watch(listener),
      async read(asked: readonly string[]) {
        const answer = await store.read(asked)
        // Given back just after it was read, and before the answer is here.
        await store.release(lease, 'somebody else')
        return answer
      },
    }
    await createAwaitTurn({ store: racing, leaseKey: keys.lease, grantKey: keys.grant })(id)
    expect(await store.read([lease])).toEqual([undefined])
  })

  test('is not woken by what happens to another session', async () => {
    const { wait, woken, store } = await setUp()
    const waiting = wait()
    await settled()
    const { keys } = sessionParts()
    await store.write(keys.grant(makeTicket().id), '1:x', HOUR)
    await settled()
    expect(woken).toEqual([])
    await jest.advanceTimersByTimeAsync(500)
    await waiting
  })

  test('is told where the store cannot be asked, and leaves no timer behind', async () => {
    const { awaitTurn, id, fail } = await setUp()
    const before = jest.getTimerCount()
    fail('read', 1)
    await expect(awaitTurn(id)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(jest.getTimerCount()).toBe(before)
  })

  test('leaves no bell hanging, however it was woken', async () => {
    const hung = jest.spyOn(Map.prototype, 'set')
    const { wait, store, lease, grant, fail, awaitTurn, id } = await setUp()
    const rung = [wait(), wait()]
    await settled()
    await store.write(grant, '2:new', HOUR)
    await Promise.all(rung)
    const late = wait()
    await jest.advanceTimersByTimeAsync(500)
    await late
    fail('read', 1)
    await expect(awaitTurn(id)).rejects.toMatchObject({ code: 'store_unavailable' })

    const bells = hung.mock.calls.flatMap(([key, value], call) =>
      key === lease && value instanceof Set ? [hung.mock.contexts[call]] : [],
    )
    hung.mockRestore()
    expect(bells.length).toBeGreaterThan(0)
    expect(new Set(bells)).toEqual(new Set([new Map()]))
  })
})
