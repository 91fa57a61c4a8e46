import { describe, expect, test } from '@jest/globals'
import { createFindSession } from '../../../src/session/find-session.ts'
import type { OpenedSession } from '../../../src/session/open-session.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

const HOUR = 3_600_000

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
    seen: { seenAt: begun + seenAt, keptUntil: begun + 24 * HOUR },
  }
  const ends: string[] = []
  const find = createFindSession({
    cache: {
      peek: () => (isCached ? opened : undefined),
      read: async () => opened,
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
