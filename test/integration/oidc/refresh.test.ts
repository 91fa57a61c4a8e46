import { afterEach, describe, expect, test } from '@jest/globals'

import type { ProviderConfig } from '../../../src/config/config.ts'
import type { Refreshable } from '../../../src/oidc/port.ts'
import type { Weather } from '../../../src/report/weather.ts'
import { connectProvider } from '../../support/provider-in-test.ts'
import { forge } from '../../support/forge-token.ts'
import { createScriptedPairs } from '../../support/scripted-pair.ts'
import { answers, type Answer, type Script } from '../../support/scripted-provider.ts'

const pairs = createScriptedPairs()
afterEach(() => pairs.stopAll())

/** Someone who signed in, and the provider as it is from then on. */
async function signedIn(script: Script = {}, overrides: Partial<ProviderConfig> = {}, now?: () => number) {
  const pair = await pairs.start({}, overrides, now)
  const { identity, refreshToken = '' } = await pair.signIn()
  const grant: Refreshable = { refreshToken, issuer: identity.issuer, subject: identity.subject, authTime: identity.authTime }
  Object.assign(pair.there.script, script)
  return { ...pair, grant, refresh: () => pair.provider.refresh(grant) }
}

const answering = (answer: Answer): Script => ({ token: () => answer })
const claim = (changes: Readonly<Record<string, unknown>>): Script => ({ claims: (honest) => ({ ...honest, ...changes }) })
const seconds = () => Math.floor(Date.now() / 1000)

describe('a refresh', () => {
  test('brings new tokens, and who they are about', async () => {
    const { there, refresh, grant } = await signedIn()
    const answer = await refresh()
    expect(answer).toMatchObject({
      kind: 'refreshed',
      tokens: { expiresInSeconds: 3600, scope: 'openid profile', identity: { subject: 'alice', acr: 'loa2' } },
    })
    const { form, headers } = there.last('token')
    expect(Object.fromEntries(form)).toEqual({ grant_type: 'refresh_token', refresh_token: grant.refreshToken })
    expect(headers.authorization).toMatch(/^Basic /)
  })

  test('need not bring an ID token, a refresh token or a lifetime', async () => {
    const script: Script = { token: ({ access_token }) => ({ access_token, token_type: 'bearer' }) }
    const { refresh } = await signedIn(script)
    expect(await refresh()).toEqual({
      kind: 'refreshed',
      tokens: {
        accessToken: expect.any(String),
        expiresInSeconds: undefined,
        refreshToken: undefined,
        scope: undefined,
        idToken: undefined,
        identity: undefined,
      },
    })
  })

  test.each([400, 401, 403])('is refused by the provider alone: invalid_grant with %i', async (status) => {
    const answer = answers.json(
      status,
      { error: 'invalid_grant' },
      status === 401 ? { 'www-authenticate': 'Basic realm="x"' } : {},
    )
    const { refresh } = await signedIn(answering(answer))
    expect(await refresh()).toEqual({ kind: 'refused' })
  })

  test.each<[string, Weather, Answer]>([
    ['invalid_grant and 404', 'client_refused', answers.json(404, { error: 'invalid_grant' })],
    ['invalid_client and 403', 'client_refused', answers.json(403, { error: 'invalid_client' })],
    ['403 and HTML', 'malformed', answers.html(403)],
    ['invalid_grant and 500', 'server_error', answers.json(500, { error: 'invalid_grant' })],
    ['invalid_grant and 200', 'malformed', answers.json(200, { error: 'invalid_grant' })],
    ['invalid_grant as HTML', 'malformed', answers.text(400, 'text/html', '{"error":"invalid_grant"}')],
    ['invalid_grant in a list', 'malformed', answers.json(400, [{ error: 'invalid_grant' }])],
    ['invalid_client', 'client_refused', answers.json(401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic' })],
    ['invalid_request', 'client_refused', answers.json(400, { error: 'invalid_request' })],
    ['unsupported_grant_type', 'client_refused', answers.json(400, { error: 'unsupported_grant_type' })],
    ['temporarily_unavailable', 'temporarily_unavailable', answers.json(400, { error: 'temporarily_unavailable' })],
    ['server_error', 'server_error', answers.json(400, { error: 'server_error' })],
    ['500', 'server_error', answers.status(500)],
    ['502 and HTML', 'server_error', answers.html(502)],
    ['503', 'server_error', answers.status(503)],
    ['504', 'timeout', answers.status(504)],
    ['408', 'timeout', answers.status(408)],
    ['429', 'rate_limited', answers.status(429)],
    ['404', 'malformed', answers.status(404)],
    ['a redirect', 'malformed', answers.redirect('https://evil.example.com', 308)],
    ['HTML', 'malformed', answers.html()],
    ['half an answer', 'malformed', answers.text(200, 'application/json', '{"acc')],
    ['nothing', 'malformed', answers.json(200, {})],
    ['a megabyte', 'malformed', answers.huge(1_000_000)],
    ['a cut connection', 'network', answers.reset()],
    ['silence', 'timeout', answers.hang()],
    ['half an answer and then silence', 'timeout', answers.stall()],
  ])('that meets %s is only put off, since everything else is weather: %s', async (_, reason, answer) => {
    const { refresh } = await signedIn(answering(answer), { refreshTimeoutMilliseconds: 500 })
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason, error: { name: 'GatewayError' } })
  })

  test('that finds nobody there is only put off', async () => {
    const { there, refresh } = await signedIn()
    await there.pause()
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason: 'network', retryAfterSeconds: undefined })
  })

  test('that is asked for before the metadata was seen is only put off', async () => {
    const { grant } = await signedIn()
    const nowhere = { issuer: 'http://127.0.0.1:1', clientId: 'coatcheck', clientSecret: 'a secret' }
    const { provider } = await connectProvider(nowhere, { timeoutMilliseconds: 500 })
    const answer = await provider.refresh(grant)
    provider.stop()
    expect(answer).toMatchObject({ kind: 'unavailable', reason: 'not_ready' })
  })

  test('whose ID token is about somebody else is malformed, and not used', async () => {
    const { refresh } = await signedIn(claim({ sub: 'mallory' }))
    expect(await refresh()).toMatchObject({ kind: 'unavailable', reason: 'malformed' })
  })

  test.each<[string, Readonly<Record<string, unknown>>, number | undefined]>([
    ['a number', { refresh_expires_in: 1_800 }, 1_800],
    ['digits', { refresh_expires_in: '1800' }, 1_800],
    ['the other name', { refresh_token_expires_in: 1_800 }, 1_800],
    ['both names', { refresh_expires_in: 1_800, refresh_token_expires_in: 7 }, 1_800],
    ['nothing', {}, undefined],
    ['zero, by which Keycloak says never', { refresh_expires_in: 0 }, undefined],
    ['less than nothing', { refresh_expires_in: -1 }, undefined],
    ['no number', { refresh_expires_in: 'soon' }, undefined],
    ['null', { refresh_expires_in: null }, undefined],
    ['more than a year', { refresh_expires_in: 1e300 }, 31_536_000],
  ])('is told how long the refresh token lives: %s', async (_, told, expected) => {
    const { refresh } = await signedIn({ token: (honest) => ({ ...honest, ...told }) })
    const answer = await refresh()
    expect(answer.kind === 'refreshed' && answer.tokens.refreshTokenExpiresInSeconds).toBe(expected)
  })

  test('has a deadline of its own', async () => {
    const { refresh } = await signedIn(answering(answers.hang()), {
      timeoutMilliseconds: 60_000,
      refreshTimeoutMilliseconds: 200,
    })
    expect(await refresh()).toMatchObject({ kind: 'unavailable', error: { code: 'provider_unavailable' } })
  })

  test.each([
    ['7', 7],
    ['0', 0],
    ['86400', 300],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30],
    ['Sun, 22 Nov 2020 12:00:00 GMT', 0],
    ['Sun, 22 Nov 2099 12:00:00 GMT', 300],
    ['soon', undefined],
    ['-1', undefined],
    ['1e9', undefined],
  ])('is asked to come back by Retry-After %s: in %p seconds', async (value, expected) => {
    let offset = 0
    const { refresh } = await signedIn(answering(answers.status(503, { 'retry-after': value })), {}, () => Date.now() + offset)
    offset = Date.parse('2026-11-22T12:00:00Z') - Date.now() - 1
    const answer = await refresh()
    expect(answer).toMatchObject({ kind: 'unavailable' })
    if (answer.kind === 'unavailable') {
      if (expected === 30) expect([29, 30, 31]).toContain(answer.retryAfterSeconds)
      else expect(answer.retryAfterSeconds).toBe(expected)
    }
  })

  test.each([
    ['another issuer (refresh-token-invalid-issuer)', claim({ iss: 'https://evil.example.com' })],
    ['another person (refresh-token-invalid-sub)', claim({ sub: 'mallory' })],
    ['another client', claim({ aud: 'another-client' })],
    ['another client too', claim({ aud: ['coatcheck', 'another-client'] })],
    ['another sign-in', claim({ auth_time: 1 })],
    ['an expired time', { claims: (honest: object) => ({ ...honest, exp: seconds() - 301 }) }],
    ['an old time of issue', { claims: (honest: object) => ({ ...honest, iat: seconds() - 86_400 }) }],
    ['the hash of another access token', claim({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })],
    ['the marks of a logout token', claim({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } })],
    ['no signature', { idToken: (claims: object) => forge(claims, { alg: 'none' }) }],
    ['a forged signature', { idToken: (claims: object) => forge(claims, { alg: 'HS256' }, 'x') }],
  ])('whose ID token has %s is not used at all', async (_, script) => {
    const { refresh } = await signedIn(script)
    expect(await refresh()).toMatchObject({ kind: 'unavailable', error: { code: 'provider_answer_invalid' } })
  })

  test.each([
    ['no time of sign-in', claim({ auth_time: undefined })],
    ['a nonce', claim({ nonce: 'of the login' })],
    ['another session at the provider', claim({ sid: 'another' })],
  ])('whose ID token has %s is good', async (_, script) => {
    const { refresh } = await signedIn(script)
    expect(await refresh()).toMatchObject({ kind: 'refreshed' })
  })

  test('learns from userinfo what has changed there', async () => {
    const { there, refresh } = await signedIn({}, { userinfo: true })
    there.script.userinfo = (honest) => ({ ...honest, roles: ['fewer'] })
    expect(await refresh()).toMatchObject({ tokens: { identity: { claims: { roles: ['fewer'], name: 'Alice Example' } } } })
  })

  test.each([
    ['fails', answers.status(500)],
    ['is about somebody else', answers.json(200, { sub: 'mallory' })],
  ])('keeps its tokens when userinfo %s', async (_, answer) => {
    const { there, refresh } = await signedIn({}, { userinfo: true })
    there.script.userinfo = () => answer
    expect(await refresh()).toMatchObject({ kind: 'refreshed', tokens: { idToken: expect.any(String), identity: undefined } })
  })

  test.each([
    ['expires_in 0', { expires_in: 0 }],
    ['expires_in -1', { expires_in: -1 }],
    ['expires_in null', { expires_in: null }],
    ['expires_in "soon"', { expires_in: 'soon' }],
    ['expires_in []', { expires_in: [] }],
    ['token_type BEARER', { token_type: 'BEARER' }],
    ['token_type bearer', { token_type: 'bearer' }],
    ['scope null', { scope: null }],
    ['scope []', { scope: ['openid'] }],
    ['id_token null', { id_token: null }],
    ['id_token ""', { id_token: '' }],
    ['id_token {}', { id_token: {} }],
    ['members nobody knows', { refresh_expires_in: 'x', 'not-before-policy': 0, error: null }],
  ])('that is answered with %s keeps the new tokens', async (_, odd) => {
    const { refresh, there, grant } = await signedIn({ token: (honest) => ({ ...honest, ...odd }) })
    const answer = await refresh()
    expect(answer).toMatchObject({
      kind: 'refreshed',
      tokens: { accessToken: expect.any(String), refreshToken: expect.any(String) },
    })
    expect(answer).not.toMatchObject({ tokens: { refreshToken: grant.refreshToken } })
    expect(there.count('token')).toBe(2)
  })
})

describe('a refresh after a rotation of keys', () => {
  const AWAY: readonly (readonly [string, Answer])[] = [
    ['fail', answers.status(503)],
    ['are not found', answers.status(404)],
    ['are HTML', answers.html()],
    ['are none', answers.json(200, { keys: [] })],
    ['are elsewhere', answers.redirect('https://evil.example.com/jwks')],
    ['are cut off', answers.reset()],
    ['never come', answers.hang()],
  ]

  test.each(AWAY)('keeps the new tokens, and the old claims, when the keys %s', async (_, answer) => {
    const { there, refresh, provider, grant } = await signedIn({ jwks: () => answer }, { refreshTimeoutMilliseconds: 1_000 })
    await there.signer.rotate()
    const kept = await refresh()
    expect(kept).toEqual({
      kind: 'refreshed',
      tokens: {
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        expiresInSeconds: 3600,
        scope: 'openid profile',
        idToken: undefined,
        identity: undefined,
      },
    })

    // The one that was sent is spent; the one that came is not.
    expect(await refresh()).toEqual({ kind: 'refused' })
    const refreshToken = kept.kind === 'refreshed' ? (kept.tokens.refreshToken ?? '') : ''
    expect(await provider.refresh({ ...grant, refreshToken })).toMatchObject({ kind: 'refreshed' })
  })

  test('asks for the keys again before it gives up its ID token', async () => {
    const { there, refresh } = await signedIn()
    await there.signer.rotate()
    let asked = 0
    there.script.jwks = (honest) => {
      asked += 1
      return asked === 1 ? answers.status(503) : honest
    }
    expect(await refresh()).toMatchObject({
      kind: 'refreshed',
      tokens: { idToken: expect.any(String), identity: { subject: 'alice' } },
    })
    expect(there.count('token')).toBe(2)
  })

  test('gives up after a few attempts', async () => {
    const { there, refresh } = await signedIn({ jwks: () => answers.status(503) })
    await there.signer.rotate()
    expect(await refresh()).toMatchObject({ kind: 'refreshed', tokens: { idToken: undefined } })
    expect(there.count('jwks')).toBe(5)
  })

  test('asks nobody about a person whose ID token could not be verified', async () => {
    const { there, refresh } = await signedIn(
      { jwks: () => answers.status(503) },
      { userinfo: true, refreshTimeoutMilliseconds: 1_000 },
    )
    const before = there.count('userinfo')
    await there.signer.rotate()
    expect(await refresh()).toMatchObject({ kind: 'refreshed', tokens: { identity: undefined } })
    expect(there.count('userinfo')).toBe(before)
  })

  test.each([
    ['is about another person', claim({ sub: 'mallory' })],
    ['is about another sign-in', claim({ auth_time: 1 })],
    ['is for another client', claim({ aud: 'another-client' })],
    ['is by another issuer', claim({ iss: 'https://evil.example.com' })],
    ['has no signature', { idToken: (claims: object) => forge(claims, { alg: 'none' }) }],
    ['has a MAC', { idToken: (claims: object) => forge(claims, { alg: 'HS256' }, 'x') }],
  ])('is not used at all, keys or no keys, when its ID token %s', async (_, script: Script) => {
    const { there, refresh } = await signedIn({ ...script, jwks: () => answers.status(503) })
    await there.signer.rotate()
    expect(await refresh()).toMatchObject({ kind: 'unavailable', error: { code: 'provider_answer_invalid' } })
  })

  test('is not used at all when the keys are there and the signature is by none of them', async () => {
    const mallory = await pairs.start()
    const { there, refresh } = await signedIn()
    await mallory.there.signer.rotate({ kid: there.signer.kid })
    there.script.idToken = (claims, header) => mallory.there.signer.sign(claims, header)
    expect(await refresh()).toMatchObject({ kind: 'unavailable', error: { code: 'provider_answer_invalid' } })
  })
})
