import { describe, expect, jest, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import type { RefreshAnswer } from '../../../src/oidc/port.ts'
import { createBackground } from '../../../src/session/background.ts'
import { createGrantOf } from '../../../src/session/grant-of.ts'
import type { LiveSession, Verdict } from '../../../src/session/records.ts'
import type { GrantReplacement } from '../../../src/session/replace-grant.ts'
import { createGetAccessToken } from '../../../src/tokens/access-token.ts'
import { createRefreshSession } from '../../../src/tokens/refresh-session.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

const MINUTE = 60_000
const REFRESHED: RefreshAnswer = {
  kind: 'refreshed',
  tokens: {
    accessToken: 'access-2',
    expiresInSeconds: 300,
    refreshToken: 'refresh-2',
    scope: undefined,
    idToken: undefined,
    identity: undefined,
  },
}

/** One session in a pretend store, and a provider that answers what the test says. */
function setUp(answer: RefreshAnswer | (() => Promise<RefreshAnswer>), replacement: GrantReplacement = 'written') {
  const { now, clock, report, reported } = sessionParts()
  const standing: { verdict: Verdict } = { verdict: { kind: 'ended', reason: 'none' } }
  const calls: string[] = []
  const ends: string[] = []
  const revoked: string[] = []
  const storeIs = { live: true }
  const endSession = async (_: unknown, reason: 'expired' | 'grant_refused') => {
    ends.push(reason)
    standing.verdict = { kind: 'ended', reason }
    return standing.verdict
  }
  const refreshSession = createRefreshSession({
    provider: {
      refresh: async ({ refreshToken }) => {
        calls.push(refreshToken)
        return typeof answer === 'function' ? answer() : answer
      },
    },
    replaceGrant: async ({ ticket, record, grant }, next) => {
      if (replacement === 'written')
        standing.verdict = { kind: 'live', session: { ticket, record, grant: { version: grant.version + 1, ...next } } }
      return replacement
    },
    findSession: () => standing.verdict,
    endSession: endSession as never,
    grantOf: createGrantOf(['sub']),
    revokeTokens: ({ grant }) => revoked.push(grant.accessToken),
    isStoreLive: () => storeIs.live,
    report,
    now,
  })
  const background = createBackground(report)
  const getAccessToken = createGetAccessToken({
    refreshSession,
    endSession: endSession as never,
    inBackground: background.run,
    now,
  })
  const stand = (session: LiveSession) => {
    standing.verdict = { kind: 'live', session }
    return session
  }
  return { clock, getAccessToken, stand, standing, calls, ends, reported, background, revoked, storeIs }
}

describe('an access token', () => {
  test('that is good for a while goes at once, without a promise and without the provider', async () => {
    const { getAccessToken, stand, calls, clock } = setUp(REFRESHED)
    expect(getAccessToken(stand(makeSession({ issuedAt: clock.at, accessTokenExpiresAt: clock.at + 5 * MINUTE })))).toBe(
      'access-1',
    )
    expect(getAccessToken(stand(makeSession({ accessTokenExpiresAt: undefined })))).toBe('access-1')
    expect(getAccessToken(stand(makeSession({ accessTokenExpiresAt: undefined, refreshToken: undefined })))).toBe('access-1')
    await new Promise(setImmediate)
    expect(calls).toEqual([])
  })

  test('that ends soon goes at once too, while one refresh runs beside it', async () => {
    const { getAccessToken, stand, calls, clock, standing } = setUp(REFRESHED)
    const session = stand(makeSession({ issuedAt: clock.at - 4 * MINUTE, accessTokenExpiresAt: clock.at + MINUTE / 2 }))
    for (const _ of [1, 2, 3]) expect(getAccessToken(session)).toBe('access-1')
    await new Promise(setImmediate)
    expect(calls).toEqual(['refresh-1'])
    expect(standing.verdict).toMatchObject({
      session: { grant: { version: 2, accessToken: 'access-2', refreshToken: 'refresh-2', idToken: 'id-1', scope: 'openid' } },
    })
  })

  test('with a short life is renewed in its second half only', () => {
    const { getAccessToken, stand, calls, clock } = setUp(REFRESHED)
    expect(getAccessToken(stand(makeSession({ issuedAt: clock.at - 4_000, accessTokenExpiresAt: clock.at + 6_000 })))).toBe(
      'access-1',
    )
    expect(calls).toEqual([])
  })

  test('that has ended makes all requests wait for one refresh', async () => {
    const { getAccessToken, stand, calls, clock } = setUp(REFRESHED)
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    expect(await Promise.all([1, 2, 3].map(async () => getAccessToken(session)))).toEqual(['access-2', 'access-2', 'access-2'])
    expect(calls).toEqual(['refresh-1'])
  })

  test('is not asked for with a refresh token that was spent while the request waited', async () => {
    const { getAccessToken, stand, calls, clock } = setUp(REFRESHED)
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    await getAccessToken(session)
    expect(await getAccessToken(session)).toBe('access-2')
    expect(calls).toEqual(['refresh-1'])
  })

  test('that cannot be renewed for the moment is a 503 that says when to come back, and the session stays', async () => {
    const { getAccessToken, stand, clock, ends, reported } = setUp({
      kind: 'unavailable',
      error: new GatewayError('provider_unavailable'),
      retryAfterSeconds: 7,
    })
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    await expect(getAccessToken(session)).rejects.toMatchObject({ code: 'token_unavailable', detail: { retryAfterSeconds: 7 } })
    expect(ends).toEqual([])
    expect(reported).toMatchObject([{ name: 'token_refreshed', fields: { outcome: 'unavailable', subject: 'ada' } }])
  })

  test("that cannot be renewed since the store is away is the store's 503, and the session stays", async () => {
    const { getAccessToken, stand, clock, ends } = setUp(async () => {
      throw new GatewayError('store_unavailable', { retryAfterSeconds: 1 })
    })
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    await expect(getAccessToken(session)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(ends).toEqual([])
  })

  test('that cannot be renewed says when to come back where the provider does not', async () => {
    const { getAccessToken, stand, clock } = setUp({
      kind: 'unavailable',
      error: new GatewayError('provider_unavailable'),
      retryAfterSeconds: undefined,
    })
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    await expect(getAccessToken(session)).rejects.toMatchObject({ detail: { retryAfterSeconds: 5 } })
  })

  test('that takes too long is waited for ten seconds, and the refresh goes on for those who come later', async () => {
    const { getAccessToken, stand, clock, calls } = setUp(async () => {
      await answered.promise
      return REFRESHED
    })
    const answered = Promise.withResolvers<void>()
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    jest.useFakeTimers()
    try {
      const waiting = getAccessToken(session)
      const told = expect(waiting).rejects.toMatchObject({ code: 'token_unavailable', detail: { retryAfterSeconds: 5 } })
      await jest.advanceTimersByTimeAsync(9_999)
      expect(jest.getTimerCount()).toBe(1)
      await jest.advanceTimersByTimeAsync(1)
      await told
      const later = getAccessToken(session)
      answered.resolve()
      expect(await later).toBe('access-2')
      expect(jest.getTimerCount()).toBe(0)
    } finally {
      jest.useRealTimers()
    }
    expect(calls).toEqual(['refresh-1'])
  })

  test('that is good for a moment goes, though something unforeseen goes wrong beside it', async () => {
    const { getAccessToken, stand, clock, reported, background } = setUp(() => Promise.reject(new TypeError('a fault of ours')))
    const session = stand(makeSession({ issuedAt: clock.at - 4 * MINUTE, accessTokenExpiresAt: clock.at + MINUTE / 2 }))
    expect(getAccessToken(session)).toBe('access-1')
    // An unhandled rejection would end the process.
    await background.idle()
    expect(reported).toMatchObject([{ name: 'unexpected_error', fields: { name: 'TypeError' } }])
  })

  test('of a session that has lost its refresh token meanwhile has expired', async () => {
    const { getAccessToken, stand, standing, clock, calls, ends } = setUp(REFRESHED)
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    standing.verdict = { kind: 'live', session: { ...session, grant: { ...session.grant, refreshToken: undefined } } }
    await expect(getAccessToken(session)).rejects.toMatchObject({ detail: { reason: 'expired' } })
    expect([calls, ends]).toEqual([[], ['expired']])
  })

  test('that came when the session had ended is revoked', async () => {
    const { getAccessToken, stand, standing, clock, revoked } = setUp(async () => {
      standing.verdict = { kind: 'ended', reason: 'signed_out' }
      return REFRESHED
    }, 'absent')
    await expect(getAccessToken(stand(makeSession({ accessTokenExpiresAt: clock.at - 1 })))).rejects.toMatchObject({
      code: 'session_missing',
    })
    expect(revoked).toEqual(['access-2'])
  })

  test('is not renewed while the store is away, since a rotation that cannot be written is a lost session', async () => {
    const { getAccessToken, stand, clock, calls, ends, storeIs } = setUp(REFRESHED)
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    storeIs.live = false
    await expect(getAccessToken(session)).rejects.toMatchObject({ code: 'store_unavailable' })
    storeIs.live = true
    expect(await getAccessToken(session)).toBe('access-2')
    expect([calls, ends]).toEqual([['refresh-1'], []])
  })

  test('that the provider refuses to renew ends the session', async () => {
    const { getAccessToken, stand, clock, ends } = setUp({ kind: 'refused' })
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    await expect(getAccessToken(session)).rejects.toMatchObject({ code: 'session_missing', detail: { reason: 'grant_refused' } })
    expect(ends).toEqual(['grant_refused'])
  })

  test('that was refused here but renewed elsewhere is the one from elsewhere', async () => {
    const renewed = makeSession({ version: 2, accessToken: 'access-elsewhere' as never })
    const { getAccessToken, stand, clock, ends, standing } = setUp(async () => {
      standing.verdict = { kind: 'live', session: renewed }
      return { kind: 'refused' }
    })
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    expect(await getAccessToken(session)).toBe('access-elsewhere')
    expect(ends).toEqual([])
  })

  test("of a session that ended during the refresh is nobody's", async () => {
    const { getAccessToken, stand, clock, standing } = setUp(async () => {
      standing.verdict = { kind: 'ended', reason: 'signed_out' }
      return REFRESHED
    }, 'absent')
    const session = stand(makeSession({ accessTokenExpiresAt: clock.at - 1 }))
    await expect(getAccessToken(session)).rejects.toMatchObject({ code: 'session_missing', detail: { reason: 'signed_out' } })
  })

  test('without a refresh token lasts as long as it lasts, and then the session has expired', async () => {
    const { getAccessToken, stand, clock, ends } = setUp(REFRESHED)
    expect(
      getAccessToken(
        stand(makeSession({ refreshToken: undefined, issuedAt: clock.at - MINUTE, accessTokenExpiresAt: clock.at + 1 })),
      ),
    ).toBe('access-1')
    await expect(
      getAccessToken(stand(makeSession({ refreshToken: undefined, accessTokenExpiresAt: clock.at - 1 }))),
    ).rejects.toMatchObject({ detail: { reason: 'expired' } })
    expect(ends).toEqual(['expired'])
  })
})
