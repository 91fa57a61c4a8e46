import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import type { Store } from '../../src/store/port.ts'
import { until } from './until.ts'

/** Two ways to the same records: two gateways on one Redis, or the memory store twice. */
export interface StorePair {
  readonly store: Store
  readonly other: Store
  readonly close: () => Promise<void>
}

const LONG = 60_000
const SHORT = 30

/** What every store promises; run on each of them. */
export function describeStore(name: string, open: () => Promise<StorePair>): void {
  describe(`what ${name} promises`, () => {
    let pair: StorePair
    beforeAll(async () => {
      pair = await open()
    })
    afterAll(() => pair.close())

    const readOne = async (key: string) => (await pair.store.read([key]))[0]

    describe('records', () => {
      test('a record is read as it was written, whatever characters it holds', async () => {
        const key = newKey()
        const value = '1:ä\r\n\0 "😀" $5\r\nGET x'
        expect(await pair.store.write(key, value, LONG)).toBe(true)
        expect(await pair.other.read([key])).toEqual([value])
      })

      test('several records are read in the order they were asked for, the absent ones as undefined', async () => {
        const [one, two, absent] = [newKey(), newKey(), newKey()]
        await pair.store.write(one, 'one', LONG)
        await pair.store.write(two, 'two', LONG)
        expect(await pair.store.read([two, absent, one, two])).toEqual(['two', undefined, 'one', 'two'])
        expect(await pair.store.read([])).toEqual([])
      })

      test('a later write replaces the record and its lifetime', async () => {
        const key = newKey()
        await pair.store.write(key, 'old', SHORT)
        await pair.store.write(key, 'new', LONG)
        await outlive(SHORT)
        expect(await readOne(key)).toBe('new')
      })

      test('a record is gone when its lifetime is over', async () => {
        const key = newKey()
        await pair.store.write(key, 'short', SHORT)
        await until('the record is gone', async () => (await readOne(key)) === undefined)
        expect(await pair.store.take(key)).toBeUndefined()
        expect(await pair.store.write(key, 'new', LONG, 'absent')).toBe(true)
      })

      test('a record that must be absent is written once, by one of many callers', async () => {
        const key = newKey()
        const written = await Promise.all(times(50, (n) => stores(pair, n).write(key, String(n), LONG, 'absent')))
        expect(written.filter(Boolean)).toHaveLength(1)
        expect(await readOne(key)).toBe(String(written.indexOf(true)))
      })

      test('a record that must be present is not brought back after it was removed', async () => {
        const key = newKey()
        expect(await pair.store.write(key, 'late', LONG, 'present')).toBe(false)
        expect(await readOne(key)).toBeUndefined()
        await pair.store.write(key, 'one', LONG)
        expect(await pair.store.write(key, 'two', LONG, 'present')).toBe(true)
        expect(await readOne(key)).toBe('two')
      })

      test('several records are written together', async () => {
        const id = newKey()
        const records = ['session', 'grant', 'about'].map((kind) => ({
          key: `${id}:${kind}`,
          value: kind,
          lifetimeMilliseconds: LONG,
        }))
        await pair.store.writeAll(records)
        expect(await pair.other.read(records.map(({ key }) => key))).toEqual(['session', 'grant', 'about'])
        await pair.store.writeAll([])
      })

      test('of several records each has its own lifetime', async () => {
        const [long, short] = [newKey(), newKey()]
        await pair.store.writeAll([
          { key: long, value: 'long', lifetimeMilliseconds: LONG },
          { key: short, value: 'short', lifetimeMilliseconds: SHORT },
        ])
        await until('the short one is gone', async () => (await readOne(short)) === undefined)
        expect(await readOne(long)).toBe('long')
      })

      test('a lifetime that is no whole number above zero is a mistake of the caller, and nothing is written', async () => {
        const key = newKey()
        for (const lifetime of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
          await expect(pair.store.write(key, 'x', lifetime)).rejects.toBeInstanceOf(RangeError)
          await expect(pair.store.writeAll([{ key, value: 'x', lifetimeMilliseconds: lifetime }])).rejects.toBeInstanceOf(
            RangeError,
          )
          await expect(pair.store.keep([key], lifetime)).rejects.toBeInstanceOf(RangeError)
          await expect(pair.store.count(key, 1, lifetime)).rejects.toBeInstanceOf(RangeError)
        }
        expect(await readOne(key)).toBeUndefined()
      })
    })

    describe('taking, removing, keeping', () => {
      test('what fifty callers take at the same instant, one of them gets', async () => {
        const key = newKey()
        await pair.store.write(key, 'once', LONG)
        const taken = await Promise.all(times(50, (n) => stores(pair, n).take(key)))
        expect(taken.filter((value) => value !== undefined)).toEqual(['once'])
        expect(await readOne(key)).toBeUndefined()
      })

      test('removing says how many records there were', async () => {
        const [one, two, absent] = [newKey(), newKey(), newKey()]
        await pair.store.write(one, 'one', LONG)
        await pair.store.write(two, 'two', LONG)
        expect(await pair.store.remove([one, absent, two])).toBe(2)
        expect(await pair.store.remove([one, two])).toBe(0)
        expect(await pair.store.remove([])).toBe(0)
        expect(await pair.other.read([one, two])).toEqual([undefined, undefined])
      })

      test('records are replaced by their trace in one step, and nothing is left where there was nothing', async () => {
        const [one, two, trace] = [newKey(), newKey(), newKey()]
        await pair.store.write(one, 'one', LONG)
        await pair.store.write(two, 'two', LONG)
        const left = { key: trace, value: 'first', lifetimeMilliseconds: LONG }
        expect(await pair.store.removeLeaving([one, two, newKey()], left)).toBe(2)
        expect(await pair.store.removeLeaving([one, two], { ...left, value: 'second' })).toBe(0)
        expect(await pair.other.read([one, two, trace])).toEqual([undefined, undefined, 'first'])
        expect(await pair.store.removeLeaving([one], { ...left, key: newKey() })).toBe(0)
      })

      test('records that go live on for a moment, and no longer, behind a trace that outlives them', async () => {
        const [one, two, extra, trace] = [newKey(), newKey(), newKey(), newKey()]
        for (const key of [one, two, extra]) await pair.store.write(key, key, LONG)
        const left = { key: trace, value: 'first', lifetimeMilliseconds: LONG }
        const going = { kept: [one, two], milliseconds: SHORT * 10, removed: [extra, newKey()] }
        expect(await pair.store.retire(going, left)).toBe(true)
        expect(await pair.other.read([one, two, extra, trace])).toEqual([one, two, undefined, 'first'])
        // Asked again, since an answer was lost or by somebody else: they go no later, and the first trace stands.
        expect(await pair.other.retire({ ...going, milliseconds: LONG }, { ...left, value: 'second' })).toBe(true)
        await until('they are gone', async () => (await readOne(one)) === undefined && (await readOne(two)) === undefined)
        expect(await readOne(trace)).toBe('first')
        expect(await pair.store.retire(going, left)).toBe(false)
      })

      test('records of which one is gone are not let go by and by: nothing changes, and there is no trace', async () => {
        const [one, extra, trace] = [newKey(), newKey(), newKey()]
        await pair.store.write(one, 'one', SHORT * 10)
        await pair.store.write(extra, 'extra', LONG)
        const left = { key: trace, value: 'x', lifetimeMilliseconds: LONG }
        expect(await pair.store.retire({ kept: [one, newKey()], milliseconds: LONG, removed: [extra] }, left)).toBe(false)
        expect(await pair.other.read([one, extra, trace])).toEqual(['one', 'extra', undefined])
        expect(await pair.store.retire({ kept: [one], milliseconds: LONG, removed: [] }, left)).toBe(true)
        await until('it is gone when it would have been', async () => (await readOne(one)) === undefined)
      })

      test('keeping renews the records that exist, and creates none', async () => {
        const [kept, absent] = [newKey(), newKey()]
        await pair.store.write(kept, 'kept', SHORT * 10)
        await pair.store.keep([kept, absent], LONG)
        await outlive(SHORT * 10)
        expect(await pair.store.read([kept, absent])).toEqual(['kept', undefined])
        await pair.store.keep([], LONG)
      })

      test('keeping for a shorter time ends a record sooner', async () => {
        const key = newKey()
        await pair.store.write(key, 'short', LONG)
        await pair.store.keep([key], SHORT)
        await until('the record is gone', async () => (await readOne(key)) === undefined)
      })
    })

    describe('compare-and-set', () => {
      test('the version that was read is replaced', async () => {
        const key = newKey()
        await pair.store.write(key, '1:old', LONG)
        expect(await pair.store.swap(key, 1, '2:new')).toBe('written')
        expect(await readOne(key)).toBe('2:new')
      })

      test('another version stays as it is', async () => {
        const key = newKey()
        await pair.store.write(key, '12:held', LONG)
        for (const expected of [1, 2, 11, 120]) expect(await pair.store.swap(key, expected, '99:new')).toBe('conflict')
        expect(await readOne(key)).toBe('12:held')
      })

      test('what is not there is not created', async () => {
        const key = newKey()
        expect(await pair.store.swap(key, 1, '2:new')).toBe('absent')
        expect(await readOne(key)).toBeUndefined()
      })

      test('what has no version conflicts with every one', async () => {
        const key = newKey()
        await pair.store.write(key, 'plain', LONG)
        expect(await pair.store.swap(key, 0, '1:new')).toBe('conflict')
      })

      test('of many who replace one version, one does', async () => {
        const key = newKey()
        await pair.store.write(key, '1:start', LONG)
        const outcomes = await Promise.all(times(40, (n) => stores(pair, n).swap(key, 1, `2:${n}`)))
        expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1)
        expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(39)
        expect(await readOne(key)).toBe(`2:${outcomes.indexOf('written')}`)
      })

      test('a replaced record does not live longer than the one before', async () => {
        const key = newKey()
        await pair.store.write(key, '1:short', SHORT * 10)
        expect(await pair.store.swap(key, 1, '2:short')).toBe('written')
        await until('the record is gone', async () => (await readOne(key)) === undefined)
      })
    })

    describe('leases', () => {
      test('of many who ask for a lease, one gets it; it may renew it, and everybody else is refused', async () => {
        const key = newKey()
        const taken = await Promise.all(times(50, (n) => stores(pair, n).lease(key, `owner-${n}`, LONG)))
        expect(taken.filter(Boolean)).toHaveLength(1)
        const owner = `owner-${taken.indexOf(true)}`
        expect(await pair.other.lease(key, owner, LONG)).toBe(true)
        expect(await pair.other.lease(key, 'stranger', LONG)).toBe(false)
        expect(await readOne(key)).toBe(owner)
      })

      test('a lease lapses by itself, and lives on as long as it is renewed', async () => {
        const key = newKey()
        await pair.store.lease(key, 'one', SHORT)
        await pair.store.lease(key, 'one', LONG)
        await outlive(SHORT)
        expect(await pair.other.lease(key, 'two', LONG)).toBe(false)
        await pair.store.lease(key, 'one', SHORT)
        await until('the lease lapses', () => pair.other.lease(key, 'two', LONG))
      })

      test('who gives a lease back frees it for others, and nobody gives back what somebody else holds', async () => {
        const key = newKey()
        await pair.store.lease(key, 'one', LONG)
        await pair.other.release(key, 'two')
        expect(await pair.other.lease(key, 'two', LONG)).toBe(false)
        await pair.store.release(key, 'one')
        expect(await pair.other.lease(key, 'two', LONG)).toBe(true)
      })
    })

    describe('counters', () => {
      test('many callers count together', async () => {
        const key = newKey()
        const counts = await Promise.all(times(30, (n) => stores(pair, n).count(key, 1, LONG)))
        expect([...counts].sort((one, two) => one - two)).toEqual(times(30, (n) => n + 1))
      })

      test('a counter goes up and down, and never below zero', async () => {
        const key = newKey()
        expect(await pair.store.count(key, -1, LONG)).toBe(0)
        expect(await pair.store.count(key, 3, LONG)).toBe(3)
        expect(await pair.store.count(key, -1, LONG)).toBe(2)
        expect(await pair.store.count(key, -5, LONG)).toBe(0)
        expect(await pair.store.count(key, 1, LONG)).toBe(1)
      })

      test('the window begins with the first count, and later ones do not prolong it', async () => {
        const key = newKey()
        const windowMilliseconds = SHORT * 4
        await pair.store.count(key, 1, windowMilliseconds)
        await until('a new window begins', async () => (await pair.store.count(key, 1, windowMilliseconds)) === 1)
      })
    })

    describe('sets of members', () => {
      test('members are listed until they are removed', async () => {
        const key = newKey()
        await pair.store.addMember(key, 'one', soon(), 10)
        await pair.other.addMember(key, 'two', soon() + 1, 10)
        await pair.store.addMember(key, 'one', soon() + 2, 10)
        expect([...(await pair.store.members(key))].sort()).toEqual(['one', 'two'])
        await pair.store.removeMember(key, 'one')
        await pair.store.removeMember(key, 'absent')
        expect(await pair.other.members(key)).toEqual(['two'])
        await pair.store.removeMember(key, 'two')
        expect(await pair.store.members(key)).toEqual([])
      })

      test('a set that was never written has no members', async () => {
        expect(await pair.store.members(newKey())).toEqual([])
        await pair.store.removeMember(newKey(), 'absent')
      })

      test('a member whose deadline has passed is not listed', async () => {
        const key = newKey()
        await pair.store.addMember(key, 'short', Date.now() + SHORT, 10)
        await pair.store.addMember(key, 'long', soon(), 10)
        await pair.store.addMember(key, 'past', Date.now() - 1, 10)
        await until('one is left', async () => (await pair.store.members(key)).join() === 'long')
      })

      test('a set with nothing but past members holds nothing', async () => {
        const key = newKey()
        await pair.store.addMember(key, 'past', Date.now() - 1, 10)
        expect(await pair.store.members(key)).toEqual([])
        expect(await pair.store.remove([key])).toBe(0)
      })

      test('a full set lets the earliest go', async () => {
        const key = newKey()
        for (const n of [5, 1, 4, 2, 3]) await pair.store.addMember(key, `m${n}`, soon() + n * 1_000, 3)
        expect([...(await pair.store.members(key))].sort()).toEqual(['m3', 'm4', 'm5'])
      })

      test('a set ends with its last member', async () => {
        const key = newKey()
        await pair.store.addMember(key, 'short', Date.now() + SHORT, 10)
        await until('the set is gone', () => pair.store.write(key, 'new', LONG, 'absent'))
      })
    })

    describe('news of changes', () => {
      test('who read a record hears of every kind of change to it, by others and by themselves', async () => {
        const changes: [string, (store: Store, key: string) => Promise<unknown>][] = [
          ['write', (store, key) => store.write(key, '2:b', LONG)],
          ['writeAll', (store, key) => store.writeAll([{ key, value: '2:b', lifetimeMilliseconds: LONG }])],
          ['take', (store, key) => store.take(key)],
          ['remove', (store, key) => store.remove([key])],
          ['keep', (store, key) => store.keep([key], LONG)],
          ['swap', (store, key) => store.swap(key, 1, '2:b')],
          ['lease', (store, key) => store.lease(key, '1:a', LONG)],
          ['release', (store, key) => store.release(key, '1:a')],
        ]
        const heard: (string | undefined)[] = []
        pair.store.watch((key) => heard.push(key))
        for (const writer of [pair.store, pair.other]) {
          for (const [kind, change] of changes) {
            const key = `${newKey()}:${kind}`
            await pair.other.write(key, '1:a', LONG)
            await pair.store.read([key])
            heard.length = 0
            await change(writer, key)
            await until(`${kind} was heard of`, () => heard.includes(key))
          }
        }
      })

      test('a change of one`s own is heard of before the change is confirmed', async () => {
        const key = newKey()
        const heard: (string | undefined)[] = []
        pair.store.watch((changed) => heard.push(changed))
        await pair.store.write(key, '1:a', LONG)
        await pair.store.read([key])
        heard.length = 0
        await pair.store.swap(key, 1, '2:b')
        expect(heard).toContain(key)
      })

      test('the creation of a record that was read as absent is heard of', async () => {
        const key = newKey()
        const heard: (string | undefined)[] = []
        pair.store.watch((changed) => heard.push(changed))
        expect(await readOne(key)).toBeUndefined()
        await pair.other.write(key, 'new', LONG)
        await until('it was heard of', () => heard.includes(key))
      })

      test('the end of a record`s lifetime is heard of', async () => {
        const key = newKey()
        const heard: (string | undefined)[] = []
        pair.store.watch((changed) => heard.push(changed))
        await pair.other.write(key, 'short', SHORT)
        await pair.store.read([key])
        heard.length = 0
        await until('it was heard of', () => heard.includes(key))
      })

      test('the link is live and tells of changes', () => {
        expect(pair.store.link.live).toBe(true)
        expect(pair.store.link.tells).toBe(true)
        expect(pair.store.link.certainAt).toBeGreaterThan(0)
      })
    })
  })
}

function newKey(): string {
  return `test:{${randomUUID()}}:record`
}

function soon(): number {
  return Date.now() + LONG
}

function times<Item>(count: number, make: (n: number) => Item): Item[] {
  return Array.from({ length: count }, (_, n) => make(n))
}

function stores({ store, other }: StorePair, n: number): Store {
  return n % 2 === 0 ? store : other
}

/** Until a lifetime that began before this call is certainly over. */
function outlive(milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds * 2
  return until('the time has passed', () => Date.now() > end)
}
