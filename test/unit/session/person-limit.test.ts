import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { createEndSession } from '../../../src/session/end-session.ts'
import { createReadList, createReadListed } from '../../../src/session/listed-sessions.ts'
import { createLimitPerson } from '../../../src/session/person-limit.ts'
import { createLine } from '../../../src/session/place-in-line.ts'
import type { SessionId } from '../../../src/session/records.ts'
import { writeSeen } from '../../../src/session/seen.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import type { Store } from '../../../src/store/port.ts'
import { makeTicket, sessionParts } from '../../support/session-parts.ts'

const HOUR = 3_600_000
const ISSUER = 'https://idp.example'
const SUBJECT = 'ada'

/** Sessions of one person that begin as far as the limit is concerned, over a store that answers after `delay`. */
function setUp(most: number | undefined, delay: () => Promise<unknown> = async () => undefined) {
  const { keys, seals, lifetimes, now, clock, report, reported } = sessionParts()
  const memory = createMemoryStore({ mostRecords: 10_000, now })
  const late =
    <Given extends readonly unknown[], Answer>(call: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer> => {
      await delay()
      const answer = await call(...given)
      await delay()
      return answer
    }
  const store: Store = {
    ...memory,
    read: late(memory.read.bind(memory)),
    write: late(memory.write.bind(memory)),
    writeAll: late(memory.writeAll.bind(memory)),
    swap: late(memory.swap.bind(memory)),
    members: late(memory.members.bind(memory)),
    addMember: late(memory.addMember.bind(memory)),
    removeMember: late(memory.removeMember.bind(memory)),
    removeLeaving: late(memory.removeLeaving.bind(memory)),
    keep: late(memory.keep.bind(memory)),
  }
  const readList = createReadList(store, createReadListed({ store, keys, seals, lifetimes, now }))
  const endSession = createEndSession({ store, keys, forget: () => undefined, onEnded: () => undefined, report })
  const config = { mostPerPerson: most, absoluteTimeoutMilliseconds: 12 * HOUR }
  const limitPerson = createLimitPerson({ config, store, readList, endSession, keys, report })

  async function list(id: SessionId, lifetimeMilliseconds = 12 * HOUR): Promise<void> {
    const about = { handle: id.slice(0, 22), issuer: ISSUER, subject: SUBJECT, providerSession: undefined, network: undefined }
    const times = { createdAt: clock.at, loginStartedAt: clock.at, userAgent: '' }
    await store.writeAll([
      { key: keys.about(id), value: seals.sealAbout(id, { ...about, ...times }), lifetimeMilliseconds: HOUR },
      { key: keys.seen(id), value: writeSeen({ seenAt: clock.at, keptUntil: clock.at + HOUR }), lifetimeMilliseconds: HOUR },
    ])
    await store.addMember(keys.user(ISSUER, SUBJECT), id, clock.at + lifetimeMilliseconds, 1_000)
  }

  return {
    clock,
    keys,
    store,
    reported,
    list,
    limitPerson: (id: SessionId) => limitPerson({ id, issuer: ISSUER, subject: SUBJECT, replaces: undefined }),
    begin: async (id = makeTicket().id, replaces?: SessionId): Promise<SessionId> => {
      const endOldest = await limitPerson({ id, issuer: ISSUER, subject: SUBJECT, replaces })
      await list(id)
      await endOldest()
      return id
    },
    /** Those of `ids` that are open, and why the others are not. */
    states: async (ids: readonly SessionId[]): Promise<readonly string[]> => {
      const ended = await Promise.all(ids.map((id) => memory.read([keys.ended(id)])))
      return ended.map(([reason]) => reason ?? 'open')
    },
  }
}

async function someTurns(): Promise<void> {
  for (let left = Math.floor(Math.random() * 6); left > 0; left -= 1) await turn()
}

describe('the limit of sessions of a person', () => {
  test('ends the oldest as replaced, and never the new one', async () => {
    const { begin, states, reported } = setUp(2)
    const ids = [await begin(), await begin(), await begin(), await begin()]
    expect(await states(ids)).toEqual(['replaced', 'replaced', 'open', 'open'])
    expect(reported.filter(({ name }) => name === 'limit_reached')).toEqual([
      { name: 'limit_reached', fields: { limit: 'person', endpoint: 'login', subject: SUBJECT } },
      { name: 'limit_reached', fields: { limit: 'person', endpoint: 'login', subject: SUBJECT } },
    ])
  })

  test('is none where none is set', async () => {
    const { begin, states, store, keys } = setUp(undefined)
    const ids = [await begin(), await begin(), await begin()]
    expect(await states(ids)).toEqual(['open', 'open', 'open'])
    expect(await store.read([keys.userLine(ISSUER, SUBJECT)])).toEqual([undefined])
  })

  test('goes by the order in which sessions began, whatever the clocks of instances say', async () => {
    const { begin, states, clock } = setUp(1)
    const ahead = await begin()
    clock.at -= 30_000
    const behind = await begin()
    expect(await states([ahead, behind])).toEqual(['replaced', 'open'])
  })

  test('does not count who is idle, nor the session that this one replaces in its own browser, which ends', async () => {
    const { begin, states, store, keys } = setUp(2)
    const [idle, other, mine] = [await begin(), await begin(), makeTicket().id]
    await store.remove([keys.seen(idle)])
    await begin(mine)
    expect(await states([idle, other, mine])).toEqual(['open', 'open', 'open'])
    const next = await begin(undefined, mine)
    expect(await states([other, mine, next])).toEqual(['open', 'replaced', 'open'])
  })

  test('takes sessions of before there was a limit for the oldest, the oldest of them first', async () => {
    const { begin, list, states, clock } = setUp(2)
    const [first, second] = [makeTicket().id, makeTicket().id]
    // Which of them is first on the list is decided by their ends.
    await list(second, 2 * HOUR)
    clock.at -= 1_000
    await list(first)
    const third = await begin()
    expect(await states([first, second, third])).toEqual(['replaced', 'open', 'open'])
  })

  test('ends a session that dawdled until others had come after it, rather than one of these', async () => {
    const { begin, list, limitPerson, states } = setUp(1)
    const dawdling = makeTicket().id
    const endOldest = await limitPerson(dawdling)
    const quick = await begin()
    await list(dawdling)
    await endOldest()
    expect(await states([dawdling, quick])).toEqual(['replaced', 'open'])
  })

  test('loses nobody in the line who joins at the same instant', async () => {
    const { store, keys } = setUp(1, () => turn())
    const line = createLine(store, HOUR)
    const place = keys.userLine(ISSUER, SUBJECT)
    const ids = Array.from({ length: 12 }, () => makeTicket().id)
    await Promise.all(ids.map((id) => line.join(place, id)))
    expect((await line.read(place)).toSorted()).toEqual(ids.toSorted())
  })

  test('keeps the line short, and it goes by itself', async () => {
    const { store, keys, clock } = setUp(1)
    const line = createLine(store, HOUR)
    const place = keys.userLine(ISSUER, SUBJECT)
    const ids = Array.from({ length: 105 }, () => makeTicket().id)
    for (const id of ids) {
      clock.at += 60_000
      await line.join(place, id)
    }
    expect(await line.read(place)).toEqual(ids.slice(5))
    clock.at += HOUR
    expect(await line.read(place)).toEqual([])
  })

  test.each([1, 2, 3])(
    'is %i to the unit, however sessions that begin at the same instant get in one another’s way',
    async (most) => {
      for (let round = 0; round < 40; round += 1) {
        const { begin, states } = setUp(most, someTurns)
        const before = [await begin(), await begin()]
        const ids = [...before, ...(await Promise.all(Array.from({ length: 6 }, () => begin())))]
        const open = (await states(ids)).filter((state) => state === 'open')
        expect([round, open.length]).toEqual([round, most])
      }
    },
  )

  test('ends at the next sign-in what could not be ended at this one', async () => {
    const { begin, list, states } = setUp(1)
    const [first, second] = [await begin(), makeTicket().id]
    // As an instance leaves it that dies before it has ended anybody.
    await list(second)
    const third = await begin()
    expect(await states([first, second, third])).toEqual(['replaced', 'replaced', 'open'])
  })
})
