import { afterEach, describe, expect, test } from '@jest/globals'
import type { ProviderConfig } from '../../../src/config/config.ts'
import { LOGOUT_EVENT, logoutClaims, logoutHeader, logoutToken } from '../../support/logout-token.ts'
import { forge } from '../../support/forge-token.ts'
import { createScriptedPairs } from '../../support/scripted-pair.ts'
import { createSigner } from '../../support/signer.ts'

const pairs = createScriptedPairs()
afterEach(() => pairs.stopAll())

type Json = Readonly<Record<string, unknown>>
const now = () => Math.floor(Date.now() / 1000)
const events = (value: unknown) => ({ events: value })

async function verify(claims: Json, header: Json = {}, config: Partial<ProviderConfig> = {}) {
  const { there, provider } = await pairs.start({}, config)
  return provider.verifyLogoutToken(await logoutToken(there, claims, header))
}

describe('a logout token is good', () => {
  test.each<[string, Json, Json]>([
    ['as it usually is', {}, {}],
    ['with a session and a person', { sid: 'provider-session-1' }, {}],
    ['with a session alone', { sub: undefined, sid: 'provider-session-1' }, {}],
    ['with the audience as a list', { aud: ['coatcheck'] }, {}],
    ['with something in the event', events({ [LOGOUT_EVENT]: { x: 1 } }), {}],
    ['with another event besides', events({ [LOGOUT_EVENT]: {}, 'https://idp.example/other': {} }), {}],
    ['with claims that nobody knows', { ignored_claim: { deep: ['x'] } }, {}],
    ['with header members that nobody knows', {}, { x: 'y', jku: 'http://127.0.0.1:1/keys' }],
    ['with a clock that is a little ahead', { iat: now() + 20 }, {}],
    ['with a date before which it does not count, in the past', { nbf: now() - 10 }, {}],
    ['with its type in full and in capitals', {}, { typ: 'application/LOGOUT+JWT' }],
    ['without a type, as many providers make it', {}, { typ: undefined }],
    ['that calls itself JWT, as many providers do', {}, { typ: 'JWT' }],
  ])('%s', async (_, claims, header) => {
    const whole = { sub: 'alice', ...claims }
    expect(await verify(claims, header)).toMatchObject({
      issuer: expect.stringContaining('http://127.0.0.1:'),
      tokenId: expect.any(String),
      subject: whole.sub,
      providerSession: 'sid' in claims ? 'provider-session-1' : undefined,
    })
  })

  test('for as long as anybody would accept it, and not longer than an hour, whatever it says', async () => {
    const [short, long] = [await verify({}), await verify({ exp: now() + 86_400 })]
    expect(short.usableUntil / 1000 - now()).toBeCloseTo(150, -1)
    expect(long.usableUntil / 1000 - now()).toBeCloseTo(3_630, -1)
  })
})

describe('a logout token is refused', () => {
  test.each<[string, string, Json, Json]>([
    ['of another issuer', 'iss', { iss: 'https://evil.example' }, {}],
    ['of an issuer that differs by a slash', 'iss', { iss: 'http://127.0.0.1/' }, {}],
    ['without an issuer', 'iss', { iss: undefined }, {}],
    ['for another client', 'aud', { aud: 'other' }, {}],
    ['for us and for another', 'aud', { aud: ['coatcheck', 'other'] }, {}],
    ['for nobody', 'aud', { aud: undefined }, {}],
    ['for an empty list', 'aud', { aud: [] }, {}],
    ['for an object', 'aud', { aud: { coatcheck: true } }, {}],
    ['without the time it was issued', 'iat', { iat: undefined }, {}],
    ['from the future', 'iat', { iat: now() + 120 }, {}],
    ['from two hours ago', 'iat', { iat: now() - 7_200 }, {}],
    ['with a time that is a text', 'iat', { iat: String(now()) }, {}],
    ['with a time before time', 'iat', { iat: -1 }, {}],
    ['without an end', 'exp', { exp: undefined }, {}],
    ['that has ended', 'exp', { exp: now() - 60 }, {}],
    ['with an end that is a text', 'exp', { exp: String(now() + 60) }, {}],
    ['with an end beyond all dates', 'exp', { exp: 1e300 }, {}],
    ['that does not count yet', 'nbf', { nbf: now() + 120 }, {}],
    ['with a beginning that is no time', 'nbf', { nbf: 'soon' }, {}],
    ['without a name of its own', 'jti', { jti: undefined }, {}],
    ['with an empty name', 'jti', { jti: '' }, {}],
    ['with a name that is a number', 'jti', { jti: 7 }, {}],
    ['about nobody', 'sub or sid', { sub: undefined }, {}],
    ['about a number', 'sub', { sub: 7 }, {}],
    ['about null', 'sub', { sub: null, sid: 's' }, {}],
    ['about a name too long', 'sub', { sub: 'x'.repeat(256) }, {}],
    ['about a session that is a list', 'sid', { sid: ['s'] }, {}],
    ['about a session without a name', 'sid', { sid: '' }, {}],
    ['without events', 'events', { events: undefined }, {}],
    ['with another event', 'events', events({ 'http://schemas.openid.net/event/foobar': {} }), {}],
    ['with the event as a text', 'events', events(LOGOUT_EVENT), {}],
    ['with the event in a list', 'events', events([LOGOUT_EVENT]), {}],
    ['with the event null', 'events', events({ [LOGOUT_EVENT]: null }), {}],
    ['with the event empty', 'events', events({ [LOGOUT_EVENT]: '' }), {}],
    ['with the event a list', 'events', events({ [LOGOUT_EVENT]: [] }), {}],
    ['with a nonce', 'nonce', { nonce: 'n' }, {}],
    ['with a nonce that is null', 'nonce', { nonce: null }, {}],
    ['that is an access token', 'typ', {}, { typ: 'at+jwt' }],
    ['that is an id token by its type', 'typ', {}, { typ: 'id_token+jwt' }],
    ['whose type is no text', 'typ', {}, { typ: 7 }],
  ])('%s (%s)', async (_, rule, claims, header) => {
    await expect(verify(claims, header)).rejects.toMatchObject({
      code: 'logout_token_invalid',
      detail: { note: `logout token: ${rule}` },
    })
  })

  test.each([undefined, 'JWT'])('whose type is %s, where the configuration requires the type', async (typ) => {
    await expect(verify({}, { typ }, { logoutTokenType: 'required' })).rejects.toMatchObject({ code: 'logout_token_invalid' })
    expect(await verify({}, {}, { logoutTokenType: 'required' })).toMatchObject({ subject: 'alice' })
  })

  test.each<[string, string, (claims: object, there: { clientSecret: string; publicKey: object; kid: string }) => string]>([
    ['without a signature', 'form', (claims, { kid }) => forge(claims, { alg: 'none', kid, typ: 'logout+jwt' })],
    ['of no algorithm', 'alg', (claims, { kid }) => forge(claims, { alg: 'none', kid, typ: 'logout+jwt' }, '')],
    ['with a MAC of the client secret', 'alg', (claims, { clientSecret }) => forge(claims, { alg: 'HS256' }, clientSecret)],
    [
      'with a MAC of the public key',
      'alg',
      (claims, { publicKey }) => forge(claims, { alg: 'HS256' }, JSON.stringify(publicKey)),
    ],
    [
      'that demands what nobody understands',
      'crit',
      (claims, { kid }) => forge(claims, { alg: 'ES256', kid, crit: ['x'], x: 1 }, ''),
    ],
    ['that is no token', 'form', () => 'one.two'],
    ['that is encrypted', 'form', () => 'a.b.c.d.e'],
    ['whose claims are a list', 'form', (_, { kid }) => forge([], { alg: 'ES256', kid }, '')],
    ['whose header is no JSON', 'form', () => 'bm8.bm8.bm8'],
  ])('%s', async (_, rule, make) => {
    const { there, provider } = await pairs.start()
    const { signer, clientSecret } = there
    const token = make(logoutClaims(there), { clientSecret, publicKey: signer.publicKey, kid: signer.kid })
    const before = there.count('jwks')
    await expect(provider.verifyLogoutToken(token)).rejects.toMatchObject({
      code: 'logout_token_invalid',
      detail: { note: `logout token: ${rule}` },
    })
    expect(there.count('jwks')).toBe(before)
  })

  test('that somebody else signed, though it says to be by a key of the provider', async () => {
    const { there, provider } = await pairs.start()
    const stranger = await createSigner('ES256')
    const token = await stranger.sign(logoutClaims(there), logoutHeader(there))
    await expect(provider.verifyLogoutToken(token)).rejects.toMatchObject({ code: 'logout_token_invalid' })
  })

  test('whose signature was made for another text', async () => {
    const { there, provider } = await pairs.start()
    const [header, , signature] = (await logoutToken(there)).split('.')
    const other = Buffer.from(JSON.stringify(logoutClaims(there, { sub: 'bob' }))).toString('base64url')
    await expect(provider.verifyLogoutToken(`${header}.${other}.${signature}`)).rejects.toMatchObject({
      code: 'logout_token_invalid',
    })
  })

  test('by an algorithm that the configuration does not name, though the provider has such a key', async () => {
    const { there, provider } = await pairs.start({}, { idTokenAlgorithm: 'RS256' })
    await expect(provider.verifyLogoutToken(await logoutToken(there))).rejects.toMatchObject({
      detail: { note: 'logout token: alg' },
    })
  })

  test('that is an id token; and an id token that is a logout token is none', async () => {
    const { there, provider, signIn } = await pairs.start()
    const { idToken } = await signIn()
    await expect(provider.verifyLogoutToken(idToken)).rejects.toMatchObject({ code: 'logout_token_invalid' })
    there.script.idToken = (claims, _, signer) =>
      signer.sign({ ...logoutClaims(there), ...claims, nonce: claims['nonce'] }, logoutHeader(there, { typ: undefined }))
    await expect(signIn()).rejects.toMatchObject({ code: 'provider_answer_invalid' })
  })
})

describe('keys for logout tokens', () => {
  test('that the provider has just begun to use are asked for', async () => {
    const { there, provider } = await pairs.start()
    await provider.verifyLogoutToken(await logoutToken(there))
    await there.signer.rotate()
    expect(await provider.verifyLogoutToken(await logoutToken(there))).toMatchObject({ subject: 'alice' })
  })

  test('with made-up names make nobody hammer the provider, and a good token is verified meanwhile', async () => {
    const { there, provider } = await pairs.start()
    await provider.verifyLogoutToken(await logoutToken(there))
    const junk = await Promise.all(Array.from({ length: 1_000 }, (_, n) => logoutToken(there, {}, { kid: `made-up-${n}` })))
    const verdicts = await Promise.allSettled(junk.map((token) => provider.verifyLogoutToken(token)))
    expect(verdicts.every(({ status }) => status === 'rejected')).toBe(true)
    expect(await provider.verifyLogoutToken(await logoutToken(there))).toMatchObject({ subject: 'alice' })
    expect(there.count('jwks')).toBeLessThanOrEqual(6)
  })

  test('that cannot be had say nothing against a token: it may come again', async () => {
    const { there, provider } = await pairs.start()
    await there.pause()
    await expect(provider.verifyLogoutToken(await logoutToken(there))).rejects.toMatchObject({ code: 'provider_unavailable' })
    await there.resume()
  })
})
