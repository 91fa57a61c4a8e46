import { afterEach, describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import { createListeners } from '../../../src/store/listeners.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import type { Store } from '../../../src/store/port.ts'
import { createRecordCache } from '../../../src/store/record-cache.ts'

const LONG = 1_000_000
const GRACE = 10_000
const stores: Store[] = []
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())))

/** A cache over a real memory store, whose link and clock the test moves, and whose loads it counts and may hold up. */
function openCache({ most = 100 } = {}) {
  let at = 1_000_000
  const link = { live: true, certainAt: 0, foundAgainAt: Number.NEGATIVE_INFINITY, tells: true }
  const inner = createMemoryStore({ mostRecords: 1_000, now: () => at })
  stores.push(inner)
  const loads: string[] = []
  let held: Promise<void> = Promise.resolve()
  let failure: unknown
  const cache = createRecordCache<{ readonly text: string }, string>({
    async load(id, proof) {
      loads.push(`${id}:${proof}`)
      if (failure !== undefined) throw failure
      const [text] = await inner.read([`{${id}}:record`])
      await held
      return text === undefined ? undefined : Object.freeze({ text })
    },
    idOfKey: (key) => /^\{(.+)\}:record$/.exec(key)?.[1],
    store: { watch: (listener) => inner.watch(listener), link },
    most,
    outageGraceMilliseconds: GRACE,
    now: () => at,
  })
  return {
    cache,
    link,
    loads,
    store: inner,
    write: (id: string, text: string) => inner.write(`{${id}}:record`, text, LONG),
    pass: (milliseconds: number) => void (at += milliseconds),
    now: () => at,
    holdLoads: () => {
      const gate = Promise.withResolvers<void>()
      held = gate.promise
      return gate.resolve
    },
    failLoads: (thrown: unknown) => void (failure = thrown),
  }
}

describe('a cached record', () => {
  test('is loaded once, by whoever proves it, and then is there at once', async () => {
    const { cache, loads, write } = openCache()
    await write('a', 'one')
    expect(cache.peek('a')).toBeUndefined()
    expect(await cache.read('a', 'proof')).toEqual({ text: 'one' })
    expect(cache.peek('a')).toEqual({ text: 'one' })
    expect(await cache.read('a', 'proof')).toBe(cache.peek('a'))
    expect(loads).toEqual(['a:proof'])
    expect(cache.size).toBe(1)
  })

  test('that many ask for at once is loaded once', async () => {
    const { cache, loads, write } = openCache()
    await write('a', 'one')
    const read = await Promise.all(Array.from({ length: 50 }, () => cache.read('a', '')))
    expect(new Set(read).size).toBe(1)
    expect(loads).toHaveLength(1)
  })

  test('is gone when it changed, was forgotten, or anything may have changed', async () => {
    const { cache, loads, write, store } = openCache()
    for (const change of [() => write('a', 'two'), () => store.remove(['{a}:record']), async () => cache.forget('a')]) {
      await write('a', 'one')
      await cache.read('a', '')
      expect(cache.peek('a')).toBeDefined()
      await change()
      expect(cache.peek('a')).toBeUndefined()
    }
    expect(loads).toHaveLength(3)
  })

  test('is read anew on demand, and stays where that cannot be done', async () => {
    const { cache, loads, write, failLoads } = openCache()
    await write('a', 'one')
    const before = await cache.read('a', '')
    await cache.reload('a', '')
    expect(cache.peek('a')).toEqual({ text: 'one' })
    expect(cache.peek('a')).not.toBe(before)
    failLoads(new GatewayError('store_unavailable'))
    await expect(cache.reload('a', '')).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(cache.peek('a')).toEqual({ text: 'one' })
    expect(loads).toHaveLength(3)
  })

  test('that is read anew and is not there any more is gone', async () => {
    const { cache, write, store, link } = openCache()
    link.tells = false
    await write('a', 'one')
    await cache.read('a', '')
    await store.remove(['{a}:record'])
    await cache.reload('a', '')
    expect(cache.peek('a')).toBeUndefined()
  })

  test('that is read anew is not the answer of a load that began before', async () => {
    const { cache, loads, write, holdLoads } = openCache()
    await write('a', 'one')
    const release = holdLoads()
    const earlier = cache.read('a', 'earlier')
    const anew = cache.reload('a', 'anew')
    release()
    await Promise.all([earlier, anew])
    expect(loads).toEqual(['a:earlier', 'a:anew'])
  })

  test('stays when other records change', async () => {
    const { cache, write, store } = openCache()
    await write('a', 'one')
    await cache.read('a', '')
    await write('b', 'other')
    await store.write('{a}:seen', 'now', LONG)
    expect(cache.peek('a')).toEqual({ text: 'one' })
  })

  test('that is absent is not remembered as absent', async () => {
    const { cache, write } = openCache()
    expect(await cache.read('a', '')).toBeUndefined()
    expect(cache.size).toBe(0)
    await write('a', 'one')
    expect(await cache.read('a', '')).toEqual({ text: 'one' })
  })

  test('that could not be loaded is asked for again, and why it could not is told', async () => {
    const { cache, write, failLoads } = openCache()
    await write('a', 'one')
    failLoads(new GatewayError('store_unavailable'))
    const outcomes = await Promise.allSettled([cache.read('a', ''), cache.read('a', '')])
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } })
    failLoads(undefined)
    expect(await cache.read('a', '')).toEqual({ text: 'one' })
  })
})

describe('a change while a record is read', () => {
  test('keeps what was read from being kept, and who asks after the change reads again', async () => {
    const { cache, loads, write, holdLoads } = openCache()
    await write('a', 'old')
    const release = holdLoads()
    const early = cache.read('a', '')
    await write('a', 'new')
    const late = cache.read('a', '')
    release()
    expect(await early).toEqual({ text: 'old' })
    expect(await late).toEqual({ text: 'new' })
    expect(cache.peek('a')).toEqual({ text: 'new' })
    expect(loads).toHaveLength(2)
  })

  test('does so when anything may have changed, too', async () => {
    const inner = createMemoryStore({ mostRecords: 10, now: Date.now })
    stores.push(inner)
    const listeners = createListeners()
    const cache = createRecordCache<string>({
      load: async () => 'old',
      idOfKey: (key) => key,
      store: { link: inner.link, watch: listeners.add },
      most: 10,
      outageGraceMilliseconds: 0,
      now: Date.now,
    })
    const reading = cache.read('a')
    listeners.tell(undefined)
    await reading
    expect(cache.peek('a')).toBeUndefined()
    await cache.read('a')
    expect(cache.peek('a')).toBe('old')
    listeners.tell(undefined)
    expect(cache.peek('a')).toBeUndefined()
  })

  test('an old load that ends late does not take the place of a newer one', async () => {
    const { cache, write, holdLoads } = openCache()
    await write('a', 'old')
    const releaseOld = holdLoads()
    const early = cache.read('a', '')
    await write('a', 'new')
    const releaseNew = holdLoads()
    const late = cache.read('a', '')
    releaseNew()
    await late
    releaseOld()
    await early
    expect(cache.peek('a')).toEqual({ text: 'new' })
  })
})

describe('while the link is lost', () => {
  test('what is cached carries on for the grace, counted from what was last certain, and not a moment longer', async () => {
    const { cache, link, write, pass, now, failLoads } = openCache()
    await write('a', 'one')
    await cache.read('a', '')
    link.live = false
    link.certainAt = now() - 1_000
    failLoads(new GatewayError('store_unavailable'))
    pass(GRACE - 1_001)
    expect(cache.peek('a')).toEqual({ text: 'one' })
    expect(await cache.read('a', '')).toEqual({ text: 'one' })
    pass(1)
    expect(cache.peek('a')).toBeUndefined()
    await expect(cache.read('a', '')).rejects.toMatchObject({ code: 'store_unavailable' })
    link.live = true
    expect(cache.peek('a')).toEqual({ text: 'one' })
  })
})

describe('where changes are not told', () => {
  test('a record is kept for one second from when its read began, link or no link', async () => {
    const { cache, link, write, pass, holdLoads } = openCache()
    link.tells = false
    await write('a', 'one')
    const release = holdLoads()
    const reading = cache.read('a', '')
    pass(400)
    release()
    await reading
    pass(599)
    expect(cache.peek('a')).toEqual({ text: 'one' })
    link.live = false
    pass(1)
    expect(cache.peek('a')).toBeUndefined()
    link.live = true
    expect(cache.peek('a')).toBeUndefined()
  })
})

describe('a full cache', () => {
  test('never holds more than it may, and lets those go first that were not used', async () => {
    const { cache, write } = openCache({ most: 10 })
    for (let n = 0; n < 100; n++) {
      await write(`id${n}`, String(n))
      await cache.read(`id${n}`, '')
      cache.peek('id0')
      cache.peek('id3')
      expect(cache.size).toBeLessThanOrEqual(10)
    }
    expect(cache.size).toBe(10)
    expect(cache.peek('id0')).toEqual({ text: '0' })
    expect(cache.peek('id3')).toEqual({ text: '3' })
    expect(cache.peek('id1')).toBeUndefined()
    expect(cache.peek('id99')).toEqual({ text: '99' })
  })

  test('makes room although everything in it was just used', async () => {
    const { cache, write } = openCache({ most: 200 })
    const ids = Array.from({ length: 300 }, (_, n) => `id${n}`)
    for (const id of ids) {
      await write(id, id)
      await cache.read(id, '')
      for (const other of ids) cache.peek(other)
    }
    expect(cache.size).toBe(200)
  })
})
