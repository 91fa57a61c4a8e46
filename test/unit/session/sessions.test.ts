import { describe, expect, test } from '@jest/globals'
import { createRecordCache } from '../../../src/store/record-cache.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import type { Store } from '../../../src/store/port.ts'
import { createEndingReason, createLeftReason } from '../../../src/session/ending-reason.ts'
import { createEndSession } from '../../../src/session/end-session.ts'
import { createExpressStoreClient } from '../../../src/session/express-store-client.ts'
import { createFindSession } from '../../../src/session/find-session.ts'
import { createOpenSession, type OpenedSession } from '../../../src/session/open-session.ts'
import { createRecordActivity } from '../../../src/session/record-activity.ts'
import type { AccessToken, GrantRecord, LiveSession, Ticket } from '../../../src/session/records.ts'
import { createRecentEndings } from '../../../src/session/recent-endings.ts'
import { createRenewedGrants } from '../../../src/session/renewed-grants.ts'
import { createReplaceGrant } from '../../../src/session/replace-grant.ts'
import { writeSeen } from '../../../src/session/seen.ts'
import { makeGrant, makeSession, makeTicket, sessionParts } from '../../support/session-parts.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The session folder over the memory store, and a way to begin a session without a browser. */
function setUp(wrap: (store: Store) => Store = (store) => store) {
  const parts = sessionParts()
  const { keys, seals, now, lifetimes, report, clock } = parts
  const store = wrap(createMemoryStore({ mostRecords: 1_000, now }))
  const renewed = createRenewedGrants({ most: 10, now })
  const endings = createRecentEndings(now)
  const openSession = createOpenSession({ store, keys, seals, lifetimes, renewed, endings })
  const cache = createRecordCache<OpenedSession, Ticket>({
    load: (_, ticket) => openSession(ticket),
    idOfKey: keys.staleId,
    store,
    most: 10,
    outageGraceMilliseconds: 0,
    now,
  })
  const endSession = createEndSession({ store, keys, forget: cache.forget, onEnded: () => undefined, report })
  const express = createExpressStoreClient(store, keys, seals)

  async function begin(grant: Partial<GrantRecord> = {}): Promise<LiveSession> {
    const ticket = makeTicket()
    const session = makeSession(grant, ticket)
    const record = { ...session.record, createdAt: clock.at, absoluteExpiresAt: clock.at + 12 * HOUR }
    await store.writeAll([
      { key: keys.grant(ticket.id), value: seals.sealGrant(ticket, session.grant), lifetimeMilliseconds: 2 * HOUR },
      {
        key: keys.seen(ticket.id),
        value: writeSeen({ seenAt: clock.at, keptUntil: clock.at + 2 * HOUR }),
        lifetimeMilliseconds: HOUR,
      },
    ])
    await express.set(ticket.secret, JSON.stringify({ record }), 2 * HOUR, 'absent')
    return { ticket, record, grant: session.grant }
  }

  return {
    ...parts,
    store,
    cache,
    express,
    begin,
    endSession,
    find: createFindSession({
      cache,
      endingReason: createEndingReason(createLeftReason(store, keys), endings),
      endSession,
      store,
      keys,
      lifetimes,
      now,
    }),
    activity: createRecordActivity({ cache, store, keys, lifetimes, now }),
    replaceGrant: createReplaceGrant(store, keys, seals, cache.forget),
  }
}

describe('a session', () => {
  test('is found by its ticket, with its grant, and without waiting the second time', async () => {
    const { begin, find } = setUp()
    const { ticket, grant } = await begin()
    expect(await find(ticket)).toMatchObject({
      kind: 'live',
      session: { ticket, grant: { version: 1, accessToken: grant.accessToken } },
    })
    expect(find(ticket)).not.toBeInstanceOf(Promise)
  })

  test('that never was is expired: its signature is good, its record is not there', async () => {
    expect(await setUp().find(makeTicket())).toEqual({ kind: 'ended', reason: 'expired' })
  })

  test('that ended stays ended, with its reason, and nothing late revives it', async () => {
    const { begin, find, endSession, express, replaceGrant, activity, store, keys } = setUp()
    const session = await begin()
    await find(session.ticket)
    await endSession(session, 'signed_out')

    expect(await express.set(session.ticket.secret, '{}', HOUR, 'present')).toBe(false)
    expect(await replaceGrant({ ...session, grant: makeGrant({ version: 2 }) })).toBe('absent')
    activity.noted(session)
    await activity.extended(session)
    expect(await find(session.ticket)).toEqual({ kind: 'ended', reason: 'signed_out' })
    expect(
      await store.read([keys.session(session.ticket.id), keys.grant(session.ticket.id), keys.seen(session.ticket.id)]),
    ).toEqual([undefined, undefined, undefined])
  })

  test('stays ended even where a record is written again after its end', async () => {
    const { begin, find, endSession, store, keys } = setUp()
    const session = await begin()
    const { id } = session.ticket
    const [record, grant, seen] = await store.read([keys.session(id), keys.grant(id), keys.seen(id)])
    await endSession(session, 'revoked')
    await store.write(keys.session(id), record ?? '', HOUR)
    await store.write(keys.grant(id), grant ?? '', HOUR)
    await store.write(keys.seen(id), seen ?? '', HOUR)
    expect(await find(session.ticket)).toEqual({ kind: 'ended', reason: 'revoked' })
  })

  test('is idle after an hour without anybody, and says so to who comes later too', async () => {
    const { begin, find, clock } = setUp()
    const { ticket } = await begin()
    await find(ticket)
    clock.at += HOUR
    expect(await find(ticket)).toEqual({ kind: 'ended', reason: 'idle' })
    expect(await find(ticket)).toEqual({ kind: 'ended', reason: 'idle' })
  })

  test('with an idle timeout of its own is idle by that, and lives on by it', async () => {
    const { begin, find, activity, clock, store, keys } = setUp()
    const session = await begin({ idleTimeoutMilliseconds: 4 * MINUTE })
    await find(session.ticket)
    clock.at += 3 * MINUTE
    expect(await activity.extended(session)).toBe(clock.at + 4 * MINUTE)
    expect(await activity.idleDeadline(session)).toBe(clock.at + 4 * MINUTE)
    clock.at += 4 * MINUTE - 1
    expect(find(session.ticket)).toMatchObject({ kind: 'live' })
    expect(await store.read([keys.seen(session.ticket.id)])).not.toEqual([undefined])
    clock.at += 1
    // As for whoever sees the list, without the cookie.
    expect(await store.read([keys.seen(session.ticket.id)])).toEqual([undefined])
    expect(await find(session.ticket)).toEqual({ kind: 'ended', reason: 'idle' })
  })

  test('with a short idle timeout of its own writes its activity often enough', async () => {
    const { begin, find, activity, clock, cache } = setUp()
    const session = await begin({ idleTimeoutMilliseconds: 20_000 })
    for (let second = 0; second < 60; second += 1) {
      const verdict = await find(session.ticket)
      expect([second, verdict.kind]).toEqual([second, 'live'])
      activity.noted(session)
      await Promise.resolve()
      // As at an instance that is asked next.
      if (second % 7 === 0) cache.forget(session.ticket.id)
      clock.at += 4_000
    }
  })

  test('that is idle leaves nothing behind, though nobody here had it open', async () => {
    const { begin, find, store, keys, reported } = setUp()
    const { id, ...rest } = (await begin()).ticket
    await store.remove([keys.seen(id)])
    expect(await find({ id, ...rest })).toEqual({ kind: 'ended', reason: 'idle' })
    expect(await store.read([keys.session(id), keys.grant(id)])).toEqual([undefined, undefined])
    expect(reported.filter(({ name }) => name === 'session_ended')).toHaveLength(1)
  })

  test('that is idle cannot be extended', async () => {
    const { begin, find, activity, store, keys } = setUp()
    const session = await begin()
    await find(session.ticket)
    await store.remove([keys.seen(session.ticket.id)])
    expect(await activity.idleDeadline(session)).toBeUndefined()
    expect(await activity.extended(session)).toBeUndefined()
    expect(await find(session.ticket)).toEqual({ kind: 'ended', reason: 'idle' })
  })

  test('does not lapse because its records could not be kept longer once', async () => {
    const failing = { is: false }
    const { begin, find, activity, clock, cache } = setUp((store) => ({
      ...store,
      keep: (...given) => (failing.is ? Promise.reject(new Error('away')) : store.keep(...given)),
    }))
    const session = await begin()
    for (let minute = 0; minute < 240; minute += 1) {
      failing.is = minute === 61
      const verdict = await find(session.ticket)
      expect([minute, verdict.kind]).toEqual([minute, 'live'])
      activity.noted(session)
      await activity.extended(session).catch(() => undefined)
      // As another instance would, or this one after a refresh: what counts is what the store says.
      cache.forget(session.ticket.id)
      clock.at += MINUTE
    }
  })

  test('is not idle here where somebody was seen elsewhere', async () => {
    const { begin, find, clock, store, keys } = setUp()
    const { ticket } = await begin()
    await find(ticket)
    clock.at += HOUR - MINUTE
    await store.write(keys.seen(ticket.id), writeSeen({ seenAt: clock.at, keptUntil: clock.at + HOUR }), HOUR, 'present')
    clock.at += 2 * MINUTE
    expect(await find(ticket)).toMatchObject({ kind: 'live' })
  })

  test('ends at its absolute deadline, however busy it is', async () => {
    const { begin, find, clock, activity } = setUp()
    const { ticket } = await begin()
    const until = clock.at + 12 * HOUR
    while (clock.at + 30 * MINUTE < until) {
      const verdict = await find(ticket)
      if (verdict.kind !== 'live') throw new Error(`ended too early: ${verdict.reason}`)
      await activity.extended(verdict.session)
      clock.at += 30 * MINUTE
    }
    expect(await find(ticket)).toMatchObject({ kind: 'live' })
    clock.at = until
    expect(await find(ticket)).toEqual({ kind: 'ended', reason: 'expired' })
  })

  test('writes its activity once a minute at most, and never touches the sealed records for it', async () => {
    const writes: string[] = []
    const { begin, find, clock, activity, keys } = setUp((store) => ({
      ...store,
      write: (key, ...rest) => {
        writes.push(key)
        return store.write(key, ...rest)
      },
      keep: (names, ...rest) => {
        writes.push(...names)
        return store.keep(names, ...rest)
      },
    }))
    const session = await begin()
    writes.length = 0
    for (let second = 0; second < 180; second += 1) {
      await find(session.ticket)
      activity.noted(session)
      await Promise.resolve()
      clock.at += 1_000
    }
    expect(writes).toEqual([keys.seen(session.ticket.id), keys.seen(session.ticket.id)])
  })

  test('tries again to note activity where the store could not be reached', async () => {
    const failing = { is: false }
    const { begin, find, activity, clock, store, keys } = setUp((store) => ({
      ...store,
      write: (...given) => (failing.is ? Promise.reject(new Error('away')) : store.write(...given)),
    }))
    const session = await begin()
    await find(session.ticket)
    clock.at += 2 * MINUTE
    failing.is = true
    activity.noted(session)
    await new Promise(setImmediate)
    failing.is = false
    activity.noted(session)
    await new Promise(setImmediate)
    const [seen] = await store.read([keys.seen(session.ticket.id)])
    expect(seen).toContain(String(clock.at))
  })

  test('whose record was sealed by a key that nobody here knows is neither live nor ended', async () => {
    const { begin, find, store, keys } = setUp()
    const session = await begin()
    const { seals } = setUp()
    await store.write(keys.session(session.ticket.id), seals.sealSession(session.ticket, '{}'), HOUR)
    await expect(find(session.ticket)).rejects.toMatchObject({ code: 'record_unreadable' })
    expect(await store.read([keys.grant(session.ticket.id)])).not.toEqual([undefined])
  })

  test('does not open from records that were moved to another session', async () => {
    const { begin, find, store, keys } = setUp()
    const [mine, theirs] = [await begin(), await begin()]
    const [grant] = await store.read([keys.grant(theirs.ticket.id)])
    await store.write(keys.grant(mine.ticket.id), grant ?? '', HOUR)
    await expect(find(mine.ticket)).rejects.toMatchObject({ code: 'record_unreadable' })
  })

  test('does not open from a grant whose version was rolled back or forward', async () => {
    const { begin, find, store, keys } = setUp()
    const { ticket } = await begin()
    const [grant] = await store.read([keys.grant(ticket.id)])
    await store.write(keys.grant(ticket.id), (grant ?? '').replace(/^1:/, '2:'), HOUR)
    await expect(find(ticket)).rejects.toMatchObject({ code: 'record_unreadable' })
  })

  test('takes a new grant only over the version that it was made from', async () => {
    const { begin, find, replaceGrant } = setUp()
    const session = await begin()
    const next = { version: 2, accessToken: 'access-2' as AccessToken, refreshToken: 'refresh-2' }
    const late = { version: 2, accessToken: 'access-late' as AccessToken, refreshToken: 'refresh-late' }
    expect(await replaceGrant({ ...session, grant: makeGrant(next) })).toBe('written')
    expect(await replaceGrant({ ...session, grant: makeGrant(late) })).toBe('conflict')
    expect(await find(session.ticket)).toMatchObject({ session: { grant: next } })
  })
})
