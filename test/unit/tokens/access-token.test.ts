import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import type { Weather } from '../../../src/report/weather.ts'
import type { RefreshAnswer } from '../../../src/oidc/port.ts'
import type { AccessToken } from '../../../src/session/records.ts'
import { createAccessTokens } from '../../../src/tokens/access-token.ts'
import { createFreshnessOf } from '../../../src/tokens/freshness.ts'
import { type RefreshOutcome, unavailable } from '../../../src/tokens/outcome.ts'
import { makeSession } from '../../support/session-parts.ts'
import { type Answers, HOUR, MINUTE, refreshed, tokenParts, withGrant } from '../../support/token-parts.ts'
import { until } from '../../support/until.ts'

const REFUSED: RefreshAnswer = { kind: 'refused' }

function weather(reason: Weather, retryAfterSeconds?: number): RefreshAnswer {
  return { kind: 'unavailable', reason, error: new GatewayError('provider_unavailable'), retryAfterSeconds }
}

/** Real sessions and tokens; `find` again after whatever has changed. */
async function setUp(answers: Answers, ...rest: Parameters<typeof tokenParts> extends [unknown, ...infer Rest] ? Rest : never) {
  const parts = tokenParts(answers, ...rest)
  const { get } = parts.tokens
  return { ...parts, get, idle: parts.sessions.background.idle }
}

describe('an access token', () => {
  test('that is good goes at once, and nobody is asked', async () => {
    const { get, begin, find, idle, calls, clock } = await setUp([])
    for (const grant of [
      { accessTokenExpiresAt: clock.at + 5 * MINUTE },
      { accessTokenExpiresAt: undefined },
      { accessTokenExpiresAt: undefined, refreshToken: undefined },
    ]) {
      expect(get(await find(await begin(grant)))).toBe('access-1')
    }
    await idle()
    expect(calls).toEqual([])
  })

  test('that ends soon goes at once too, while one refresh runs beside it', async () => {
    const { get, begin, find, idle, calls, clock, stored } = await setUp([refreshed()])
    const session = await find(await begin({ issuedAt: clock.at - 4 * MINUTE, accessTokenExpiresAt: clock.at + MINUTE / 2 }))
    for (const _ of [1, 2, 3]) expect(get(session)).toBe('access-1')
    await idle()
    expect(calls).toEqual(['refresh-1'])
    const renewed = { version: 2, accessToken: 'access-2', refreshToken: 'refresh-2', idToken: 'id-1', scope: 'openid' }
    expect(await stored(session)).toMatchObject(renewed)
    expect(await find(session)).toMatchObject({ grant: renewed })
  })

  test('that ends soon is not renewed again and again while that fails', async () => {
    const { get, begin, find, idle, calls, clock } = await setUp([weather('network')])
    const session = await find(await begin({ issuedAt: clock.at - 4 * MINUTE, accessTokenExpiresAt: clock.at + MINUTE / 2 }))
    for (const _ of [1, 2, 3]) {
      expect(get(session)).toBe('access-1')
      await idle()
    }
    expect(calls).toEqual(['refresh-1'])
  })

  test('that outlives its refresh token is renewed while that can be done, so that nobody who is there is signed out', async () => {
    const { get, begin, find, idle, calls, clock } = await setUp([refreshed(2, { refreshTokenExpiresInSeconds: 1_800 })])
    const times = { issuedAt: clock.at, accessTokenExpiresAt: clock.at + HOUR, refreshTokenExpiresAt: clock.at + 30 * MINUTE }
    const session = await begin(times)
    clock.at += 14 * MINUTE
    expect(get(await find(session))).toBe('access-1')
    await idle()
    expect(calls).toEqual([])

    clock.at += 2 * MINUTE
    expect(get(await find(session))).toBe('access-1')
    await idle()
    expect(calls).toEqual(['refresh-1'])
    clock.at += 20 * MINUTE
    expect(await find(session)).toMatchObject({ grant: { accessToken: 'access-2' } })
  })

  test('with a short life is renewed in its second half only', async () => {
    const { get, begin, find, idle, calls, clock } = await setUp([refreshed()])
    expect(get(await find(await begin({ issuedAt: clock.at - 4_000, accessTokenExpiresAt: clock.at + 6_000 })))).toBe('access-1')
    await idle()
    expect(calls).toEqual([])
  })

  test('that has ended makes all requests wait for one refresh', async () => {
    const { get, begin, calls } = await setUp([refreshed()])
    const session = await begin()
    expect(await Promise.all([1, 2, 3].map(async () => get(session)))).toEqual(['access-2', 'access-2', 'access-2'])
    expect(calls).toEqual(['refresh-1'])
  })

  test('that has ended makes the requests of all instances wait for one refresh', async () => {
    const answered = Promise.withResolvers<RefreshAnswer>()
    const { tokens, begin, calls, instance } = await setUp([() => answered.promise])
    const [session, there] = [await begin(), instance()]
    const waiting = [tokens, there.tokens, tokens, there.tokens].map(async (each) => each.get(session))
    await until('the provider was asked', () => calls.length > 0)
    answered.resolve(refreshed())
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['access-2']))
    expect(calls).toEqual(['refresh-1'])
  })

  test('is not asked for with a refresh token that was spent while the request waited', async () => {
    const { get, begin, calls } = await setUp([refreshed()])
    const session = await begin()
    await get(session)
    expect(await get(session)).toBe('access-2')
    expect(calls).toEqual(['refresh-1'])
  })

  test('that fails to be renewed at first is waited for, and comes', async () => {
    const { get, begin, calls } = await setUp([weather('network'), weather('timeout'), refreshed()], {
      provider: { refreshWaitMilliseconds: 10_000 },
    })
    expect(await get(await begin())).toBe('access-2')
    expect(calls).toEqual(['refresh-1', 'refresh-1', 'refresh-1'])
  })

  test.each<Weather>(['network', 'timeout', 'rate_limited', 'server_error', 'client_refused', 'malformed', 'not_ready'])(
    'that cannot be renewed for the moment is a 503 with its reason, and the session stays (%s)',
    async (reason) => {
      const { get, begin, find, told } = await setUp([weather(reason)])
      const session = await begin()
      await expect(get(session)).rejects.toMatchObject({
        code: 'token_unavailable',
        detail: { weather: reason, retryAfterSeconds: 5 },
      })
      expect(await find(session)).toMatchObject({ grant: { version: 1, refreshToken: 'refresh-1' } })
      expect(told('token_refreshed')[0]).toMatchObject({ outcome: 'unavailable', reason, subject: 'ada' })
      expect(told('session_ended')).toEqual([])
    },
  )

  test('is not waited for where the provider says that it comes back later than anybody waits, and that is told at once', async () => {
    const { get, begin, calls, reported } = await setUp([weather('rate_limited', 77)], {
      provider: { refreshWaitMilliseconds: 60_000 },
    })
    const [one, other] = [await begin(), await begin()]
    await expect(get(one)).rejects.toMatchObject({ detail: { weather: 'rate_limited', retryAfterSeconds: 77 } })
    // It said so to everybody.
    await expect(get(other)).rejects.toMatchObject({ detail: { weather: 'resting', retryAfterSeconds: 77 } })
    expect(calls).toEqual(['refresh-1'])
    expect(reported).toContainEqual({
      name: 'token_endpoint_state',
      fields: { issuer: 'https://idp.example', state: 'resting', reason: 'rate_limited' },
    })
  })

  test("that cannot be renewed since the store fails is the store's 503, and the session stays", async () => {
    const { get, begin, find, fail, calls } = await setUp([refreshed()])
    const session = await begin()
    fail('lease', 1_000)
    await expect(get(session)).rejects.toMatchObject({ code: 'store_unavailable', detail: { weather: 'store' } })
    fail('lease', 0)
    expect([calls, (await find(session)).grant.version]).toEqual([[], 1])
  })

  test('is not renewed while the store is away, since a rotation that cannot be written is a lost session', async () => {
    const { get, begin, find, calls, link, asked } = await setUp([refreshed()])
    const session = await find(await begin())
    link.live = false
    link.certainAt = Infinity
    const before = asked.length
    await expect(get(session)).rejects.toMatchObject({ code: 'store_unavailable', detail: { weather: 'store' } })
    expect([calls, asked.length]).toEqual([[], before])
    link.live = true
    expect(await get(session)).toBe('access-2')
  })

  test('that takes too long is a 503, and the refresh goes on for those who come later', async () => {
    const answered = Promise.withResolvers<RefreshAnswer>()
    const { get, begin, calls } = await setUp([() => answered.promise])
    const session = await begin()
    await expect(get(session)).rejects.toMatchObject({
      code: 'token_unavailable',
      detail: { weather: 'timeout', retryAfterSeconds: 5 },
    })
    const later = get(session)
    answered.resolve(refreshed())
    expect(await later).toBe('access-2')
    expect(calls).toEqual(['refresh-1'])
  })

  test('is renewed to the end and kept though nobody waits for it any more, and a drain waits for that', async () => {
    const answered = Promise.withResolvers<RefreshAnswer>()
    const { get, begin, idle, stored } = await setUp([() => answered.promise], { provider: { refreshWaitMilliseconds: 100 } })
    const session = await begin()
    await expect(get(session)).rejects.toMatchObject({ code: 'token_unavailable' })
    const drained = idle().then(() => stored(session))
    answered.resolve(refreshed())
    expect(await drained).toMatchObject({ version: 2, refreshToken: 'refresh-2' })
  })

  test('that is good for a moment goes, though something unforeseen goes wrong beside it', async () => {
    const { get, begin, find, clock, told, idle } = await setUp([() => Promise.reject(new TypeError('a fault of ours'))])
    const session = await find(await begin({ issuedAt: clock.at - 4 * MINUTE, accessTokenExpiresAt: clock.at + MINUTE / 2 }))
    expect(get(session)).toBe('access-1')
    // An unhandled rejection would end the process.
    await idle()
    expect(told('unexpected_error')).toMatchObject([{ name: 'TypeError' }])
  })

  test('is not waited for where the fault is ours: trying again would not mend it', async () => {
    const { get, begin, calls, find } = await setUp([() => Promise.reject(new TypeError('a fault of ours'))])
    const session = await begin()
    await expect(get(session)).rejects.toThrow(TypeError)
    expect([calls.length, (await find(session)).grant.version]).toEqual([1, 1])
  })

  test('of a session that has lost its refresh token meanwhile has expired', async () => {
    const { get, begin, calls, told, sessions } = await setUp([])
    const session = await begin()
    await sessions.replaceGrant(withGrant(session, 2, { refreshToken: undefined }))
    await expect(get(session)).rejects.toMatchObject({ detail: { reason: 'expired' } })
    expect([calls, told('session_ended')]).toMatchObject([[], [{ reason: 'expired' }]])
  })

  test('that came when the session had ended is revoked, and given to nobody', async () => {
    const { get, begin, sessions, revoked } = await setUp([
      async () => {
        await sessions.end(session, 'signed_out')
        return refreshed()
      },
    ])
    const session = await begin()
    await expect(get(session)).rejects.toMatchObject({ code: 'session_missing', detail: { reason: 'signed_out' } })
    expect(revoked).toEqual(['access-2'])
  })

  test('that the provider refuses to renew ends the session', async () => {
    const { get, begin, told } = await setUp([REFUSED])
    await expect(get(await begin())).rejects.toMatchObject({ code: 'session_missing', detail: { reason: 'grant_refused' } })
    expect(told('session_ended')).toMatchObject([{ reason: 'grant_refused' }])
  })

  test('that was refused here but renewed elsewhere is the one from elsewhere', async () => {
    const { get, begin, sessions, told, clock } = await setUp([
      async () => {
        await sessions.replaceGrant(withGrant(session, 2, { accessTokenExpiresAt: clock.at + HOUR }))
        return REFUSED
      },
    ])
    const session = await begin()
    expect(await get(session)).toBe('access-2-elsewhere')
    expect(told('session_ended')).toEqual([])
  })

  test('without a refresh token lasts as long as it lasts, and then the session has expired', async () => {
    const { get, begin, find, told, clock, sessions } = await setUp([])
    const session = await find(await begin({ refreshToken: undefined, accessTokenExpiresAt: clock.at + MINUTE }))
    expect(get(session)).toBe('access-1')
    clock.at += MINUTE
    await expect(get(session)).rejects.toMatchObject({ code: 'session_missing', detail: { reason: 'expired' } })
    expect(told('session_ended')).toMatchObject([{ reason: 'expired' }])
    expect(await sessions.find(session.ticket)).toEqual({ kind: 'ended', reason: 'expired' })
  })

  test('without a refresh token is offered a new sign-in where the session is to stay, and it stays', async () => {
    const { get, begin, find, told, clock } = await setUp([], { session: { withoutRefreshToken: 'login' } })
    const session = await find(await begin({ refreshToken: undefined, accessTokenExpiresAt: clock.at + MINUTE }))
    clock.at += MINUTE
    await expect(get(session)).rejects.toMatchObject({ code: 'session_missing', detail: { reason: 'expired' } })
    expect(told('session_ended')).toEqual([])
    expect(await find(session)).toMatchObject({ grant: { version: 1 } })
  })
})

describe('a token that is not good although it should be', () => {
  test('is renewed however long it still has', async () => {
    const { tokens, begin, calls, clock } = await setUp([refreshed()])
    const session = await begin({ accessTokenExpiresAt: clock.at + HOUR })
    expect(await tokens.renewRefused(session, session.grant.accessToken)).toMatchObject({
      grant: { accessToken: 'access-2', version: 2 },
    })
    expect(calls).toEqual(['refresh-1'])
  })

  test('is not renewed where it was, by somebody else, since', async () => {
    const { tokens, begin, calls, clock, sessions } = await setUp([])
    const session = await begin({ accessTokenExpiresAt: clock.at + HOUR })
    await sessions.replaceGrant(withGrant(session, 2, { accessTokenExpiresAt: clock.at + HOUR }))
    expect(await tokens.renewRefused(session, session.grant.accessToken)).toMatchObject({
      grant: { accessToken: 'access-2-elsewhere' },
    })
    expect(calls).toEqual([])
  })
})

/** Only the waiting, over refreshes that come to what the test says, by a clock that only the pauses move. */
function waiting(outcomes: readonly RefreshOutcome[], mostWaitMilliseconds = 300) {
  const seen = { tries: 0, failed: 0, succeeded: 0, rest: 0 }
  let at = Date.now()
  const { get } = createAccessTokens({
    refreshSession: async () => {
      const outcome = outcomes[Math.min(seen.tries, outcomes.length - 1)]
      seen.tries += 1
      return outcome ?? unavailable('network', 'nothing')
    },
    endWithoutRefreshToken: async () => ({ kind: 'ended', reason: 'expired' }),
    freshnessOf: createFreshnessOf(MINUTE),
    backoff: {
      failed: () => void (seen.failed += 1),
      succeeded: () => void (seen.succeeded += 1),
      restOf: () => seen.rest,
    },
    inBackground: (work) => void work.catch(() => undefined),
    mostWaitMilliseconds,
    now: () => at,
    steady: () => at,
    pause: async (milliseconds) => void (at += milliseconds),
  })
  const session = makeSession({ accessTokenExpiresAt: 1 })
  return { seen, session, wait: async () => get(session) }
}

describe('a request that waits', () => {
  const fresh: RefreshOutcome = { kind: 'fresh', session: makeSession({ accessToken: 'access-9' as AccessToken }) }

  test('tells the backoff what came of each try', async () => {
    const { wait, seen } = waiting([unavailable('network', 'away'), fresh])
    expect(await wait()).toBe('access-9')
    expect(seen).toMatchObject({ tries: 2, failed: 1, succeeded: 1 })
  })

  test('does not try at all while the backoff lasts longer than it may wait', async () => {
    const { wait, seen } = waiting([unavailable('network', 'away'), fresh])
    seen.rest = 1_000
    await expect(wait()).rejects.toMatchObject({ detail: { weather: 'network', retryAfterSeconds: 5 } })
    expect(seen.tries).toBe(1)
  })

  test('tries no more than now and again where a try fails at once', async () => {
    const { wait, seen } = waiting([unavailable('network', 'away')])
    await expect(wait()).rejects.toMatchObject({ code: 'token_unavailable' })
    expect(seen.tries).toBe(6)
  })

  test('leaves a session that ends soon alone while the backoff lasts', async () => {
    const { seen, session } = waiting([fresh])
    seen.rest = 1
    const grant = { ...session.grant, issuedAt: Date.now() - 9 * MINUTE, accessTokenExpiresAt: Date.now() + MINUTE / 2 }
    const { get } = createAccessTokens({
      refreshSession: () => Promise.reject(new Error('too soon')),
      endWithoutRefreshToken: async () => ({ kind: 'ended', reason: 'expired' }),
      freshnessOf: createFreshnessOf(MINUTE),
      backoff: { failed: () => undefined, succeeded: () => undefined, restOf: () => seen.rest },
      inBackground: () => {
        throw new Error('too soon')
      },
      mostWaitMilliseconds: 300,
      now: Date.now,
      steady: Date.now,
      pause: () => Promise.reject(new Error('nobody waits')),
    })
    expect(get({ ...session, grant })).toBe('access-1')
  })
})
