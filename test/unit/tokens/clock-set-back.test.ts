import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import type { RefreshAnswer } from '../../../src/oidc/port.ts'
import { HOUR, MINUTE, refreshed, tokenParts } from '../../support/token-parts.ts'
import { until } from '../../support/until.ts'

const AWAY: RefreshAnswer = {
  kind: 'unavailable',
  reason: 'network',
  error: new GatewayError('provider_unavailable'),
  retryAfterSeconds: undefined,
}

/** A provider that is away until a test says otherwise; a grant with the times of `long` is over by any clock that a test has. */
function setUp(refreshWaitMilliseconds?: number) {
  const provider = { isAway: true, whenAsked: () => undefined as void }
  const answer = async () => {
    provider.whenAsked()
    return provider.isAway ? AWAY : refreshed()
  }
  const parts = tokenParts([answer], refreshWaitMilliseconds === undefined ? {} : { provider: { refreshWaitMilliseconds } })
  const long = { issuedAt: parts.clock.at - 5 * HOUR, accessTokenExpiresAt: parts.clock.at - 4 * HOUR }
  const setBack = (milliseconds = HOUR) => {
    parts.clock.at -= milliseconds
  }
  return { ...parts, provider, long, setBack, idle: parts.sessions.background.idle }
}

describe('a clock that is set back', () => {
  test('leaves no token that ends soon unrenewed until it is there again, though that has just failed', async () => {
    const { tokens, begin, find, provider, calls, clock, setBack, idle } = setUp()
    const ends = { issuedAt: clock.at - 3 * HOUR, accessTokenExpiresAt: clock.at - HOUR + MINUTE / 2 }
    const session = await begin(ends)
    await expect(tokens.get(session)).rejects.toMatchObject({ code: 'token_unavailable' })
    provider.isAway = false
    setBack()
    const failed = calls.length
    await until('it is tried again', async () => {
      expect(tokens.get(session)).toBe('access-1')
      await idle()
      return calls.length > failed
    })
    expect(await find(session)).toMatchObject({ grant: { accessToken: 'access-2' } })
  })

  test('leaves no provider in peace until it is there again', async () => {
    const { tokens, begin, provider, told, long, setBack } = setUp()
    const session = await begin(long)
    await until('the provider is left in peace', async () => {
      await Promise.resolve(tokens.get(session)).catch(() => undefined)
      return told('token_endpoint_state').length > 0
    })
    provider.isAway = false
    setBack()
    await until('it is asked again', async () => (await Promise.resolve(tokens.get(session)).catch(() => '')) === 'access-2')
  })

  test('lets nobody wait until it is there again since the store was found just before', async () => {
    const { tokens, begin, provider, findAgain, long, setBack } = setUp(10_000)
    const session = await begin(long)
    provider.isAway = false
    findAgain()
    setBack()
    expect(await tokens.get(session)).toBe('access-2')
  })

  test('lets no request wait until it is there again', async () => {
    const { tokens, begin, provider, long, setBack } = setUp()
    provider.whenAsked = () => {
      provider.whenAsked = () => undefined
      setBack(MINUTE)
    }
    await expect(tokens.get(await begin(long))).rejects.toMatchObject({ code: 'token_unavailable' })
  })
})
