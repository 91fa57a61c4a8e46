import { afterEach, describe, expect, test } from '@jest/globals'
import { createStore } from '../../../src/store/create-store.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { createMemoryTable } from '../../../src/store/memory-table.ts'
import type { Store } from '../../../src/store/port.ts'

const opened: Store[] = []
afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())))

interface Opened {
  readonly store: Store
  readonly pass: (milliseconds: number) => void
  readonly told: readonly unknown[]
}

function openFull(mostRecords: number): Opened {
  let at = 1_000
  const told: unknown[] = []
  const store = createMemoryStore({ mostRecords, now: () => at, report: (_, fields) => void told.push(fields) })
  opened.push(store)
  return { store, told, pass: (milliseconds) => void (at += milliseconds) }
}

const FULL = { code: 'store_unavailable', detail: { retryAfterSeconds: 1 } }

describe('a full memory store', () => {
  test('refuses new records, and drops none', async () => {
    const { store } = openFull(2)
    await store.write('a', '1', 100)
    await store.write('b', '2', 100)
    await expect(store.write('c', '3', 100)).rejects.toMatchObject(FULL)
    await expect(store.count('c', 1, 100)).rejects.toMatchObject(FULL)
    await expect(store.addMember('c', 'm', 5_000, 3)).rejects.toMatchObject(FULL)
    expect(await store.read(['a', 'b', 'c'])).toEqual(['1', '2', undefined])
  })

  test('says so once, however many are refused, and once that there is room again', async () => {
    const { store, told, pass } = openFull(1)
    await store.write('a', '1', 10_000)
    for (let n = 0; n < 10; n++) await expect(store.write(`b${n}`, '2', 100)).rejects.toMatchObject(FULL)
    pass(5_000)
    await store.write('a', '2', 10_000)
    expect(told).toEqual([{ state: 'refusing', note: 'FULL (the memory store holds store.mostRecords records)' }])
    await store.remove(['a'])
    await store.write('b', '2', 100)
    expect(told.slice(1)).toEqual([{ state: 'connected' }])
  })

  test('writes several records or none', async () => {
    const { store } = openFull(2)
    await store.write('a', '1', 100)
    const records = ['a', 'b', 'c'].map((key) => ({ key, value: 'new', lifetimeMilliseconds: 100 }))
    await expect(store.writeAll(records)).rejects.toMatchObject(FULL)
    expect(await store.read(['a', 'b', 'c'])).toEqual(['1', undefined, undefined])
    await store.writeAll(records.slice(0, 2))
    expect(await store.read(['a', 'b'])).toEqual(['new', 'new'])
  })

  test('still lets what it holds be changed, counted, taken and ended', async () => {
    const { store } = openFull(3)
    await store.write('a', '1:x', 100)
    await store.count('n', 1, 100)
    await store.write('b', 'x', 100)
    expect(await store.swap('a', 1, '2:y')).toBe('written')
    expect(await store.count('n', 1, 100)).toBe(2)
    expect(await store.write('b', 'z', 100)).toBe(true)
    expect(await store.take('b')).toBe('z')
    expect(await store.write('c', 'new', 100)).toBe(true)
  })

  test('has room again for what has run out', async () => {
    const { store, pass } = openFull(2)
    await store.write('a', '1', 100)
    await store.write('b', '2', 200)
    pass(150)
    expect(await store.write('c', '3', 100)).toBe(true)
    expect(await store.read(['a', 'b', 'c'])).toEqual([undefined, '2', '3'])
  })
})

describe('what has run out', () => {
  test('is gone to the millisecond, swept or not', async () => {
    const { store, pass } = openFull(10)
    await store.write('a', '1', 100)
    await store.addMember('s', 'm', 1_100, 3)
    pass(99)
    expect(await store.read(['a'])).toEqual(['1'])
    expect(await store.members('s')).toEqual(['m'])
    pass(1)
    expect(await store.read(['a'])).toEqual([undefined])
    expect(await store.members('s')).toEqual([])
    expect(await store.swap('a', 1, '2')).toBe('absent')
    expect(await store.write('a', '2', 100, 'present')).toBe(false)
  })

  test('is swept in bounded steps, all of it in the end, and every end is told', () => {
    let at = 0
    const changed: string[] = []
    const table = createMemoryTable({
      mostRecords: 100,
      now: () => at,
      state: { refused: () => undefined, answered: () => undefined },
      onChange: (key) => void changed.push(key),
    })
    for (let n = 0; n < 10; n++) table.put(String(n), { kind: 'text', value: '', expiresAt: n < 5 ? 10 : 1_000 })
    changed.length = 0
    at = 20
    table.sweep(3)
    expect(changed).toEqual(['0', '1', '2'])
    table.sweep(3)
    expect(changed).toEqual(['0', '1', '2', '3', '4'])
    at = 2_000
    for (let n = 0; n < 5; n++) table.sweep(3)
    expect(changed).toHaveLength(10)
  })
})

test('a change is told before the caller goes on', async () => {
  const { store } = openFull(10)
  const heard: (string | undefined)[] = []
  store.watch((key) => heard.push(key))
  const writing = store.write('a', '1', 100)
  expect(heard).toEqual(['a'])
  await writing
})

test('the link of the memory store is always certain', () => {
  expect(openFull(1).store.link).toEqual({
    live: true,
    certainAt: Number.POSITIVE_INFINITY,
    foundAgainAt: Number.NEGATIVE_INFINITY,
    tells: true,
  })
})

test('the configuration chooses the memory store', async () => {
  const store = await createStore({ kind: 'memory', mostRecords: 1 }, { report: () => {}, now: Date.now })
  opened.push(store)
  expect(await store.write('a', '1', 100)).toBe(true)
  await expect(store.write('b', '1', 100)).rejects.toMatchObject(FULL)
})
