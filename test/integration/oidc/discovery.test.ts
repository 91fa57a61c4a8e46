import { afterEach, describe, expect, test } from '@jest/globals'

import type { ProviderConfig } from '../../../src/config/config.ts'
import type { Exchange } from '../../../src/oidc/exchange.ts'
import { connectProvider, REDIRECT_URI } from '../../support/provider-in-test.ts'
import { answers, startScriptedProvider, type Answer, type Script } from '../../support/scripted-provider.ts'
import { createStops } from '../../support/stops.ts'
import { until } from '../../support/until.ts'

const running = createStops()
afterEach(running.stopAll)

async function start(script: Script = {}, overrides: Partial<ProviderConfig> = {}) {
  const there = await startScriptedProvider({ script })
  running.add(() => there.stop())
  const here = await connectProvider(there, overrides)
  running.add(() => here.provider.stop())
  return { ...here, there, states: () => here.reported.filter(({ name }) => name === 'provider_state') }
}

type Metadata = Readonly<Record<string, unknown>>
const metadata = (changes: Metadata): Script => ({ metadata: (honest) => ({ ...honest, ...changes }) })
const answering = (answer: Answer): Script => ({ metadata: () => answer })
const json = 'application/json'

const REFUSED: readonly (readonly [string, Script, RegExp])[] = [
  ['names another issuer (discovery-issuer-mismatch)', metadata({ issuer: 'https://evil.example.com' }), /another issuer/],
  [
    'names the issuer with a slash',
    { metadata: (honest) => ({ ...honest, issuer: `${String(honest['issuer'])}/` }) },
    /another issuer/,
  ],
  [
    'names the issuer with its port in other words',
    { metadata: (honest) => ({ ...honest, issuer: String(honest['issuer']).replace('http:', 'HTTP:') }) },
    /another issuer/,
  ],
  ['names no issuer', metadata({ issuer: undefined }), /OAUTH_INVALID_RESPONSE/],
  ['has no token endpoint', metadata({ token_endpoint: undefined }), /no token_endpoint/],
  ['has no authorization endpoint', metadata({ authorization_endpoint: undefined }), /no authorization_endpoint/],
  ['has no keys', metadata({ jwks_uri: undefined }), /no jwks_uri/],
  [
    'has an http endpoint elsewhere',
    metadata({ token_endpoint: 'http://idp.example.com/token' }),
    /token_endpoint is no https URL/,
  ],
  [
    'has a host that only looks like loopback',
    metadata({ token_endpoint: 'http://127.0.0.1.evil.example.com/' }),
    /token_endpoint/,
  ],
  ['has its keys in a file', metadata({ jwks_uri: 'file:///etc/passwd' }), /jwks_uri/],
  ['has an endpoint with a password', metadata({ token_endpoint: 'https://user:pass@idp.example.com/token' }), /token_endpoint/],
  ['has an endpoint with a fragment', metadata({ token_endpoint: 'https://idp.example.com/token#x' }), /token_endpoint/],
  ['has a number as endpoint', metadata({ revocation_endpoint: 7 }), /revocation_endpoint/],
  ['has a script as end of session', metadata({ end_session_endpoint: 'javascript:alert(1)' }), /end_session_endpoint/],
  ['does not list S256', metadata({ code_challenge_methods_supported: undefined }), /S256/],
  ['lists plain alone', metadata({ code_challenge_methods_supported: ['plain'] }), /S256/],
  ['lists no algorithm that we accept', metadata({ id_token_signing_alg_values_supported: ['HS256', 'none'] }), /no algorithm/],
  ['is HTML', answering(answers.html()), /JSON/],
  ['is JSON by its content alone', answering(answers.text(200, 'text/plain', '{}')), /content type/],
  ['is a list', answering(answers.json(200, [])), /OAUTH/],
  ['is null', answering(answers.json(200, null)), /OAUTH/],
  ['is cut off', answering(answers.text(200, json, '{"issuer":')), /OAUTH_PARSE_ERROR/],
  ['is not found', answering(answers.json(404, {})), /HTTP 404/],
  ['is elsewhere', answering(answers.redirect('https://evil.example.com/')), /HTTP 302/],
  ['is five megabytes', answering(answers.huge(5_000_000)), /more than 524288 bytes/],
  ['fails', answering(answers.status(500)), /HTTP 500/],
  ['never comes', answering(answers.hang()), /TimeoutError/],
  ['is cut', answering(answers.reset()), /UND_ERR_SOCKET|ECONNRESET/],
]

describe('metadata', () => {
  test.each(REFUSED)('that %s is not used, and the log says why', async (_, script, note) => {
    const { provider, states } = await start(script, { timeoutMilliseconds: 500 })

    expect(provider.state).toBe('unavailable')
    expect(states()).toEqual([expect.objectContaining({ state: 'unavailable', note: expect.stringMatching(note) })])
    const request = { state: 's', nonce: 'n', codeChallenge: 'c' }
    await expect(provider.authorizationUrl(request)).rejects.toMatchObject({ code: 'provider_unavailable' })
  })

  test('without S256 is used where that is configured, and the log says so once', async () => {
    const script = metadata({ code_challenge_methods_supported: undefined })
    const { there, provider, reported, startLogin } = await start(script, { assumeS256: true, metadataRefreshMilliseconds: 10 })
    expect(provider.state).toBe('ready')
    await until('the metadata was asked for again', () => there.count('metadata') > 3)
    expect((await startLogin()).url.searchParams.get('code_challenge_method')).toBe('S256')
    const warnings = reported.filter(({ name }) => name === 'configuration_warning')
    expect(warnings).toEqual([expect.objectContaining({ place: 'provider.assumeS256' })])
  })

  test('with S256 is nothing to warn of, though it might be assumed', async () => {
    const { reported } = await start({}, { assumeS256: true })
    expect(reported.map(({ name }) => name)).toEqual(['provider_state'])
  })

  test('needs a userinfo endpoint only where userinfo is configured', async () => {
    const script = metadata({ userinfo_endpoint: undefined })
    expect((await start(script)).provider.state).toBe('ready')
    expect((await start(script, { userinfo: true })).provider.state).toBe('unavailable')
  })

  test('is looked for at the issuer, without the slash at its end', async () => {
    const asked: string[] = []
    const exchange: Exchange = async (url) => {
      asked.push(url)
      throw new Error('Nobody is there.')
    }
    for (const issuer of ['https://h.example', 'https://h.example/', 'https://h.example/t1', 'https://h.example/t1/']) {
      const { provider } = await connectProvider({ issuer, clientId: 'c', clientSecret: 's' }, {}, { exchange })
      provider.stop()
    }
    const root = 'https://h.example/.well-known/openid-configuration'
    const tenant = 'https://h.example/t1/.well-known/openid-configuration'
    expect(asked).toEqual([root, root, tenant, tenant])
  })
})

describe('the provider', () => {
  test('is found later when it is down at the start; until then every deed says so', async () => {
    const there = await startScriptedProvider()
    running.add(() => there.stop())
    await there.pause()
    const { provider, reported, login } = await connectProvider(there)
    running.add(() => provider.stop())

    expect(provider.state).toBe('unavailable')
    const unavailable = { code: 'provider_unavailable' }
    const answer = new URLSearchParams()
    await expect(provider.redeemCode({ answer, state: '', nonce: '', codeVerifier: '' })).rejects.toMatchObject(unavailable)
    await expect(provider.revoke('x', 'access_token')).rejects.toMatchObject(unavailable)
    await expect(provider.endSessionUrl({ idToken: 'x', state: 's', logoutHint: undefined })).rejects.toMatchObject(unavailable)
    const grant = { refreshToken: 'x', issuer: there.issuer, subject: 'alice', authTime: undefined }
    await expect(provider.refresh(grant)).resolves.toMatchObject({ kind: 'unavailable', error: unavailable })

    await there.resume()
    await until('the provider is found', () => provider.state === 'ready')
    await expect(login(there.authorize)).resolves.toBeDefined()
    expect(reported.map(({ state }) => state)).toEqual(['unavailable', 'ready'])
  })

  test('may move its endpoints and keys without a restart of ours', async () => {
    const { there, login } = await start({}, { metadataRefreshMilliseconds: 20 })
    await login(there.authorize)
    there.script.metadata = (honest) => ({ ...honest, authorization_endpoint: `${there.issuer}/authorization?moved=1` })
    await until('the new endpoint is used', async () => {
      await login(there.authorize)
      return there.last('authorization').url.includes('moved=1')
    })
    await there.signer.rotate({ algorithm: 'EdDSA' })
    await expect(login(there.authorize)).resolves.toBeDefined()
  })

  test('is reported once, however often its metadata is read', async () => {
    const { there, reported } = await start({}, { metadataRefreshMilliseconds: 10 })
    await until('the metadata was asked for again', () => there.count('metadata') > 3)
    expect(reported).toEqual([{ name: 'provider_state', issuer: there.issuer, state: 'ready' }])
  })

  test('keeps its keys when a refresh of the metadata brings nothing new', async () => {
    const { there, login } = await start({}, { metadataRefreshMilliseconds: 10 })
    await login(there.authorize)
    const before = there.count('metadata')
    await until('the metadata was asked for again, twice', () => there.count('metadata') >= before + 2)
    await login(there.authorize)
    expect(there.count('jwks')).toBe(1)
  })

  test('is used as it was when its metadata goes bad, and the log says so once', async () => {
    const { there, provider, login, states } = await start({}, { metadataRefreshMilliseconds: 10 })
    there.script.metadata = (honest) => ({
      ...honest,
      issuer: 'https://evil.example.com',
      token_endpoint: 'https://evil.example.com/',
    })
    await until('the log says so', () => states().length === 2)
    const before = there.count('metadata')
    await until('the metadata was asked for again', () => there.count('metadata') > before)
    expect(provider.state).toBe('ready')
    expect(states()[1]).toMatchObject({ state: 'ready', note: expect.stringMatching(/another issuer.*last good/) })
    await expect(login(there.authorize)).resolves.toBeDefined()
  })
})

describe('signing out', () => {
  const logout = { idToken: 'id.token.here', state: 'the state', logoutHint: 'alice' }

  test('leads to the provider, with the ID token as hint', async () => {
    const { there, provider } = await start()
    const url = await provider.endSessionUrl(logout)
    expect(url?.href.startsWith(`${there.issuer}/endSession?`)).toBe(true)
    expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({
      client_id: 'coatcheck',
      id_token_hint: 'id.token.here',
      post_logout_redirect_uri: REDIRECT_URI.replace('callback', 'logout/callback'),
      state: 'the state',
    })
  })

  test('leaves out an ID token that would make the address too long', async () => {
    const { provider } = await start()
    const url = await provider.endSessionUrl({ ...logout, idToken: 'x'.repeat(8_000) })
    expect(url?.href.length).toBeLessThan(1_000)
    expect(Object.fromEntries(url?.searchParams ?? [])).toMatchObject({
      client_id: 'coatcheck',
      logout_hint: 'alice',
      state: 'the state',
    })
    expect(url?.searchParams.has('id_token_hint')).toBe(false)
  })

  test('ends here where the provider has no such address', async () => {
    const { provider } = await start(metadata({ end_session_endpoint: undefined }))
    await expect(provider.endSessionUrl(logout)).resolves.toBeUndefined()
  })
})

describe('revoking a token', () => {
  test('is asked once, with the kind of token, by an authenticated client', async () => {
    const { there, provider } = await start()
    await expect(provider.revoke('the token', 'refresh_token')).resolves.toBe(true)
    const { form, headers } = there.last('revocation')
    expect(Object.fromEntries(form)).toEqual({ token: 'the token', token_type_hint: 'refresh_token' })
    expect(headers.authorization).toMatch(/^Basic /)
    expect(there.count('revocation')).toBe(1)
  })

  test('is not possible where the provider has no such endpoint, or not for this kind', async () => {
    const { provider } = await start(metadata({ revocation_endpoint: undefined }))
    await expect(provider.revoke('x', 'access_token')).resolves.toBe(false)
    const picky = await start({ revocation: () => answers.json(400, { error: 'unsupported_token_type' }) })
    await expect(picky.provider.revoke('x', 'access_token')).resolves.toBe(false)
  })

  test.each([
    ['fails', answers.status(503, { 'retry-after': '5' }), { code: 'provider_unavailable', detail: { retryAfterSeconds: 5 } }],
    ['never answers', answers.hang(), { code: 'provider_unavailable' }],
    ['redirects', answers.redirect('https://evil.example.com'), { code: 'provider_answer_invalid' }],
    ['does not know us', answers.json(401, { error: 'invalid_client' }), { code: 'login_refused' }],
  ])('says so when the provider %s', async (_, answer, expected) => {
    const timeoutMilliseconds = expected.code === 'provider_unavailable' ? 300 : 10_000
    const { provider } = await start({ revocation: () => answer }, { timeoutMilliseconds })
    await expect(provider.revoke('x', 'refresh_token')).rejects.toMatchObject(expected)
  })
})
