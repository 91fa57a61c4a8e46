import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import { type Predecessor, predecessorOf } from '../../../src/session/predecessor.ts'
import type { RefreshAnswer } from '../../../src/oidc/port.ts'
import type { LiveSession } from '../../../src/session/records.ts'
import { createReadList, createReadListed } from '../../../src/session/listed-sessions.ts'
import { type Answers, HOUR, MINUTE, refreshed, tokenParts } from '../../support/token-parts.ts'

const GRACE = 10_000

/** Two gateways over one store, and sessions of one person, each of which has taken the place of the one before it. */
async function setUp(
  count = 2,
  old: Parameters<ReturnType<typeof tokenParts>['begin']>[0] = {},
  withoutRefreshToken: 'end' | 'login' = 'end',
  answers: Answers = [refreshed()],
) {
  const parts = tokenParts(answers, { session: { withoutRefreshToken } })
  const there = parts.instance()
  const { keys, store, sessions, clock, seals } = parts
  const grant = { accessTokenExpiresAt: clock.at + HOUR, issuedAt: clock.at, acr: 'gold', ...old }
  const all: LiveSession[] = []
  for (let number = 0; number < count; number += 1) all.push(await parts.begin(grant))
  for (const { ticket, record } of all) {
    for (const list of [keys.user(record.issuer, 'ada'), keys.providerSession(record.issuer, 'sid-1')])
      await store.addMember(list, ticket.id, clock.at + 12 * HOUR, 10)
    const about = { ...record, handle: ticket.id.slice(0, 22), loginStartedAt: clock.at, userAgent: '', network: undefined }
    await store.write(keys.about(ticket.id), seals.sealAbout(ticket.id, about), 12 * HOUR)
    await there.sessions.find(ticket)
  }

  const predecessor = ({ ticket, record }: LiveSession): Predecessor => {
    const { createdAt, absoluteExpiresAt } = record
    const found = predecessorOf({ ticket, record, inherited: { createdAt, absoluteExpiresAt } }, record, clock.at)
    if (!found) throw new Error('nobody to go on from')
    return found
  }
  async function retire(one: LiveSession, next: LiveSession): Promise<void> {
    await store.write(keys.before(next.ticket.id), one.ticket.id, 2 * GRACE)
    await sessions.retire(predecessor(one), next)
  }
  for (const [index, next] of all.entries()) {
    const one = all[index - 1]
    if (one) await retire(one, next)
  }
  const verdicts = async (session: LiveSession) => {
    const found = [await sessions.find(session.ticket), await there.sessions.find(session.ticket)]
    return found.map((verdict) => (verdict.kind === 'live' ? 'live' : verdict.reason))
  }
  const readList = createReadList(store, createReadListed({ ...parts, now: parts.now }))
  const listed = async () =>
    (await readList(keys.user('https://idp.example', 'ada'))).filter(({ isOpen }) => isOpen).map(({ id }) => id)
  const [first, second, third] = all as [LiveSession, LiveSession, LiveSession]
  return { ...parts, there, first, second, third, predecessor, retire, verdicts, listed }
}

describe('a session whose place another has taken', () => {
  test('goes on for ten seconds in every instance, and then was replaced; the other one stays', async () => {
    const { first, second, verdicts, clock } = await setUp()
    expect([await verdicts(first), await verdicts(second)]).toEqual([
      ['live', 'live'],
      ['live', 'live'],
    ])
    clock.at += GRACE
    expect([await verdicts(first), await verdicts(second)]).toEqual([
      ['replaced', 'replaced'],
      ['live', 'live'],
    ])
    clock.at += HOUR / 2
    expect(await verdicts(first)).toEqual(['replaced', 'replaced'])
  })

  test('is cached like any other: its requests wait for nothing', async () => {
    const { first, sessions } = await setUp()
    await sessions.find(first.ticket)
    expect(sessions.find(first.ticket)).not.toBeInstanceOf(Promise)
  })

  test('is neither idle before its ten seconds are over nor kept by being used', async () => {
    const { first, find, sessions, store, keys, clock, verdicts } = await setUp()
    const session = await find(first)
    const before = await store.read([keys.seen(first.ticket.id)])
    clock.at += GRACE / 2
    sessions.activity.noted(session)
    expect(await sessions.activity.extended(session)).toBe(session.record.absoluteExpiresAt)
    expect(await sessions.activity.idleDeadline(session)).toBe(session.record.absoluteExpiresAt)
    expect(await store.read([keys.seen(first.ticket.id)])).toEqual(before)
    clock.at += GRACE / 2
    expect(await verdicts(first)).toEqual(['replaced', 'replaced'])
  })

  test('is not brought back by an instance that kept its records longer before it heard of that', async () => {
    const { first, store, keys, clock, verdicts } = await setUp()
    const { id } = first.ticket
    await store.keep([keys.session(id), keys.grant(id), keys.seen(id)], 24 * HOUR)
    for (const minutes of [1, 20, 60, 600]) {
      clock.at += minutes * MINUTE
      expect(await verdicts(first)).toEqual(['replaced', 'replaced'])
    }
  })

  test('is on no list, and has ended once, as replaced; that somebody stepped up is told', async () => {
    const { first, second, listed, told } = await setUp()
    expect(await listed()).toEqual([second.ticket.id])
    expect(told('session_ended')).toEqual([{ session: first.ticket.id.slice(0, 12), subject: 'ada', reason: 'replaced' }])
    const [session, predecessor] = [second, first].map(({ ticket }) => ticket.id.slice(0, 12))
    expect(told('session_rotated')).toEqual([{ session, predecessor, subject: 'ada', acr: 'gold' }])
  })

  test('goes on for its ten seconds although it would have been idle by then', async () => {
    const { first, begin, retire, find, sessions, clock, verdicts } = await setUp(1, { accessTokenExpiresAt: undefined })
    clock.at += HOUR - GRACE / 2
    await retire(first, await begin())
    clock.at += GRACE / 2 + 1_000
    expect(await verdicts(first)).toEqual(['live', 'live'])
    const session = await find(first)
    expect(await sessions.activity.idleDeadline(session)).toBe(session.record.absoluteExpiresAt)
  })

  test.each(['end', 'login'] as const)('says so where its access token is over (%s)', async (withoutRefreshToken) => {
    const old = { accessTokenExpiresAt: Date.now() - 1, issuedAt: 0 }
    const { first, begin, retire, there, tokens } = await setUp(1, old, withoutRefreshToken)
    await retire(first, await begin())
    for (const { get } of [tokens, there.tokens])
      await expect(get(first)).rejects.toMatchObject({ code: 'session_missing', detail: { reason: 'replaced' } })
  })

  test('sends no refresh token, be its access token at its end or over', async () => {
    for (const accessTokenExpiresAt of [5_000, -1]) {
      const parts = await setUp(1, { accessTokenExpiresAt: Date.now() + accessTokenExpiresAt, issuedAt: 0 })
      const { first, begin, retire, find, tokens, calls } = parts
      await retire(first, await begin())
      if (accessTokenExpiresAt > 0) {
        const session = await find(first)
        expect(await tokens.get(session)).toBe('access-1')
        expect(tokens.renewRefused(session, session.grant.accessToken)).toBeUndefined()
      } else await expect(find(first).then(tokens.get)).rejects.toThrow('replaced')
      // Whoever had found it before, too.
      await expect(tokens.renewRefused(first, first.grant.accessToken)).rejects.toMatchObject({ code: 'session_missing' })
      expect(calls).toEqual([])
    }
  })

  test('sends none either where it was sent on its way while a refresh was about to begin', async () => {
    const { first, begin, retire, tokens, store, calls, clock } = await setUp(1)
    const next = await begin()
    const before = { ...store }
    let leases = 0
    Object.assign(store, {
      lease: async (...given: Parameters<typeof store.lease>) => {
        leases += 1
        // Taken, and looked at under it; now it is confirmed, just before the provider is asked.
        if (leases === 2) await retire(first, next)
        const taken = await before.lease(...given)
        // So long ago that it has to be confirmed.
        if (leases === 1) clock.at += 2_000
        return taken
      },
    })
    // An API has called its token invalid.
    const renewing = tokens.renewRefused(first, first.grant.accessToken)
    // Its patience is over by that clock; with any left it would hear of the end.
    await expect(renewing).rejects.toMatchObject({ code: 'token_unavailable' })
    expect([leases > 1, calls]).toEqual([true, []])
  })

  test('takes nothing along where the provider refuses its refresh token, which was sent before', async () => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<RefreshAnswer>()
    const ask = () => {
      asked.resolve()
      return answer.promise
    }
    const { first, begin, retire, tokens, verdicts, told } = await setUp(1, { accessTokenExpiresAt: undefined }, 'end', [ask])
    const next = await begin()
    const renewing = tokens.renewRefused(first, first.grant.accessToken)
    await asked.promise
    await retire(first, next)
    answer.resolve({ kind: 'refused' })
    await expect(renewing).rejects.toMatchObject({ code: 'session_missing', detail: { reason: 'replaced' } })
    expect([await verdicts(first), await verdicts(next)]).toEqual([
      ['live', 'live'],
      ['live', 'live'],
    ])
    expect(told('token_refreshed')).toMatchObject([{ outcome: 'taken_over' }])
  })

  test('takes no tokens that a refresh of before could not write', async () => {
    const { first, find, sessions } = await setUp()
    await find(first)
    sessions.holdGrant({ ...first, grant: { ...first.grant, version: 2 } })
    const { grant, record, successor } = await find(first)
    expect([grant.refreshToken, successor !== undefined]).toEqual([undefined, true])
    expect(record.absoluteExpiresAt).toBeLessThan(first.record.absoluteExpiresAt)
  })

  test('that was idle before is not brought back for ten seconds', async () => {
    const { first, begin, retire, store, keys, verdicts } = await setUp(1)
    await store.remove([keys.seen(first.ticket.id)])
    await retire(first, await begin())
    expect(await verdicts(first)).toEqual(['replaced', 'replaced'])
  })

  test('that has been signed out stays so', async () => {
    const { first, begin, retire, sessions, verdicts } = await setUp(1)
    await sessions.end(first, 'signed_out')
    await retire(first, await begin())
    expect(await verdicts(first)).toEqual(['signed_out', 'signed_out'])
  })

  test('ends at once where the store has no room for the note', async () => {
    const { first, begin, retire, store, verdicts } = await setUp(1)
    Object.assign(store, { retire: () => Promise.reject(new GatewayError('store_unavailable')) })
    await retire(first, await begin())
    expect(await verdicts(first)).toEqual(['replaced', 'replaced'])
  })
})

describe('a session that was to be sent on its way', () => {
  test('lives whole where the store was gone by then, and so does the new one', async () => {
    const { first, begin, retire, store, fail, find, listed, verdicts } = await setUp(1)
    Object.assign(store, { retire: () => Promise.reject(new GatewayError('store_unavailable')) })
    fail('removeLeaving', 1)
    const next = await begin()
    await expect(retire(first, next)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect([await verdicts(first), await verdicts(next)]).toEqual([
      ['live', 'live'],
      ['live', 'live'],
    ])
    expect((await find(first)).grant.refreshToken).toBe('refresh-1')
    expect(await listed()).toEqual([first.ticket.id])
  })

  test('and was, though the answer was lost, has ended as replaced; the new one lives whole', async () => {
    const { first, begin, retire, store, listed, verdicts } = await setUp(1)
    const before = { ...store }
    Object.assign(store, {
      retire: async (...given: Parameters<typeof store.retire>) => {
        await before.retire(...given)
        throw new GatewayError('store_unavailable')
      },
    })
    const next = await begin()
    await retire(first, next)
    expect([await verdicts(first), await verdicts(next), await listed()]).toEqual([
      ['replaced', 'replaced'],
      ['live', 'live'],
      [],
    ])
  })
})

describe('sessions of which one has just taken the place of the other', () => {
  test.each(['signed_out', 'revoked', 'ended_by_provider', 'grant_refused', 'idle'] as const)(
    'end together when the newest ends: %s',
    async (reason) => {
      const { first, second, third, sessions, verdicts, told } = await setUp(3)
      await sessions.end(third, reason)
      for (const each of [first, second, third]) expect(await verdicts(each)).toEqual([reason, reason])
      expect(told('session_ended')).toHaveLength(3)
    },
  )

  test('end together when somebody signs out with the cookie of before', async () => {
    const { first, second, third, sessions, verdicts } = await setUp(3)
    await sessions.end(first, 'signed_out')
    for (const each of [first, second, third]) expect(await verdicts(each)).toEqual(['signed_out', 'signed_out'])
  })

  test('do not when the old one merely lapses', async () => {
    const { first, second, sessions, verdicts } = await setUp()
    for (const reason of ['replaced', 'expired', 'idle'] as const) await sessions.end(first, reason)
    expect(await verdicts(second)).toEqual(['live', 'live'])
  })

  test('do not when the provider refuses the refresh token of the old one: the new one has its own', async () => {
    const { first, second, sessions, verdicts } = await setUp()
    await sessions.end(first, 'grant_refused')
    expect([await verdicts(first), await verdicts(second)]).toEqual([
      ['grant_refused', 'grant_refused'],
      ['live', 'live'],
    ])
  })

  test('are two again once the old one is gone', async () => {
    const { first, second, sessions, verdicts, clock } = await setUp()
    clock.at += GRACE
    await sessions.end(first, 'revoked')
    expect([await verdicts(first), await verdicts(second)]).toEqual([
      ['replaced', 'replaced'],
      ['live', 'live'],
    ])
  })
})

describe('a sign-in goes on from the session of before', () => {
  const remembered = {
    ticket: { id: 'x' as LiveSession['ticket']['id'] },
    record: { issuer: 'https://idp.example', subject: 'ada', providerSession: undefined },
    inherited: { createdAt: 1, absoluteExpiresAt: 1_000 },
  }
  const ada = { issuer: 'https://idp.example', subject: 'ada' }

  test('where it was the same person’s and has time left', () => {
    expect(predecessorOf(remembered, ada, 999)).toMatchObject({ ticket: { id: 'x' }, createdAt: 1, absoluteExpiresAt: 1_000 })
  })

  test.each([
    ['nobody was signed in', undefined, ada, 0],
    ['it was another person', remembered, { ...ada, subject: 'bob' }, 0],
    ['it was somebody of that name elsewhere', remembered, { ...ada, issuer: 'https://other.example' }, 0],
    ['its time was over', remembered, ada, 1_000],
    ['it was on its way out', { ...remembered, inherited: undefined }, ada, 0],
  ])('and does not where %s', (_, before, identity, at) => {
    expect(predecessorOf(before, identity, at)).toBeUndefined()
  })
})
