import { describe, expect, test } from '@jest/globals'
import { createHoldGrant } from '../../../src/session/hold-grant.ts'
import { createOpenSession, type OpenedSession } from '../../../src/session/open-session.ts'
import type { AccessToken, LiveSession, Ticket } from '../../../src/session/records.ts'
import { createRecentEndings } from '../../../src/session/recent-endings.ts'
import { createRenewedGrants } from '../../../src/session/renewed-grants.ts'
import { writeSeen } from '../../../src/session/seen.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { createRecordCache } from '../../../src/store/record-cache.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

const HOUR = 3_600_000
const GRACE = 10_000

/** A session that was opened here, over a store whose link the test says. */
async function setUp() {
  const { keys, seals, now, clock, lifetimes } = sessionParts()
  const memory = createMemoryStore({ mostRecords: 10, now })
  const link = { live: true, certainAt: clock.at, foundAgainAt: -Infinity, tells: true }
  const store = { ...memory, link }
  const renewed = createRenewedGrants({ most: 10, now })
  const openSession = createOpenSession({ store, keys, seals, lifetimes, renewed, endings: createRecentEndings(now) })
  const cache = createRecordCache<OpenedSession, Ticket>({
    load: (_, ticket) => openSession(ticket),
    idOfKey: keys.staleId,
    store,
    most: 10,
    outageGraceMilliseconds: GRACE,
    now,
  })
  const session = makeSession({ accessTokenExpiresAt: clock.at + HOUR })
  const { ticket, record, grant } = session
  await store.write(keys.session(ticket.id), seals.sealSession(ticket, JSON.stringify({ record })), HOUR)
  await store.write(keys.grant(ticket.id), seals.sealGrant(ticket, grant), HOUR)
  await store.write(keys.seen(ticket.id), writeSeen({ seenAt: clock.at, keptUntil: clock.at + HOUR }), HOUR)
  const next: LiveSession = { ticket, record, grant: { ...grant, version: 2, accessToken: 'access-2' as AccessToken } }
  const read = () => cache.read(ticket.id, ticket)
  return { clock, link, cache, session, next, read, renewed, holdGrant: createHoldGrant({ cache, renewed, lifetimes }) }
}

describe('a session whose renewed grant could not be written', () => {
  test('is served with it from the cache at once, activity and all', async () => {
    const { cache, session, next, read, holdGrant } = await setUp()
    const before = { ...(await read()) }
    holdGrant(next)
    expect(cache.peek(session.ticket.id)).toMatchObject({
      session: { grant: { version: 2 } },
      verdict: { kind: 'live', session: { grant: { accessToken: 'access-2' } } },
      seen: before.seen,
    })
  })

  test('is served while the store is away, but not for longer than without it', async () => {
    const { cache, clock, link, session, next, read, holdGrant } = await setUp()
    await read()
    link.live = false
    clock.at += GRACE - 1
    holdGrant(next)
    expect(cache.peek(session.ticket.id)).toMatchObject({ session: { grant: { version: 2 } } })
    clock.at += 1
    expect(cache.peek(session.ticket.id)).toBeUndefined()
  })

  test('is not served from the cache where it was not in there: nothing says that it still lives', async () => {
    const { cache, session, next, holdGrant } = await setUp()
    holdGrant(next)
    expect(cache.peek(session.ticket.id)).toBeUndefined()
  })

  test('is served with it too where the store, which holds the old one, is read again', async () => {
    const { cache, session, next, read, holdGrant } = await setUp()
    holdGrant(next)
    cache.forget(session.ticket.id)
    expect(await read()).toMatchObject({ session: { grant: { version: 2, accessToken: 'access-2' } } })
  })

  test('ends when the new grant says', async () => {
    const { cache, clock, session, next, read, holdGrant } = await setUp()
    await read()
    holdGrant({ ...next, grant: { ...next.grant, refreshTokenExpiresAt: clock.at + 5 } })
    expect(cache.peek(session.ticket.id)?.endsAt).toBe(clock.at + 5)
  })
})
