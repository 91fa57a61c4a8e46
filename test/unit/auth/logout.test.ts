import { describe, expect, test } from '@jest/globals'
import { createLogoutContinuations } from '../../../src/auth/logout-continuations.ts'
import { createLogout } from '../../../src/auth/logout.ts'
import { createRevokeTokens } from '../../../src/auth/revoke-tokens.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { Provider } from '../../../src/oidc/port.ts'
import { createSendPage } from '../../../src/pages/send-page.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { createSealer } from '../../../src/store/sealing.ts'
import { makeExchange } from '../../support/exchange.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

/** A logout of Ada's, and what happened in which order. */
async function signOut({
  endSessionUrl,
  claims = {},
}: {
  readonly endSessionUrl: Provider['endSessionUrl']
  readonly claims?: Readonly<Record<string, unknown>>
}) {
  const { now, secrets, namespace, report, reported } = sessionParts()
  const deeds: string[] = []
  const work: Promise<void>[] = []
  const provider: Pick<Provider, 'revoke' | 'endSessionUrl'> = {
    endSessionUrl,
    revoke: async (token) => deeds.push(`revoked ${token}`) > 0,
  }
  const logout = createLogout({
    prefix: '/bff',
    cookieName: 'coatcheck',
    secure: true,
    refuseForgedRequest: () => undefined,
    sessionOf: () => ({ kind: 'live', session: makeSession({ claims }) }),
    endSession: async (_, reason) => {
      deeds.push(`ended ${reason}`)
      return { kind: 'ended', reason }
    },
    revokeTokens: createRevokeTokens(provider, report, (each) => void work.push(each)),
    provider,
    continuations: createLogoutContinuations({
      store: createMemoryStore({ mostRecords: 10, now }),
      sealer: createSealer({ secrets, namespace }),
      namespace,
      cookieName: 'coatcheck-logout',
      secure: true,
    }),
    sendPage: createSendPage('/bff'),
    report,
  })
  const { request, response, setCookies } = makeExchange({ 'X-CSRF': '1' }, { method: 'POST' })
  const told: unknown[] = []
  response.json = (body: unknown) => {
    told.push(body)
    return response
  }
  await logout(request, response)
  await Promise.all(work)
  return { deeds, told, reported, cookies: setCookies().map(({ name, value }) => [name, value === '' ? 'deleted' : 'set']) }
}

describe('signing out', () => {
  test('ends the session first, then revokes the refresh token, then the access token', async () => {
    const { deeds, cookies } = await signOut({ endSessionUrl: async () => new URL('https://idp.example/logout') })
    expect(deeds).toEqual(['ended signed_out', 'revoked refresh-1', 'revoked access-1'])
    expect(cookies).toEqual([
      ['coatcheck', 'deleted'],
      ['coatcheck-logout', 'set'],
    ])
  })

  test('is told as done where a fault of ours is in the way, and that fault is seen', async () => {
    const { told, reported } = await signOut({ endSessionUrl: () => Promise.reject(new TypeError('a fault')) })
    expect(told).toEqual([{ continue: '/bff/logout/callback' }])
    expect(reported).toMatchObject([{ name: 'unexpected_error', fields: { name: 'TypeError' } }])
  })

  test('is told as done where the provider cannot be asked where to go on', async () => {
    const { deeds, told, cookies } = await signOut({
      endSessionUrl: () => Promise.reject(new GatewayError('provider_unavailable')),
    })
    expect(told).toEqual([{ continue: '/bff/logout/callback' }])
    expect(deeds).toHaveLength(3)
    expect(cookies).toEqual([['coatcheck', 'deleted']])
  })

  test.each([
    [{ email: 'ada@example.com', preferred_username: 'ada' }, 'ada@example.com'],
    [{ preferred_username: 'ada' }, 'ada'],
    [{ email: ['ada@example.com'] }, undefined],
    [{}, undefined],
  ])('tells the provider whom it is about, where that is known: %j', async (claims, expected) => {
    const hints: unknown[] = []
    await signOut({
      claims,
      endSessionUrl: async ({ logoutHint, idToken }) => {
        hints.push(logoutHint, idToken)
        return undefined
      },
    })
    expect(hints).toEqual([expected, 'id-1'])
  })
})
