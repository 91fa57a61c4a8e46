import { describe, expect, test } from '@jest/globals'
import type { LiveSession } from '../../../src/session/records.ts'
import { refreshed, tokenParts, withGrant } from '../../support/token-parts.ts'

/** Sessions whose tokens were renewed here, and what the store held before that. */
async function setUp(sessions = 1) {
  const parts = tokenParts([refreshed()])
  const { keys, store, begin, tokens, findAgain, sessions: ours } = parts
  const begun: LiveSession[] = []
  const before: string[] = []
  for (let each = 0; each < sessions; each += 1) {
    const session = await begin()
    begun.push(session)
    before.push((await store.read([keys.grant(session.ticket.id)]))[0] ?? '')
    await tokens.get(session)
  }
  await ours.background.idle()

  /** The store as it was before the renewals, and there again. */
  async function loseLastWrites(): Promise<void> {
    for (const [index, { ticket }] of begun.entries()) await store.write(keys.grant(ticket.id), before[index] ?? '', 3_600_000)
  }
  async function comeBack(): Promise<void> {
    findAgain()
    await ours.background.idle()
  }
  const [first] = begun
  if (first === undefined) throw new Error('One session at least.')
  return { ...parts, begun, first, loseLastWrites, comeBack }
}

describe('a store that comes back without its last writes', () => {
  test('gets the renewed grants again, since the refresh tokens of before are spent', async () => {
    const { begun, loseLastWrites, comeBack, stored } = await setUp(3)
    await loseLastWrites()
    await comeBack()
    for (const session of begun) expect(await stored(session)).toMatchObject({ version: 2, refreshToken: 'refresh-2' })
  })

  test('gets them again however many there are', async () => {
    // More than are looked at at once.
    const most = 201
    const { begin, stored, findAgain, sessions } = tokenParts([], { session: { mostCached: most } })
    const begun: LiveSession[] = []
    for (let each = 0; each < most; each += 1) begun.push(await begin())
    for (const session of begun) sessions.renewed.written(withGrant(session, 2))
    findAgain()
    await sessions.background.idle()
    for (const session of begun) expect(await stored(session)).toMatchObject({ version: 2 })
  })

  test('keeps what is newer there', async () => {
    const { first, sessions, comeBack, stored } = await setUp()
    await sessions.replaceGrant(withGrant(first, 3))
    await comeBack()
    expect(await stored(first)).toMatchObject({ version: 3, accessToken: 'access-3-elsewhere' })
  })

  test('gets nothing that it does not hold any more: no session is created', async () => {
    const { first, keys, store, comeBack, stored, asked } = await setUp()
    await store.remove([keys.grant(first.ticket.id)])
    const before = asked.filter((operation) => operation === 'swap').length
    await comeBack()
    expect(await stored(first)).toBeUndefined()
    // Not even asked to: it would only be refused.
    expect(asked.filter((operation) => operation === 'swap')).toHaveLength(before)
  })

  test('gets nothing of a session that has ended here since', async () => {
    const { first, sessions, loseLastWrites, comeBack, stored } = await setUp()
    await sessions.end(first, 'signed_out')
    await loseLastWrites()
    await comeBack()
    expect(await stored(first)).toMatchObject({ version: 1 })
  })

  test('is not asked for anything where nothing was renewed here, nor at other news', async () => {
    const { findAgain, asked, begin, keys, store, sessions } = tokenParts([])
    const { ticket } = await begin()
    findAgain()
    await store.write(keys.grant(ticket.id), '1:x', 1_000)
    await sessions.background.idle()
    expect(asked).toEqual([])
  })

  test('gets what was renewed elsewhere too, where it was seen here', async () => {
    const { begin, find, stored, findAgain, sessions, clock, store, keys, seals } = tokenParts([])
    const session = await begin()
    const { ticket, grant } = session
    await sessions.replaceGrant(withGrant(session, 2, { issuedAt: clock.at }))
    await find(session)
    await store.write(keys.grant(ticket.id), seals.sealGrant(ticket, grant), 3_600_000)
    findAgain()
    await sessions.background.idle()
    expect(await stored(session)).toMatchObject({ version: 2, accessToken: 'access-2-elsewhere' })
  })

  test('that fails again is asked again when it is found again, and nothing is told as a fault', async () => {
    const { first, loseLastWrites, comeBack, stored, fail, told } = await setUp()
    await loseLastWrites()
    fail('read', 1)
    await comeBack()
    expect(await stored(first)).toMatchObject({ version: 1 })
    fail('swap', 1)
    await comeBack()
    expect(await stored(first)).toMatchObject({ version: 1 })
    await comeBack()
    expect(await stored(first)).toMatchObject({ version: 2 })
    expect(told('unexpected_error')).toEqual([])
  })

  test('gets all that can be put back, though one record there cannot be opened', async () => {
    const most = 101
    const { begin, stored, findAgain, sessions, store, keys } = tokenParts([], { session: { mostCached: most } })
    const begun: LiveSession[] = []
    for (let each = 0; each < most; each += 1) begun.push(await begin())
    for (const session of begun) sessions.renewed.written(withGrant(session, 2))
    const [first, ...others] = begun
    const key = keys.grant(first?.ticket.id ?? ('' as never))
    await store.write(key, '0:1.unknown.abcdefgh', 3_600_000)
    findAgain()
    await sessions.background.idle()
    for (const session of others) expect(await stored(session)).toMatchObject({ version: 2 })
    expect(await store.read([key])).toEqual(['0:1.unknown.abcdefgh'])
  })
})
