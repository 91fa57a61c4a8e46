import { describe, expect, test } from '@jest/globals'
import { createEndListed } from '../../../src/session/end-listed.ts'
import { createEndSession } from '../../../src/session/end-session.ts'
import { createEndWithoutCookie } from '../../../src/session/end-without-cookie.ts'
import { createLateLogins } from '../../../src/session/late-logins.ts'
import { createReadList, createReadListed } from '../../../src/session/listed-sessions.ts'
import { writeRetirement } from '../../../src/session/retirement.ts'
import { writeSeen } from '../../../src/session/seen.ts'
import { openOnes } from '../../../src/session/show-listed.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import type { Store } from '../../../src/store/port.ts'
import { makeTicket, sessionParts } from '../../support/session-parts.ts'

const HOUR = 3_600_000
const ISSUER = 'https://idp.example'

interface Beginning {
  readonly subject?: string
  readonly sid?: string
  readonly loginStartedAt?: number
}

function setUp(wrap: (store: Store) => Store = (store) => store) {
  const parts = sessionParts()
  const { keys, seals, now, lifetimes, report, reported, clock } = parts
  const store = wrap(createMemoryStore({ mostRecords: 10_000, now }))
  const readList = createReadList(store, createReadListed({ store, keys, seals, lifetimes, now }))
  const lateLogins = createLateLogins({ store, keys, loginTimeoutMilliseconds: 600_000 })
  const endSession = createEndSession({ store, keys, forget: () => undefined, onEnded: () => undefined, report })
  const endWithoutCookie = createEndWithoutCookie({ endSession, held: () => undefined, revokeTokens: () => undefined })

  async function begin({ subject = 'ada', sid = 'sid-1', loginStartedAt = clock.at }: Beginning = {}) {
    const { id } = makeTicket()
    const about = {
      handle: id.slice(0, 22),
      issuer: ISSUER,
      subject,
      providerSession: sid,
      createdAt: clock.at,
      loginStartedAt,
      userAgent: '',
      network: undefined,
    }
    await store.writeAll([
      { key: keys.about(id), value: seals.sealAbout(id, about), lifetimeMilliseconds: HOUR },
      { key: keys.seen(id), value: writeSeen({ seenAt: clock.at, keptUntil: clock.at + HOUR }), lifetimeMilliseconds: HOUR },
    ])
    for (const list of [keys.user(ISSUER, subject), keys.providerSession(ISSUER, sid)])
      await store.addMember(list, id, clock.at + HOUR, 1_000)
    return id
  }

  const open = async (subject = 'ada') => openOnes(await readList(keys.user(ISSUER, subject))).map(({ id }) => id)
  const ended = () => reported.filter(({ name }) => name === 'session_ended').length
  return {
    ...parts,
    store,
    begin,
    open,
    ended,
    readList,
    lateLogins,
    endListed: createEndListed({ readList, lateLogins, endWithoutCookie, keys }),
  }
}

const NOW = { reason: 'revoked', at: 1_790_000_000_000 } as const

describe('ending the sessions of a list', () => {
  test('ends a thousand of them, and leaves none on it', async () => {
    const { begin, open, endListed, ended, store, keys } = setUp()
    for (let n = 0; n < 1_000; n += 1) await begin()
    expect(await endListed({ issuer: ISSUER, subject: 'ada' }, NOW)).toBe(1_000)
    expect([(await open()).length, ended(), await store.members(keys.providerSession(ISSUER, 'sid-1'))]).toEqual([0, 1_000, []])
  })

  test('ends what this server cannot open, on the word of the list', async () => {
    const { begin, endListed, store, keys } = setUp()
    const id = await begin()
    await store.write(keys.about(id), 'of another server', HOUR)
    await endListed({ issuer: ISSUER, providerSession: 'sid-1' }, NOW)
    expect(await store.read([keys.about(id), keys.seen(id), keys.ended(id)])).toEqual([undefined, undefined, 'revoked'])
  })

  test('of another issuer, or of nobody, ends nothing', async () => {
    const { begin, open, endListed } = setUp()
    await begin()
    await endListed({ issuer: 'https://other.example', subject: 'ada', providerSession: 'sid-1' }, NOW)
    await endListed({ issuer: 'https://other.example', subject: 'ada' }, NOW)
    await endListed({ issuer: ISSUER }, NOW)
    expect(await open()).toHaveLength(1)
  })

  test('that comes late spares a person’s sessions whose login began after it was decided, and no other', async () => {
    const { begin, open, endListed, clock } = setUp()
    await begin({ loginStartedAt: clock.at - 1 })
    await begin({ loginStartedAt: clock.at })
    const later = await begin({ loginStartedAt: clock.at + 1 })
    await endListed({ issuer: ISSUER, subject: 'ada' }, { ...NOW, isLate: true })
    expect(await open()).toEqual([later])
    // At once, the clocks of other instances count for nothing.
    await endListed({ issuer: ISSUER, subject: 'ada' }, NOW)
    expect(await open()).toEqual([])
  })

  test('ends them although the store has no room for the note, and says that it has to come again', async () => {
    const full = { is: true }
    const { begin, open, endListed } = setUp((store) => ({
      ...store,
      write: (...given) => (full.is ? Promise.reject(new Error('full')) : store.write(...given)),
    }))
    await begin()
    await expect(endListed({ issuer: ISSUER, subject: 'ada' }, NOW)).rejects.toThrow('full')
    expect(await open()).toEqual([])
    full.is = false
    expect(await endListed({ issuer: ISSUER, subject: 'ada' }, NOW)).toBe(0)
  })

  test('spares the one that stays also where the session before it is on its way out and on the list yet', async () => {
    const { begin, endListed, store, keys, clock } = setUp()
    const [before, mine, other] = [await begin(), await begin(), await begin()]
    const value = writeRetirement({ until: clock.at + 10_000, successor: mine })
    await store.retire(
      { kept: [keys.seen(before)], milliseconds: 10_000, removed: [keys.about(before)] },
      { key: keys.ended(before), value, lifetimeMilliseconds: HOUR },
    )
    await endListed({ issuer: ISSUER, subject: 'ada' }, { ...NOW, except: mine })
    expect(await store.read([keys.ended(mine), keys.ended(other)])).toEqual([undefined, 'revoked'])
    await endListed({ issuer: ISSUER, subject: 'ada' }, NOW)
    expect(await store.read([keys.ended(before), keys.ended(mine)])).toEqual(['revoked', 'revoked'])
  })

  test('leaves no idle session on the list that people see', async () => {
    const { begin, open, clock, store, keys } = setUp()
    const id = await begin()
    expect(await open()).toEqual([id])
    await store.write(keys.seen(id), writeSeen({ seenAt: clock.at - HOUR, keptUntil: clock.at }), HOUR)
    expect(await open()).toEqual([])
  })
})

describe('a login that comes late', () => {
  const login = { issuer: ISSUER, subject: 'ada', providerSession: 'sid-1', startedAt: NOW.at }

  test('is refused where all of a person’s sessions ended since it began, and not where it began after', async () => {
    const { lateLogins } = setUp()
    await lateLogins.refuse(login)
    await lateLogins.note({ issuer: ISSUER, subject: 'ada' }, NOW.at)
    await expect(lateLogins.refuse(login)).rejects.toMatchObject({ code: 'login_overtaken' })
    await lateLogins.refuse({ ...login, startedAt: NOW.at + 1 })
    await lateLogins.refuse({ ...login, subject: 'bob' })
  })

  test('is refused although an ending that was decided before it is carried out after the one that means it', async () => {
    const { lateLogins, endListed } = setUp()
    await endListed({ issuer: ISSUER, subject: 'ada' }, { ...NOW, at: NOW.at + 2 })
    await endListed({ issuer: ISSUER, subject: 'ada' }, { ...NOW, reason: 'ended_by_provider', isLate: true })
    await expect(lateLogins.refuse({ ...login, startedAt: NOW.at + 1 })).rejects.toMatchObject({ code: 'login_overtaken' })
    await lateLogins.refuse({ ...login, startedAt: NOW.at + 3 })
  })

  test('is refused by the latest of many endings at once, in whatever order the store takes them', async () => {
    const { lateLogins } = setUp()
    const ada = { issuer: ISSUER, subject: 'ada' }
    await Promise.all([2, 9, 4, 1, 7].map((after) => lateLogins.note(ada, NOW.at + after)))
    await expect(lateLogins.refuse({ ...login, startedAt: NOW.at + 9 })).rejects.toMatchObject({ code: 'login_overtaken' })
    await lateLogins.refuse({ ...login, startedAt: NOW.at + 10 })
  })

  test('is free where an administrator ended what was open of a session at the provider, which lives, before it began', async () => {
    const { lateLogins, endListed } = setUp()
    await endListed({ issuer: ISSUER, providerSession: 'sid-1' }, NOW)
    await expect(lateLogins.refuse(login)).rejects.toMatchObject({ code: 'login_overtaken' })
    await lateLogins.refuse({ ...login, startedAt: NOW.at + 1 })
    await endListed({ issuer: ISSUER, providerSession: 'sid-1' }, { ...NOW, reason: 'ended_by_provider' })
    await expect(lateLogins.refuse({ ...login, startedAt: NOW.at + 1 })).rejects.toMatchObject({ code: 'login_overtaken' })
  })

  test('is refused where its session at the provider has ended, whenever it began, for longer than a login can take', async () => {
    const { lateLogins, clock } = setUp()
    await lateLogins.note({ issuer: ISSUER, providerSession: 'sid-1' }, Infinity)
    clock.at += 600_000
    await expect(lateLogins.refuse({ ...login, startedAt: clock.at })).rejects.toMatchObject({ code: 'login_overtaken' })
    await lateLogins.refuse({ ...login, providerSession: 'sid-2' })
    await lateLogins.refuse({ ...login, providerSession: undefined })
    clock.at += 61_000
    await lateLogins.refuse({ ...login, startedAt: clock.at })
  })
})
