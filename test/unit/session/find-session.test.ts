import { describe, expect, test } from '@jest/globals'
import { createFindSession } from '../../../src/session/find-session.ts'
import type { OpenedSession } from '../../../src/session/open-session.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'
import { HOUR, tokenParts, withGrant } from '../../support/token-parts.ts'

/** A judge of one session, whose records the store keeps for far too long. */
function setUp({ seenAt = 0, absoluteExpiresAt = 12 * HOUR, isCached = true }) {
  const { keys, lifetimes, now, clock } = sessionParts()
  const begun = clock.at
  const made = makeSession()
  const session = { ...made, record: { ...made.record, absoluteExpiresAt: begun + absoluteExpiresAt } }
  const opened: OpenedSession = {
    session,
    verdict: { kind: 'live', session },
    endsAt: session.record.absoluteExpiresAt,
    idleMilliseconds: HOUR,
    seen: { seenAt: begun + seenAt, keptUntil: begun + 24 * HOUR },
  }
  const ends: string[] = []
  const find = createFindSession({
    cache: {
      peek: () => (isCached ? opened : undefined),
      read: async () => opened,
      reload: async () => undefined,
      forget: () => undefined,
      size: 1,
    },
    endingReason: async () => 'none',
    endSession: async (_, reason) => {
      ends.push(reason)
      return { kind: 'ended', reason }
    },
    store: createMemoryStore({ mostRecords: 10, now }),
    keys,
    lifetimes,
    now,
  })
  return { find: () => find(session.ticket), ends, clock }
}

describe.each([true, false])('a session whose records are there still (cached: %s)', (isCached) => {
  test('has ended at its absolute deadline, however lately somebody was there', async () => {
    const { find, ends, clock } = setUp({ seenAt: 12 * HOUR, isCached })
    clock.at += 12 * HOUR - 1
    expect(await find()).toMatchObject({ kind: 'live' })
    clock.at += 1
    expect(await find()).toEqual({ kind: 'ended', reason: 'expired' })
    expect(ends).toEqual(['expired'])
  })

  test('has ended an hour after somebody was there, on the store’s word', async () => {
    const { find, ends, clock } = setUp({ isCached })
    clock.at += HOUR - 1
    expect(await find()).toMatchObject({ kind: 'live' })
    clock.at += 1
    expect(await find()).toEqual({ kind: 'ended', reason: 'idle' })
    expect(ends).toEqual(['idle'])
  })
})

describe('a session whose refresh token has run out', () => {
  test('has expired', async () => {
    const { begin, sessions, clock } = tokenParts([])
    const { ticket } = await begin({ refreshTokenExpiresAt: clock.at + HOUR / 2 })
    expect(await sessions.find(ticket)).toMatchObject({ kind: 'live' })
    clock.at += HOUR / 2
    expect(await sessions.find(ticket)).toEqual({ kind: 'ended', reason: 'expired' })
  })

  test('has not where it was renewed elsewhere a moment ago, though nobody has told of that yet', async () => {
    const { begin, sessions, clock, keys, seals, store } = tokenParts([])
    const session = await begin({ refreshTokenExpiresAt: clock.at + HOUR / 2 })
    const { ticket } = session
    await sessions.find(ticket)
    const renewed = withGrant(session, 2, { refreshTokenExpiresAt: clock.at + HOUR })
    const before = { ...store }
    const stored = seals.sealGrant(ticket, renewed.grant)
    // Written by somebody else, and the store's word of it is late.
    Object.assign(store, {
      read: async (names: readonly string[]) =>
        (await before.read(names)).map((value, index) => (names[index] === keys.grant(ticket.id) ? stored : value)),
    })
    clock.at += HOUR / 2
    expect(await sessions.find(ticket)).toMatchObject({ kind: 'live', session: { grant: { version: 2 } } })
  })

  test('has not ended while the store cannot say so', async () => {
    const { begin, sessions, clock, fail } = tokenParts([])
    const { ticket } = await begin({ refreshTokenExpiresAt: clock.at + HOUR / 2 })
    await sessions.find(ticket)
    clock.at += HOUR / 2
    fail('read', 1)
    await expect(sessions.find(ticket)).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
