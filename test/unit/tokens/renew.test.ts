import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import { WEATHER, type Weather } from '../../../src/report/weather.ts'
import type { RefreshAnswer } from '../../../src/oidc/port.ts'
import { createGrantOf } from '../../../src/session/grant-of.ts'
import type { LiveSession, Verdict } from '../../../src/session/records.ts'
import type { Keeping } from '../../../src/tokens/keep-renewed.ts'
import { createFreshnessOf } from '../../../src/tokens/freshness.ts'
import { createRenew } from '../../../src/tokens/renew.ts'
import { makeSession, makeTokens, sessionParts } from '../../support/session-parts.ts'
import { refreshed, withGrant } from '../../support/token-parts.ts'

const REFUSED: RefreshAnswer = { kind: 'refused' }
const AWAY = new GatewayError('store_unavailable')
const LEASE_LIFE = 5_000

/** One renewal over parts that do as the test says; `done` is what happened, in its order. */
function setUp(answer: RefreshAnswer | Error, keeping: Keeping | Error = 'written') {
  const { now, clock, report, reported } = sessionParts()
  const session = makeSession({ version: 3, claims: { sub: 'ada', name: 'Ada' }, authTime: 7 })
  const done: string[] = []
  const kept: LiveSession[] = []
  const asked: unknown[] = []
  const world: {
    rests: boolean
    ours: (boolean | Error)[]
    standing: Verdict
    takes: number
    keptLeaseOf: unknown
    justTaken: boolean
  } = {
    rests: false,
    ours: [],
    standing: { kind: 'live', session },
    takes: 0,
    keptLeaseOf: undefined,
    justTaken: false,
  }
  const renew = createRenew({
    provider: {
      async refresh(grant) {
        done.push('ask')
        asked.push(grant)
        if (answer instanceof Error) throw answer
        return answer
      },
    },
    gate: {
      restMilliseconds: () => 700,
      enter: async () => {
        if (world.rests) return undefined
        done.push('enter')
        return {
          answered: () => void done.push('answered'),
          unused: () => void done.push('unused'),
          failed: (reason, retryAfter) => void done.push(`failed ${reason} ${retryAfter ?? ''}`.trim()),
        }
      },
    },
    async keepRenewed(next, release) {
      done.push('keep')
      kept.push(next)
      world.keptLeaseOf = release
      if (keeping instanceof Error) throw keeping
      return keeping
    },
    async findAnew() {
      done.push('look')
      clock.at += world.takes
      return world.standing
    },
    async endSession(_, reason) {
      done.push(`end ${reason}`)
      return { kind: 'ended', reason }
    },
    grantOf: createGrantOf(['sub', 'name']),
    freshnessOf: createFreshnessOf(60_000),
    report,
    now,
  })
  const lease = {
    async confirm() {
      done.push('confirm')
      const ours = world.ours.shift() ?? true
      if (ours instanceof Error) throw ours
      return ours
    },
    isJustTaken: () => world.justTaken,
    release: async () => undefined,
  }
  const told = (name: string) => reported.filter((each) => each.name === name).map(({ fields }) => fields)
  return { renew: () => renew(session, 'refresh-1', lease), session, done, kept, asked, world, told, clock, lease }
}

const elsewhere = (session: LiveSession): Verdict => ({ kind: 'live', session: withGrant(session, 4) })

describe('a refresh token', () => {
  test('is sent once, after the store has confirmed that it is ours to send and still the newest, and the answer is kept', async () => {
    const { renew, done, asked, kept, world, lease } = setUp(refreshed())
    expect(await renew()).toMatchObject({ kind: 'fresh', session: { grant: { version: 4, accessToken: 'access-2' } } })
    expect(done).toEqual(['enter', 'confirm', 'look', 'ask', 'answered', 'keep'])
    expect(asked).toEqual([{ refreshToken: 'refresh-1', issuer: 'https://idp.example', subject: 'ada', authTime: 7 }])
    expect(kept).toMatchObject([{ grant: { version: 4, refreshToken: 'refresh-2' } }])
    expect(world.keptLeaseOf).toBe(lease.release)
  })

  test('is sent at once where the lease under which it was read was only just taken', async () => {
    const { renew, done, world } = setUp(refreshed())
    world.justTaken = true
    expect(await renew()).toMatchObject({ kind: 'fresh' })
    expect(done).toEqual(['enter', 'ask', 'answered', 'keep'])
  })

  test('is not sent while the provider is left in peace', async () => {
    const { renew, done, world } = setUp(refreshed())
    world.rests = true
    expect(await renew()).toMatchObject({ kind: 'unavailable', reason: 'resting', retryMilliseconds: 700 })
    expect(done).toEqual([])
  })

  test('is not sent where the store says that the lease is somebody else’s by now', async () => {
    const { renew, done, world } = setUp(refreshed())
    world.ours = [false]
    expect(await renew()).toMatchObject({ kind: 'unavailable', reason: 'elsewhere' })
    expect(done).toEqual(['enter', 'confirm', 'unused'])
  })

  test('is not sent where the store does not answer', async () => {
    const { renew, done, world } = setUp(refreshed())
    world.ours = [AWAY]
    await expect(renew()).rejects.toBe(AWAY)
    expect(done).toEqual(['enter', 'confirm', 'unused'])
  })

  test('is not sent where somebody refreshed, and gave the lease back, while this one waited or stood still', async () => {
    const { renew, done, world, session } = setUp(refreshed())
    world.standing = elsewhere(session)
    expect(await renew()).toMatchObject({ kind: 'unavailable', reason: 'elsewhere' })
    expect(done).toEqual(['enter', 'confirm', 'look', 'unused'])
  })

  test('is not sent where the session has ended meanwhile', async () => {
    const { renew, done, world } = setUp(refreshed())
    world.standing = { kind: 'ended', reason: 'signed_out' }
    expect(await renew()).toMatchObject({ kind: 'unavailable' })
    expect(done).not.toContain('ask')
  })

  test('is not sent where the last look took as long as a lease lives', async () => {
    const { renew, done, world } = setUp(refreshed())
    world.takes = LEASE_LIFE
    expect(await renew()).toMatchObject({ kind: 'unavailable', reason: 'elsewhere' })
    expect(done).toEqual(['enter', 'confirm', 'look', 'unused'])
    world.takes = LEASE_LIFE - 1
    expect(await renew()).toMatchObject({ kind: 'fresh' })
  })
})

describe('a refreshed grant', () => {
  test('that the store did not take is fresh all the same', async () => {
    const { renew, told } = setUp(refreshed(), 'held')
    expect(await renew()).toMatchObject({ kind: 'fresh', session: { grant: { version: 4 } } })
    expect(told('token_refreshed')).toMatchObject([{ outcome: 'refreshed', note: 'held', subject: 'ada' }])
  })

  test.each<Keeping>(['conflict', 'absent'])('that came too late gives way to what stands: %s', async (keeping) => {
    const { renew, told, world, session } = setUp(refreshed(), keeping)
    const asking = renew()
    world.standing = { kind: 'live', session }
    await Promise.resolve()
    const outcome = await asking
    expect(outcome).toMatchObject({ kind: 'fresh', session: { grant: { version: 3 } } })
    expect(told('token_refreshed')).toMatchObject([{ outcome: 'taken_over', note: keeping }])
  })

  test('that brings other claims is told, and says so nowhere but in the name of the event', async () => {
    const { identity } = makeTokens()
    const told = { ...identity, claims: { sub: 'ada', name: 'Ada Lovelace', ssn: 'secret' } }
    const changed = setUp(refreshed(2, { idToken: 'id-2', identity: told }))
    await changed.renew()
    expect(changed.told('claims_changed')).toEqual([{ session: changed.session.ticket.id.slice(0, 12), subject: 'ada' }])
  })

  test('that brings the same claims, or none, or was written by nobody, tells of no change', async () => {
    const { identity } = makeTokens()
    const same = { ...identity, claims: { sub: 'ada', name: 'Ada', ssn: 'another secret' } }
    const other = { ...identity, claims: { sub: 'ada', name: 'Other' } }
    for (const { renew, told } of [
      setUp(refreshed(2, { idToken: 'id-2', identity: same })),
      setUp(refreshed()),
      setUp(refreshed(2, { idToken: 'id-2', identity: other }), 'conflict'),
    ]) {
      await renew()
      expect(told('claims_changed')).toEqual([])
    }
  })

  test('that meets a fault of ours is thrown', async () => {
    await expect(setUp(refreshed(), new TypeError('a mistake')).renew()).rejects.toThrow(TypeError)
  })
})

describe('the provider’s refusal', () => {
  test('ends the session where the lease is ours still and the grant is the one that was sent', async () => {
    const { renew, done, told } = setUp(REFUSED)
    expect(await renew()).toEqual({ kind: 'ended', reason: 'grant_refused' })
    expect(done).toEqual(['enter', 'confirm', 'look', 'ask', 'answered', 'confirm', 'look', 'end grant_refused'])
    expect(told('token_refreshed')).toMatchObject([{ outcome: 'ended' }])
  })

  test('ends nothing where somebody else has renewed the grant since', async () => {
    const { renew, done, told, world, session } = setUp(REFUSED)
    const asking = renew()
    // After the look before the call.
    while (!done.includes('ask')) await Promise.resolve()
    world.standing = elsewhere(session)
    expect(await asking).toMatchObject({ kind: 'fresh', session: { grant: { accessToken: 'access-4-elsewhere' } } })
    expect(told('token_refreshed')).toMatchObject([{ outcome: 'taken_over' }])
    expect(done.at(-1)).toBe('look')
  })

  test('ends nothing where the lease is somebody else’s by now: they may be about to write', async () => {
    const { renew, done, world, told } = setUp(REFUSED)
    world.ours = [true, false]
    expect(await renew()).toMatchObject({ kind: 'unavailable', reason: 'elsewhere' })
    expect(done.some((each) => each.startsWith('end'))).toBe(false)
    expect(told('token_refreshed')).toMatchObject([{ outcome: 'unavailable', reason: 'elsewhere' }])
  })

  test('ends nothing where the store cannot be asked', async () => {
    const { renew, done, world } = setUp(REFUSED)
    world.ours = [true, AWAY]
    await expect(renew()).rejects.toBe(AWAY)
    expect(done.some((each) => each.startsWith('end'))).toBe(false)
  })

  test('of a session that has ended meanwhile changes nothing of its reason', async () => {
    const { renew, done, world } = setUp(REFUSED)
    const asking = renew()
    while (!done.includes('ask')) await Promise.resolve()
    world.standing = { kind: 'ended', reason: 'signed_out' }
    expect(await asking).toEqual({ kind: 'ended', reason: 'signed_out' })
    expect(done.some((each) => each.startsWith('end'))).toBe(false)
  })
})

describe('weather at the provider', () => {
  test.each(WEATHER)('leaves the session as it was, and the gate is told of it: %s', async (reason: Weather) => {
    const error = new GatewayError('provider_unavailable', { note: 'how it went' })
    const { renew, done, told } = setUp({ kind: 'unavailable', reason, error, retryAfterSeconds: undefined })
    expect(await renew()).toMatchObject({ kind: 'unavailable', reason, error, retryMilliseconds: 0 })
    expect(done).toEqual(['enter', 'confirm', 'look', 'ask', `failed ${reason}`])
    expect(told('token_refreshed')).toMatchObject([{ outcome: 'unavailable', reason, note: 'how it went' }])
  })

  test('lasts for as long as the provider says', async () => {
    const error = new GatewayError('provider_unavailable')
    const { renew, done } = setUp({ kind: 'unavailable', reason: 'rate_limited', error, retryAfterSeconds: 7 })
    expect(await renew()).toMatchObject({ retryMilliseconds: 7_000 })
    expect(done.at(-1)).toBe('failed rate_limited 7000')
  })

  test('that says to come back at once is heard too', async () => {
    const error = new GatewayError('provider_unavailable')
    const { renew, done } = setUp({ kind: 'unavailable', reason: 'rate_limited', error, retryAfterSeconds: 0 })
    expect(await renew()).toMatchObject({ retryMilliseconds: 0 })
    expect(done.at(-1)).toBe('failed rate_limited 0')
  })

  test('is none where the fault is ours: the place is free again, and it is thrown', async () => {
    const { renew, done } = setUp(new TypeError('a mistake'))
    await expect(renew()).rejects.toThrow(TypeError)
    expect(done).toEqual(['enter', 'confirm', 'look', 'ask', 'unused'])
  })
})
