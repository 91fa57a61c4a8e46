import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import type { AccessToken, LiveSession, Verdict } from '../../../src/session/records.ts'
import { createFreshnessOf } from '../../../src/tokens/freshness.ts'
import { type RefreshOutcome, unavailable } from '../../../src/tokens/outcome.ts'
import { createRefreshSession } from '../../../src/tokens/refresh-session.ts'
import { makeSession } from '../../support/session-parts.ts'
import { HOUR, MINUTE, withGrant } from '../../support/token-parts.ts'

const AWAY = new GatewayError('store_unavailable')

const live = (session: LiveSession): Verdict => ({ kind: 'live', session })

/** One refresh over parts that do as the test says; `done` is what happened, in its order. */
function setUp() {
  const session = makeSession({ accessTokenExpiresAt: Date.now() - 1, issuedAt: Date.now() - HOUR })
  const renewed = withGrant(session, 2, { accessTokenExpiresAt: Date.now() + HOUR })
  const done: string[] = []
  const world = {
    /** What is found, one after the other; the last for all after it. */
    verdicts: [live(session)],
    /** Whether the lease is to be had, one after the other. */
    leases: [true] as (boolean | Error)[],
    isHeld: false,
    rest: 0,
    link: { live: true, foundAgainAt: -Infinity },
    outcome: { kind: 'fresh', session: renewed } as RefreshOutcome | Error,
    mostWaitMilliseconds: 10_000,
    whileRenewing: () => undefined as void,
    whileWaiting: () => undefined as void,
  }

  function look(): Verdict {
    done.push('look')
    const [verdict = live(session)] = world.verdicts
    if (world.verdicts.length > 1) world.verdicts.shift()
    return verdict
  }

  const refreshSession = createRefreshSession({
    findSession: look,
    findAnew: () => {
      const verdict = look()
      done[done.length - 1] = 'look anew'
      return verdict
    },
    async takeLease() {
      done.push('take')
      const taken = world.leases.length > 1 ? world.leases.shift() : world.leases[0]
      if (taken instanceof Error) throw taken
      return taken
        ? { confirm: async () => true, isJustTaken: () => true, release: async () => void done.push('release') }
        : undefined
    },
    async awaitTurn() {
      done.push('wait')
      world.whileWaiting()
    },
    async renew({ grant }, refreshToken) {
      done.push(`renew ${grant.version} ${refreshToken}`)
      world.whileRenewing()
      if (world.outcome instanceof Error) throw world.outcome
      return world.outcome
    },
    freshnessOf: createFreshnessOf(MINUTE),
    isHeld: () => world.isHeld,
    providerRest: () => world.rest,
    endWithoutRefreshToken: async () => {
      done.push('end')
      return { kind: 'ended', reason: 'expired' }
    },
    link: world.link,
    get mostWaitMilliseconds() {
      return world.mostWaitMilliseconds
    },
    now: Date.now,
  })
  return { session, renewed, done, world, refresh: () => refreshSession(session) }
}

describe('a refresh', () => {
  test('looks, takes the lease, looks again, asks the provider, and gives the lease back, in this order', async () => {
    const { refresh, done, renewed } = setUp()
    expect(await refresh()).toEqual({ kind: 'fresh', session: renewed })
    expect(done).toEqual(['look', 'take', 'look anew', 'renew 1 refresh-1', 'release'])
  })

  test('is not needed where somebody else renewed the tokens since', async () => {
    const { refresh, done, world, renewed } = setUp()
    world.verdicts = [live(renewed)]
    expect(await refresh()).toEqual({ kind: 'fresh', session: renewed })
    expect(done).toEqual(['look'])
  })

  test('is needed where what somebody else renewed has ended too, and goes on from there', async () => {
    const { refresh, done, world, session } = setUp()
    world.verdicts = [live(withGrant(session, 5, { refreshToken: 'refresh-5', accessTokenExpiresAt: Date.now() - 1 }))]
    await refresh()
    expect(done).toContain('renew 5 refresh-5')
  })

  test('is not made by who got the lease after somebody else’s refresh: a spent refresh token is never sent', async () => {
    const { refresh, done, world, session, renewed } = setUp()
    world.verdicts = [live(session), live(renewed)]
    expect(await refresh()).toEqual({ kind: 'fresh', session: renewed })
    expect(done).toEqual(['look', 'take', 'look anew', 'release'])
  })

  test('of a session that has ended is none', async () => {
    const { refresh, done, world, session } = setUp()
    world.verdicts = [{ kind: 'ended', reason: 'signed_out' }]
    expect(await refresh()).toEqual({ kind: 'ended', reason: 'signed_out' })
    expect(done).toEqual(['look'])
    done.length = 0
    world.verdicts = [live(session), { kind: 'ended', reason: 'replaced' }]
    expect(await refresh()).toEqual({ kind: 'ended', reason: 'replaced' })
    expect(done).toEqual(['look', 'take', 'look anew', 'release'])
  })

  test('of a session that has lost its refresh token is an ending', async () => {
    const { refresh, done, world, session } = setUp()
    world.verdicts = [live(session), live(withGrant(session, 1, { refreshToken: undefined }))]
    expect(await refresh()).toEqual({ kind: 'ended', reason: 'expired' })
    expect(done).toEqual(['look', 'take', 'look anew', 'end', 'release'])
  })

  test('that meets weather gives the lease back too', async () => {
    const { refresh, done, world } = setUp()
    world.outcome = unavailable('network', 'away')
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason: 'network' })
    expect(done.at(-1)).toBe('release')
  })

  test('that meets a fault of ours gives the lease back, and throws it', async () => {
    const { refresh, done, world } = setUp()
    world.outcome = new TypeError('a mistake')
    await expect(refresh()).rejects.toThrow(TypeError)
    expect(done.at(-1)).toBe('release')
  })

  test('whose tokens wait to be written leaves the lease to who writes them', async () => {
    const { refresh, done, world } = setUp()
    world.whileRenewing = () => void (world.isHeld = true)
    expect(await refresh()).toMatchObject({ kind: 'fresh' })
    expect(done).not.toContain('release')
  })
})

describe('who comes second', () => {
  test('waits, and uses the tokens of the first', async () => {
    const { refresh, done, world, session, renewed } = setUp()
    world.leases = [false]
    world.verdicts = [live(session), live(renewed)]
    expect(await refresh()).toEqual({ kind: 'fresh', session: renewed })
    expect(done).toEqual(['look', 'take', 'wait', 'look'])
  })

  test('takes the lease when the first came to nothing', async () => {
    const { refresh, done, world } = setUp()
    world.leases = [false, false, true]
    expect(await refresh()).toMatchObject({ kind: 'fresh' })
    expect(done).toEqual([
      'look',
      'take',
      'wait',
      'look',
      'take',
      'wait',
      'look',
      'take',
      'look anew',
      'renew 1 refresh-1',
      'release',
    ])
  })

  test('waits no longer than a request does', async () => {
    const { refresh, done, world } = setUp()
    world.mostWaitMilliseconds = 0
    world.leases = [false]
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason: 'elsewhere' })
    expect(done).toEqual(['look', 'take'])
  })

  test('does not go on where the store is lost meanwhile', async () => {
    const { refresh, done, world } = setUp()
    world.leases = [false]
    world.whileWaiting = () => void (world.link.live = false)
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason: 'store' })
    expect(done).toEqual(['look', 'take', 'wait', 'look'])
  })
})

describe('no refresh is made', () => {
  test('while the store is away', async () => {
    const { refresh, done, world } = setUp()
    world.link.live = false
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason: 'store' })
    expect(done).toEqual(['look'])
  })

  test('while renewed tokens wait to be written: the store does not know the refresh token that is good', async () => {
    const { refresh, done, world } = setUp()
    world.isHeld = true
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason: 'store' })
    expect(done).toEqual(['look'])
  })

  test('while the provider is left in peace, and it is said for how long', async () => {
    const { refresh, done, world } = setUp()
    world.rest = 700
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason: 'resting', retryMilliseconds: 700 })
    expect(done).toEqual(['look'])
  })

  test('where nobody knows who has the lease', async () => {
    const { refresh, done, world } = setUp()
    world.leases = [AWAY]
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason: 'store', error: AWAY })
    expect(done).toEqual(['look', 'take'])
  })

  test('within a second after the store was found again: others may put back what it has lost', async () => {
    const { refresh, done, world } = setUp()
    const foundAgainAt = Date.now()
    world.link.foundAgainAt = foundAgainAt
    const refreshing = refresh()
    const takenAt = new Promise<number>((resolve) => {
      const push = done.push.bind(done)
      done.push = (...words) => {
        if (words.includes('take')) resolve(Date.now())
        return push(...words)
      }
    })
    expect((await takenAt) - foundAgainAt).toBeGreaterThanOrEqual(999)
    expect(await refreshing).toMatchObject({ kind: 'fresh' })
  })
})

test('tokens that were called invalid though they are good are renewed all the same', async () => {
  const { refresh, done, world, session } = setUp()
  const grant = { ...session.grant, accessToken: 'access-1' as AccessToken, accessTokenExpiresAt: Date.now() + HOUR }
  world.verdicts = [live({ ...session, grant })]
  await refresh()
  expect(done).toContain('renew 1 refresh-1')
})
