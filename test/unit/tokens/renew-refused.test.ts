import { describe, expect, test } from '@jest/globals'
import type { AccessToken, LiveSession } from '../../../src/session/records.ts'
import { createRenewRefused } from '../../../src/tokens/renew-refused.ts'
import { makeSession } from '../../support/session-parts.ts'
import { MINUTE, refreshed, tokenParts } from '../../support/token-parts.ts'

/** Renewals that each bring the next version, or the version that somebody else has brought. */
function setUp(elsewhere?: LiveSession) {
  const asked: number[] = []
  const renewRefused = createRenewRefused({
    async renewed(session) {
      asked.push(session.grant.version)
      if (elsewhere && elsewhere.grant.version > session.grant.version) return elsewhere
      return withVersion(session, session.grant.version + 1)
    },
  })
  return { asked, renewRefused }
}

function withVersion(session: LiveSession, version: number): LiveSession {
  return { ...session, grant: { ...session.grant, version, accessToken: `access-${version}` as AccessToken } }
}

const refuse = ({ grant }: LiveSession) => grant.accessToken

describe('a token that an upstream has called invalid', () => {
  test('is renewed once; an upstream that refuses the new one too causes no further refresh', async () => {
    const { asked, renewRefused } = setUp()
    const session = makeSession()
    const next = await renewRefused(session, refuse(session))
    expect(next?.grant.accessToken).toBe('access-2')
    expect(next && renewRefused(next, refuse(next))).toBeUndefined()
    expect(asked).toEqual([1])
  })

  test('is renewed again once it was renewed in the usual way meanwhile', async () => {
    const { asked, renewRefused } = setUp()
    const session = makeSession()
    await renewRefused(session, refuse(session))
    const usual = withVersion(session, 3)
    expect((await renewRefused(usual, refuse(usual)))?.grant.accessToken).toBe('access-4')
    expect(asked).toEqual([1, 3])
  })

  test('is renewed though the request knows only the session of before, and had waited for it', async () => {
    const known = makeSession()
    const renewed = withVersion(known, 2)
    const { asked, renewRefused } = setUp(renewed)
    expect((await renewRefused(known, refuse(renewed)))?.grant.accessToken).toBe('access-3')
    expect(asked).toEqual([1, 2])
  })

  test('is not renewed where another gateway has done that in vain already, though the request knows only the session of before', async () => {
    const known = makeSession()
    const second = withVersion(known, 2)
    const { asked, renewRefused } = setUp({ ...second, grant: { ...second.grant, cameOfRefusal: true } })
    expect((await renewRefused(known, refuse(second)))?.grant.accessToken).toBe('access-2')
    expect(asked).toEqual([1])
  })

  test('is not renewed where somebody has done that already', async () => {
    const session = makeSession()
    const { asked, renewRefused } = setUp(withVersion(session, 2))
    expect((await renewRefused(session, refuse(session)))?.grant.accessToken).toBe('access-2')
    expect(asked).toEqual([1])
  })

  test('stays what it is without a refresh token', () => {
    const { renewRefused } = setUp()
    const session = makeSession({ refreshToken: undefined })
    expect(renewRefused(session, refuse(session))).toBeUndefined()
  })

  test('causes one refresh in all gateways together where an upstream refuses whatever is brought', async () => {
    const parts = tokenParts([2, 3, 4, 5, 6].map((number) => refreshed(number)))
    const gateways = [parts, parts.instance(), parts.instance()]
    const begun = await parts.begin({ accessTokenExpiresAt: parts.clock.at + 5 * MINUTE })
    for (let calls = 0; calls < 9; calls += 1) {
      const { find, tokens } = gateways[calls % 3] ?? parts
      const session = await find(begun)
      await tokens.renewRefused(session, refuse(session))
    }
    expect(parts.calls).toEqual(['refresh-1'])
  })

  test('is renewed in the usual way, whatever brought it, and the next one may be refused once more', async () => {
    const parts = tokenParts([2, 3, 4].map((number) => refreshed(number)))
    const begun = await parts.begin({ accessTokenExpiresAt: parts.clock.at + 5 * MINUTE })
    const refuseNewest = async () => {
      const session = await parts.find(begun)
      return (await parts.tokens.renewRefused(session, refuse(session)))?.grant.accessToken
    }
    expect(await refuseNewest()).toBe('access-2')
    parts.clock.at += 10 * MINUTE
    expect(await parts.tokens.get(await parts.find(begun))).toBe('access-3')
    expect(await refuseNewest()).toBe('access-4')
    expect(await refuseNewest()).toBeUndefined()
  })
})
