import { expect, test } from '@jest/globals'
import { createMeasuredStore } from '../../../src/store/measured-store.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { EVERY_CALL } from '../../support/redis-store.ts'

test('every operation is told of by its name and time, and answers as before', async () => {
  const inner = createMemoryStore({ mostRecords: 100, now: Date.now })
  const seen: [string, number, boolean][] = []
  let at = 0
  const store = createMeasuredStore(
    inner,
    (...observed) => void seen.push(observed),
    () => (at += 5),
  )
  await store.write('key', '1:x', 1_000)
  expect(await store.read(['key'])).toEqual(['1:x'])
  seen.length = 0
  for (const call of Object.values(EVERY_CALL)) await call(store, 'key')
  expect(seen.map(([operation]) => operation).join(' ')).toBe(
    'read read write write writeAll take remove keep swap lease release count addMember members removeMember',
  )
  expect(seen.every(([, milliseconds, failed]) => milliseconds === 5 && !failed)).toBe(true)
  await store.close()
})

test('a failed operation is told of as failed, and fails as before', async () => {
  const seen: [string, number, boolean][] = []
  const store = createMeasuredStore(
    createMemoryStore({ mostRecords: 0, now: Date.now }),
    (...observed) => void seen.push(observed),
  )
  await expect(store.write('key', 'x', 1_000)).rejects.toMatchObject({ code: 'store_unavailable' })
  expect(seen).toEqual([['write', expect.any(Number), true]])
  await store.close()
})

test('news and the link come through', async () => {
  const inner = createMemoryStore({ mostRecords: 1, now: Date.now })
  const store = createMeasuredStore(inner, () => {})
  const heard: (string | undefined)[] = []
  store.watch((key) => heard.push(key))
  await inner.write('key', 'x', 1_000)
  expect(heard).toEqual(['key'])
  expect(store.link).toBe(inner.link)
  await store.close()
})
