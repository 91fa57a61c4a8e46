import { describe, expect, test } from '@jest/globals'
import { createEndingReason, createLeftReason } from '../../../src/session/ending-reason.ts'
import { createEndSession } from '../../../src/session/end-session.ts'
import { createGrantOf } from '../../../src/session/grant-of.ts'
import { createSessionKeys } from '../../../src/session/keys.ts'
import { createOpenSession } from '../../../src/session/open-session.ts'
import { createRecentEndings } from '../../../src/session/recent-endings.ts'
import { createRenewedGrants } from '../../../src/session/renewed-grants.ts'
import type { SessionId } from '../../../src/session/records.ts'
import { parseSeen, writeSeen } from '../../../src/session/seen.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { makeSession, makeTokens, sessionParts } from '../../support/session-parts.ts'

const HOUR = 3_600_000

describe('a time of activity', () => {
  test('is a whole number, and nothing else is read as one', () => {
    expect(writeSeen({ seenAt: 1.9, keptUntil: 2.9 })).toBe('1:2')
    expect(parseSeen('1:2')).toEqual({ seenAt: 1, keptUntil: 2 })
    for (const text of [undefined, '', '1', '1:', ':2', '-1:2', '1:2:3', '1e9:2', ' 1:2', '99999999999999999:1'])
      expect(parseSeen(text)).toBeUndefined()
  })
})

describe("a session's names", () => {
  const keys = createSessionKeys('app')
  const id = 'i'.repeat(43) as SessionId

  test('are of one deployment, one session and one kind, and share a slot of a cluster', () => {
    const names = [keys.session, keys.grant, keys.seen, keys.about, keys.lease, keys.ended].map((name) => name(id))
    expect(new Set(names).size).toBe(6)
    for (const name of names) expect(name.startsWith(`app:{${id}}:`)).toBe(true)
    expect(createSessionKeys('other').session(id)).not.toBe(keys.session(id))
  })

  test('of a person hold issuer and subject, and neither of them in clear', () => {
    const names = [keys.user('https://a', 'ada'), keys.user('https://b', 'ada'), keys.user('https://a', 'bob')]
    expect(new Set([...names, keys.providerSession('https://a', 'ada')]).size).toBe(4)
    expect(keys.user('a', 'bc')).not.toBe(keys.user('ab', 'c'))
    expect(names.join(' ')).not.toMatch(/ada|https/)
    expect(keys.user('https://a', 'ada')).toMatch(/^app:user:[\w-]{43}$/)
  })

  test('make what is cached stale where session, grant or end are written, not where activity is', () => {
    for (const name of [keys.session, keys.grant, keys.ended]) expect(keys.staleId(name(id))).toBe(id)
    for (const name of [keys.seen, keys.about, keys.lease]) expect(keys.staleId(name(id))).toBeUndefined()
    for (const name of ['app:login:x', `app:{${id}}:grantx`, 'app:{short}:grant']) expect(keys.staleId(name)).toBeUndefined()
  })
})

describe('the grant that a login makes', () => {
  test('ends when the provider says, in seconds from now, and never where it does not', () => {
    const grantOf = createGrantOf(['sub'])
    expect(grantOf(makeTokens({ expiresInSeconds: 300 }), 1_000)).toMatchObject({
      accessTokenExpiresAt: 301_000,
      issuedAt: 1_000,
    })
    expect(grantOf(makeTokens({ expiresInSeconds: undefined }), 1_000).accessTokenExpiresAt).toBeUndefined()
  })

  test('holds the listed claims that there are, and no others', () => {
    expect(createGrantOf(['name', 'sub', 'email', 'toString', '__proto__'])(makeTokens(), 0).claims).toEqual({
      name: 'Ada',
      sub: 'ada',
    })
  })
})

describe('a record', () => {
  test('opens no session where any of session, grant and activity is missing', async () => {
    const { keys, seals, now, lifetimes } = sessionParts()
    const store = createMemoryStore({ mostRecords: 100, now })
    const renewed = createRenewedGrants({ most: 10, now })
    const { ticket, record, grant } = makeSession()
    const { id } = ticket
    const endings = createRecentEndings(now)
    const open = createOpenSession({ store, keys, seals, lifetimes, renewed, endings })
    const records = {
      [keys.session(id)]: seals.sealSession(ticket, JSON.stringify({ record })),
      [keys.grant(id)]: seals.sealGrant(ticket, grant),
      [keys.seen(id)]: writeSeen({ seenAt: 1, keptUntil: 2 }),
    }
    const write = () => Promise.all(Object.entries(records).map(([key, value]) => store.write(key, value, HOUR)))
    await write()
    expect(await open(ticket)).toMatchObject({ session: { record: { subject: 'ada' } }, seen: { seenAt: 1 } })
    for (const key of [keys.session(id), keys.grant(id)]) {
      await write()
      await store.remove([key])
      expect(await open(ticket)).toBeUndefined()
    }
    await write()
    await store.remove([keys.seen(id)])
    expect(await open(ticket)).toMatchObject({ seen: { seenAt: -Infinity } })
    // As after a failover that lost the ending.
    endings.remember(id, 'signed_out')
    expect(await open(ticket)).toBeUndefined()
  })

  test('that is gone says why: what the end left, else what is remembered of it, else expired', async () => {
    const { keys, now } = sessionParts()
    const store = createMemoryStore({ mostRecords: 100, now })
    const endings = createRecentEndings(now)
    const reason = createEndingReason(createLeftReason(store, keys), endings)
    const { id } = makeSession().ticket
    expect(await reason(id)).toBe('expired')
    await store.write(keys.ended(id), 'nonsense', HOUR)
    expect(await reason(id)).toBe('expired')
    endings.remember(id, 'idle')
    expect(await reason(id)).toBe('idle')
    await store.write(keys.ended(id), 'replaced', HOUR)
    expect(await reason(id)).toBe('replaced')
  })
})

/** A store with the records of one session, its lists, and the folder's way to end it. */
async function beginEnding() {
  const { keys, now, report, reported } = sessionParts()
  const store = createMemoryStore({ mostRecords: 100, now })
  const session = makeSession()
  const { id } = session.ticket
  const lists = [keys.user('https://idp.example', 'ada'), keys.providerSession('https://idp.example', 'sid-1')]
  for (const list of lists) await store.addMember(list, id, HOUR + now(), 10)
  for (const name of [keys.session(id), keys.grant(id)]) await store.write(name, 'x', HOUR)
  return { keys, report, reported, store, session, id, lists }
}

const away = () => Promise.reject(new Error('away'))

describe('an ending', () => {
  test('takes the records, leaves its reason, forgets what is cached, leaves no list, and is told', async () => {
    const { keys, report, reported, store, session, id, lists } = await beginEnding()
    const forgotten: string[] = []
    const end = createEndSession({ store, keys, forget: (each) => forgotten.push(each), onEnded: () => undefined, report })
    expect(await end(session, 'revoked')).toEqual({ kind: 'ended', reason: 'revoked' })
    expect(await store.read([keys.session(id), keys.grant(id), keys.ended(id)])).toEqual([undefined, undefined, 'revoked'])
    expect(forgotten).toEqual([id])
    for (const list of lists) expect(await store.members(list)).toEqual([])
    expect(reported).toEqual([{ name: 'session_ended', fields: { session: id.slice(0, 12), subject: 'ada', reason: 'revoked' } }])
  })

  test('happens once, and keeps its first reason, however many end the same session at once', async () => {
    const { keys, report, reported, store, session, id } = await beginEnding()
    const end = createEndSession({ store, keys, forget: () => undefined, onEnded: () => undefined, report })
    await Promise.all([end(session, 'signed_out'), end(session, 'expired'), end(session, 'idle')])
    expect(reported).toHaveLength(1)
    expect(await store.read([keys.ended(id)])).toEqual(['signed_out'])
  })

  test('happens whole or not at all', async () => {
    const { keys, report, store, session, id } = await beginEnding()
    const end = createEndSession({
      store: { ...store, removeLeaving: away },
      keys,
      forget: () => undefined,
      onEnded: () => undefined,
      report,
    })
    await expect(end(session, 'signed_out')).rejects.toThrow('away')
    expect(await store.read([keys.grant(id), keys.ended(id)])).toEqual(['x', undefined])
  })

  test('has happened although a list still names it, and that is told', async () => {
    const { keys, report, reported, store, session } = await beginEnding()
    const end = createEndSession({
      store: { ...store, removeMember: away },
      keys,
      forget: () => undefined,
      onEnded: () => undefined,
      report,
    })
    expect(await end(session, 'signed_out')).toEqual({ kind: 'ended', reason: 'signed_out' })
    expect(reported.map(({ name }) => name)).toContain('store_warning')
  })
})
