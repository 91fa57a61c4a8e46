import { afterEach, describe, expect, test } from '@jest/globals'

import type { ProviderConfig } from '../../../src/config/config.ts'
import { connectProvider, type ProviderInTest } from '../../support/provider-in-test.ts'
import { startProvider, type ProviderOptions, type TestProvider } from '../../support/provider.ts'
import { createStops } from '../../support/stops.ts'

const running = createStops()
afterEach(running.stopAll)

async function start(options: ProviderOptions = {}, overrides: Partial<ProviderConfig> = {}) {
  const there = await startProvider({ idTokenAlgorithm: 'ES256', ...options })
  running.add(() => there.stop())
  return { there, here: await connect(there, overrides) }
}

async function connect(there: TestProvider, overrides: Partial<ProviderConfig> = {}): Promise<ProviderInTest> {
  const here = await connectProvider(there, overrides)
  running.add(() => here.provider.stop())
  return here
}

const through = (there: TestProvider) => async (url: URL) => (await there.visit(url)).url.searchParams

describe('signing in at a certified provider', () => {
  test.each(['client_secret_basic', 'client_secret_post', 'none'] as const)(
    'works with client authentication %s',
    async (clientAuth) => {
      const odd = { clientId: 'app: one/x', clientSecret: 'a:b+c%d & = "quoted" -_.!~*()' }
      const { there, here } = await start({ clientAuth, ...odd }, { clientAuth: clientAuth === 'none' ? 'none' : clientAuth })

      const tokens = await here.login(through(there))

      expect(tokens.identity).toMatchObject({ issuer: there.issuer, subject: 'alice', claims: { name: 'Alice Example' } })
      expect(tokens).toMatchObject({ expiresInSeconds: 3600, scope: 'openid profile' })
      expect(tokens.refreshToken).toBeDefined()
      expect(there.counts).toMatchObject({ token: 1, jwks: 1, userinfo: 0 })
    },
  )

  test('uses post by itself where the metadata lists nothing else', async () => {
    const { there, here } = await start({ clientAuth: 'client_secret_post', clientAuthMethods: ['client_secret_post'] })
    expect((await here.login(through(there))).identity.subject).toBe('alice')
  })

  test.each(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] as const)(
    'verifies ID tokens signed with %s',
    async (idTokenAlgorithm) => {
      const { there, here } = await start({ idTokenAlgorithm })
      expect((await here.login(through(there))).identity.subject).toBe('alice')
    },
  )

  test('names who signs in by the hint that the request carries', async () => {
    const { there, here } = await start()
    const { identity } = await here.login(through(there), { loginHint: 'bob' })
    expect(identity).toMatchObject({ subject: 'bob', claims: { name: 'Bob Example' } })
  })

  test('brings the claims of userinfo where that is configured', async () => {
    const { there, here } = await start({}, { userinfo: true, scopes: ['openid', 'email'] })
    const { identity } = await here.login(through(there))
    expect(identity.claims).toMatchObject({ email: 'alice@example.com', sub: 'alice' })
    expect(there.counts.userinfo).toBe(1)
  })

  test('asks for consent with offline_access, so that a refresh token comes', async () => {
    const { there, here } = await start(
      { configuration: { issueRefreshToken: undefined } },
      { scopes: ['openid', 'offline_access'] },
    )
    expect((await here.login(through(there))).refreshToken).toBeDefined()
  })

  test('says that the person refused', async () => {
    const { there, here } = await start({ interactive: 'deny' })
    await expect(here.login(through(there))).rejects.toMatchObject({ code: 'login_denied' })
    expect(there.counts.token).toBe(0)
  })

  test('checks how long ago the person signed in, where that was asked', async () => {
    const { there, here } = await start()
    const { identity } = await here.login(through(there), { maxAgeSeconds: 60 })
    expect(identity.authTime).toBeGreaterThan(0)
  })

  test('ends as refused when a code comes a second time', async () => {
    const { there, here } = await start()
    const { url, state, nonce, codeVerifier } = await here.startLogin()
    const answer = await through(there)(url)
    await here.provider.redeemCode({ answer, state, nonce, codeVerifier })
    await expect(here.provider.redeemCode({ answer, state, nonce, codeVerifier })).rejects.toMatchObject({
      code: 'login_refused',
    })
  })

  test('ends as refused when the verifier is another one', async () => {
    const { there, here } = await start()
    const { url, state, nonce } = await here.startLogin()
    const answer = await through(there)(url)
    const codeVerifier = 'v'.repeat(43)
    await expect(here.provider.redeemCode({ answer, state, nonce, codeVerifier })).rejects.toMatchObject({
      code: 'login_refused',
    })
  })

  test('goes on after the provider has changed its keys', async () => {
    const { there, here } = await start()
    await here.login(through(there))
    await there.rotateKeys()
    expect((await here.login(through(there))).identity.subject).toBe('alice')
    await there.rotateKeys()
    expect((await here.login(through(there))).identity.subject).toBe('alice')
  })
})

describe('the grant at a certified provider', () => {
  test('is renewed, rotated, and ended by the provider once a token is used twice', async () => {
    const { there, here } = await start()
    const { identity, refreshToken = '' } = await here.login(through(there))
    const grant = { issuer: identity.issuer, subject: identity.subject, authTime: identity.authTime }

    const first = await here.provider.refresh({ ...grant, refreshToken })
    expect(first).toMatchObject({ kind: 'refreshed', tokens: { identity: { subject: 'alice' }, expiresInSeconds: 3600 } })
    if (first.kind !== 'refreshed' || first.tokens.refreshToken === undefined) throw new Error('not refreshed')
    expect(first.tokens.refreshToken).not.toBe(refreshToken)

    await expect(here.provider.refresh({ ...grant, refreshToken })).resolves.toEqual({ kind: 'refused' })
    await expect(here.provider.refresh({ ...grant, refreshToken: first.tokens.refreshToken })).resolves.toEqual({
      kind: 'refused',
    })
  })

  test('is gone once it is revoked', async () => {
    const { there, here } = await start()
    const { identity, refreshToken = '' } = await here.login(through(there))
    await expect(here.provider.revoke(refreshToken, 'refresh_token')).resolves.toBe(true)
    await expect(here.provider.refresh({ ...identity, refreshToken })).resolves.toEqual({ kind: 'refused' })
    await expect(here.provider.revoke('never heard of', 'access_token')).resolves.toBe(true)
  })

  test('ends with the session at the provider, and the browser comes back', async () => {
    const { there, here } = await start()
    const { idToken } = await here.login(through(there))
    const url = await here.provider.endSessionUrl({ idToken, state: 'the state', logoutHint: undefined })
    if (url === undefined) throw new Error('no end_session_endpoint')
    const { page = '' } = await there.visit(url)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const back = await there.visit(`${there.issuer}/session/end/confirm`, { xsrf, logout: 'yes' })
    expect(back.url.href).toBe('http://localhost:8080/bff/logout/callback?state=the+state')
  })
})
