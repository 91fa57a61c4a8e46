import { describe, expect, test } from '@jest/globals'
import { createRenewedGrants } from '../../../src/session/renewed-grants.ts'
import type { LiveSession } from '../../../src/session/records.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

const TWO_MINUTES = 120_000

function setUp(most = 10) {
  const { now, clock } = sessionParts()
  const renewed = createRenewedGrants({ most, now })
  const stored = makeSession({ version: 1 })
  const at = (version: number): LiveSession => ({ ...stored, grant: { ...stored.grant, version, issuedAt: clock.at } })
  return { renewed, clock, stored, at, id: stored.ticket.id }
}

const ids = (sessions: readonly LiveSession[]) => sessions.map(({ ticket }) => ticket.id)

describe('a renewed grant that the store did not take', () => {
  test('is the newest, however long the store is away, until it is written or the session has ended', () => {
    const { renewed, clock, stored, at, id } = setUp()
    renewed.hold(at(2))
    clock.at += 100 * TWO_MINUTES
    expect(renewed.newest(stored).grant.version).toBe(2)
    expect(renewed.isHeld(id)).toBe(true)
    renewed.forget(id)
    expect(renewed.newest(stored)).toBe(stored)
    expect(renewed.isHeld(id)).toBe(false)
  })

  test('is held no longer once it is written, and is still the newest for a store that lost it', () => {
    const { renewed, stored, at, id } = setUp()
    renewed.hold(at(2))
    renewed.written(at(2))
    expect(renewed.isHeld(id)).toBe(false)
    expect(renewed.newest(stored).grant.version).toBe(2)
  })

  test('is not the newest where the store holds a newer one', () => {
    const { renewed, at } = setUp()
    renewed.hold(at(2))
    const elsewhere = at(3)
    expect(renewed.newest(elsewhere)).toBe(elsewhere)
  })

  test('of another session changes nothing', () => {
    const { renewed, stored } = setUp()
    renewed.hold(makeSession({ version: 9 }))
    expect(renewed.newest(stored)).toBe(stored)
  })
})

describe('a renewed grant that was written', () => {
  test('is remembered for two minutes', () => {
    const { renewed, clock, at, id } = setUp()
    renewed.written(at(2))
    clock.at += TWO_MINUTES
    expect(ids(renewed.lately())).toEqual([id])
    clock.at += 1
    expect(renewed.lately()).toEqual([])
  })

  test('is remembered no longer than the session', () => {
    const { renewed, at, id } = setUp()
    renewed.written(at(2))
    renewed.forget(id)
    expect(renewed.lately()).toEqual([])
  })

  test('leaves first where there are too many', () => {
    const { renewed } = setUp(2)
    const sessions = [1, 2, 3].map(() => makeSession({ version: 2 }))
    for (const session of sessions) renewed.written(session)
    expect(ids(renewed.lately())).toEqual(ids(sessions.slice(1)))
  })

  test('anew is remembered anew', () => {
    const { renewed, clock, at, id } = setUp()
    renewed.written(at(2))
    clock.at += TWO_MINUTES
    renewed.written(at(3))
    clock.at += TWO_MINUTES
    expect(renewed.lately().map(({ ticket, grant }) => [ticket.id, grant.version])).toEqual([[id, 3]])
  })
})

test('a grant that was renewed again is not the oldest any more', () => {
  const { renewed } = setUp(2)
  const [one, other, third] = [makeSession({ version: 2 }), makeSession({ version: 2 }), makeSession({ version: 2 })]
  for (const session of [one, other, one, third]) renewed.written(session)
  expect(ids(renewed.lately())).toEqual(ids([one, third]))
})

describe('a grant that was seen in the store', () => {
  test('is remembered like one of our own while it is new, whoever renewed it', () => {
    const { renewed, at, id } = setUp()
    renewed.seen(at(2))
    expect(ids(renewed.lately())).toEqual([id])
  })

  test('is not remembered where it is older than what a store may lose, or came with the login', () => {
    const { renewed, clock, at } = setUp()
    renewed.seen(at(1))
    const old = at(2)
    clock.at += TWO_MINUTES
    renewed.seen(old)
    expect(renewed.lately()).toEqual([])
  })
})
