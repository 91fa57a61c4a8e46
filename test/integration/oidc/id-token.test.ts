import { afterEach, describe, expect, test } from '@jest/globals'
import { exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'

import { forge } from '../../support/forge-token.ts'
import { createScriptedPairs } from '../../support/scripted-pair.ts'
import type { Script } from '../../support/scripted-provider.ts'

const pairs = createScriptedPairs()
afterEach(() => pairs.stopAll())

type Claims = Readonly<Record<string, unknown>>

const seconds = () => Math.floor(Date.now() / 1000)
const claim = (changes: Claims): Script => ({ claims: (honest) => ({ ...honest, ...changes }) })
const header = (changes: Claims): Script => ({ header: (honest) => ({ ...honest, ...changes }) })

/** What no honest provider sends; the names in brackets are the conformance suite's. */
const REFUSED: readonly (readonly [string, Script])[] = [
  ['names another issuer (invalid-iss)', claim({ iss: 'https://somebody.example.com' })],
  ['names our issuer with a slash at the end', { claims: (honest) => ({ ...honest, iss: `${String(honest['iss'])}/` }) }],
  ['names our issuer in other letters', { claims: (honest) => ({ ...honest, iss: String(honest['iss']).toUpperCase() }) }],
  ['names our issuer with a path', { claims: (honest) => ({ ...honest, iss: `${String(honest['iss'])}/sales` }) }],
  ['names no issuer', claim({ iss: undefined })],
  ['has no subject (missing-sub)', claim({ sub: undefined })],
  ['has null as subject', claim({ sub: null })],
  ['has an empty subject', claim({ sub: '' })],
  ['has a number as subject', claim({ sub: 7 })],
  ['has a subject of 256 characters', claim({ sub: 'x'.repeat(256) })],
  ['has a subject that is not ASCII', claim({ sub: 'älice' })],
  ['is for somebody else (invalid-aud)', claim({ aud: 'another-client' })],
  ['is for nobody (missing-aud)', claim({ aud: undefined })],
  ['has an empty list as audience', claim({ aud: [] })],
  ['has a number as audience', claim({ aud: 7 })],
  ['is for others too (invalid-secondary-aud)', claim({ aud: ['coatcheck', 'another-client'] })],
  ['is for others too, though azp names us', claim({ aud: ['coatcheck', 'another-client'], azp: 'coatcheck' })],
  ['has another authorized party', claim({ azp: 'another-client' })],
  ['has a list as authorized party', claim({ azp: ['coatcheck'] })],
  ['has expired (invalid-expired-exp)', { claims: (honest) => ({ ...honest, exp: seconds() - 301 }) }],
  ['never expires (missing-exp)', claim({ exp: undefined })],
  ['expires at a text', claim({ exp: '9999999999' })],
  ['expires beyond every calendar', claim({ exp: 1e300 })],
  ['expires before it was ever issued', claim({ exp: -1 })],
  ['has no time of issue (missing-iat)', claim({ iat: undefined })],
  ['was issued at a text', claim({ iat: 'now' })],
  ['was issued an hour from now', { claims: (honest) => ({ ...honest, iat: seconds() + 3600 }) }],
  ['was issued a day ago', { claims: (honest) => ({ ...honest, iat: seconds() - 86_400 }) }],
  ['is not valid yet', { claims: (honest) => ({ ...honest, nbf: seconds() + 3600 }) }],
  ['is valid from a text on', claim({ nbf: 'now' })],
  ['has another nonce (nonce-invalid)', claim({ nonce: 'of another login' })],
  ['has no nonce (invalid-missing-nonce)', claim({ nonce: undefined })],
  ['has null as nonce', claim({ nonce: null })],
  ['has the hash of another access token (invalid-athash)', claim({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })],
  ['has a hash that is cut off', { claims: (honest) => ({ ...honest, at_hash: String(honest['at_hash']).slice(0, 10) }) }],
  ['has a number as hash', claim({ at_hash: 7 })],
  ['was signed in at a text', claim({ auth_time: 'yesterday' })],
  ['is a logout token', claim({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } })],
  ['is a logout token by its type', header({ typ: 'logout+jwt' })],
  ['is an access token by its type', header({ typ: 'at+jwt' })],
  ['has a number as type', header({ typ: 7 })],
  [
    'has a header that is no UTF-8',
    {
      idToken: async (claims, honest, signer) => {
        const [, ...rest] = (await signer.sign(claims, honest)).split('.')
        const head = Buffer.from(JSON.stringify({ ...honest, note: '\u00ff' }), 'latin1').toString('base64url')
        return [head, ...rest].join('.')
      },
    },
  ],
  ['is not signed (idtoken-sig-none)', { idToken: (claims) => forge(claims, { alg: 'none' }) }],
  ['is not signed, written oddly', { idToken: (claims) => forge(claims, { alg: 'nOnE' }) }],
  ['says a MAC and has none', { idToken: (claims) => forge(claims, { alg: 'HS256' }) }],
  [
    'has a MAC by the client secret (invalid-sig-hs256)',
    { idToken: (claims) => forge(claims, { alg: 'HS256' }, 'a secret: with signs % & é + /') },
  ],
  [
    'has a MAC by the public key',
    {
      idToken: async (claims, honest, { publicKey }) => {
        const key = await importJWK(publicKey, 'ES256', { extractable: true })
        if (key instanceof Uint8Array) throw new Error('no public key')
        return forge(claims, { ...honest, alg: 'HS256' }, await exportSPKI(key))
      },
    },
  ],
  [
    'is signed by a key of its own header',
    {
      idToken: async (claims, honest, { publicKey }) => {
        const { privateKey } = await generateKeyPair('ES256')
        return new SignJWT({ ...claims }).setProtectedHeader({ ...honest, alg: 'ES256', jwk: publicKey }).sign(privateKey)
      },
    },
  ],
  [
    'is signed by another key of the same name (invalid-sig-es256)',
    {
      idToken: async (claims, honest) => {
        const { privateKey } = await generateKeyPair('ES256')
        return new SignJWT({ ...claims }).setProtectedHeader({ ...honest, alg: 'ES256' }).sign(privateKey)
      },
    },
  ],
  [
    'was changed after it was signed',
    {
      idToken: async (claims, honest, signer) => {
        const [head, , signature] = (await signer.sign(claims, honest)).split('.')
        return `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: 'mallory' })).toString('base64url')}.${signature}`
      },
    },
  ],
  ['has half a signature', { idToken: async (claims, honest, signer) => (await signer.sign(claims, honest)).slice(0, -40) }],
  [
    'has an empty signature',
    { idToken: async (claims, honest, signer) => (await signer.sign(claims, honest)).replace(/[^.]+$/, '') },
  ],
  [
    'demands what nobody knows',
    {
      idToken: async (claims, honest, signer) => {
        const [, body, signature] = (await signer.sign(claims, honest)).split('.')
        return `${Buffer.from(JSON.stringify({ ...honest, crit: ['x'], x: 1 })).toString('base64url')}.${body}.${signature}`
      },
    },
  ],
  ['has a key name that leads elsewhere', header({ kid: '../../etc/passwd' })],
  ['has a key name of 10 kB', header({ kid: 'k'.repeat(10_240) })],
  ['is encrypted', { idToken: () => 'eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d' }],
  ['is no token', { idToken: () => 'not a token' }],
  ['is JSON', { idToken: (claims) => JSON.stringify({ payload: claims }) }],
  ['is missing', { token: (honest) => ({ ...honest, id_token: undefined }) }],
  ['is null', { token: (honest) => ({ ...honest, id_token: null }) }],
]

/** What is odd, but right. */
const ACCEPTED: readonly (readonly [string, Script])[] = [
  ['has a list of one as audience (valid-aud-as-array)', claim({ aud: ['coatcheck'] })],
  ['names us as authorized party', claim({ azp: 'coatcheck' })],
  ['has null for what is optional', claim({ azp: null, at_hash: null, acr: null, sid: null })],
  ['has no hash of the access token', claim({ at_hash: undefined })],
  ['has a subject of 255 characters', claim({ sub: 'x'.repeat(255) })],
  ['expires after 2038', claim({ exp: 4_000_000_000 })],
  ['expired within the tolerance', { claims: (honest) => ({ ...honest, exp: seconds() - 10 }) }],
  ['was issued by a clock that is a little ahead', { claims: (honest) => ({ ...honest, iat: seconds() + 20 }) }],
  ['has claims that nobody knows', claim({ constructor: 'x', colour: { deep: ['blue'] } })],
  ['has no type', header({ typ: undefined })],
  ['names its type in full', header({ typ: 'application/JWT' })],
  ['names no key, and there is one (kid-absent-single-jwks)', header({ kid: undefined })],
]

describe('an ID token', () => {
  test.each(REFUSED)('that %s signs nobody in, and userinfo is not even asked', async (_, script) => {
    const { there, signIn } = await pairs.start({ script }, { userinfo: true })

    await expect(signIn()).rejects.toMatchObject({ name: 'GatewayError', code: 'provider_answer_invalid' })

    expect(there.count('token')).toBe(1)
    expect(there.count('userinfo')).toBe(0)
  })

  test.each(ACCEPTED)('that %s is good', async (_, script) => {
    const { signIn } = await pairs.start({ script })
    await expect(signIn()).resolves.toMatchObject({ identity: { claims: { name: 'Alice Example' } } })
  })

  test('tells who, where, how and when', async () => {
    const { there, signIn } = await pairs.start()
    const { identity } = await signIn()
    expect(identity).toMatchObject({
      issuer: there.issuer,
      subject: 'alice',
      providerSession: 'session-at-the-provider',
      acr: 'loa2',
    })
    expect(identity.authTime).toBeGreaterThan(1_700_000_000)
  })

  test('cannot change objects by a claim called __proto__', async () => {
    const { there, signIn } = await pairs.start()
    there.script.idToken = (claims, honest, signer) =>
      signer.sign(JSON.parse(`${JSON.stringify(claims).slice(0, -1)},"__proto__":{"admin":true}}`), honest)
    const { identity } = await signIn()
    expect(Object.hasOwn(identity.claims, '__proto__')).toBe(false)
    expect(identity.claims['admin']).toBeUndefined()
  })

  test('from the future is held against our own clock', async () => {
    const { signIn } = await pairs.start({}, {}, () => Date.now() - 3_600_000)
    await expect(signIn()).rejects.toMatchObject({ detail: { note: 'id token: iat' } })
  })

  test('is good when our clock is within the tolerance', async () => {
    const script = claim({})
    const { signIn } = await pairs.start({ script }, { clockToleranceSeconds: 90 }, () => Date.now() - 60_000)
    await expect(signIn()).resolves.toBeDefined()
  })

  test.each([
    ['missing', claim({ auth_time: undefined })],
    ['too long ago', { claims: (honest: Claims) => ({ ...honest, auth_time: seconds() - 1000 }) }],
  ])('is refused when the time of sign-in was asked for and is %s', async (_, script) => {
    const { there, login } = await pairs.start({ script })
    await expect(login(there.authorize, { maxAgeSeconds: 60 })).rejects.toMatchObject({ code: 'provider_answer_invalid' })
  })
})

describe('the algorithm of an ID token', () => {
  test('may be any that the provider lists', async () => {
    const { there, signIn } = await pairs.start({ algorithm: 'ES256' })
    for (const algorithm of ['EdDSA', 'Ed25519', 'PS256', 'RS256']) {
      await there.signer.rotate({ algorithm })
      await expect(signIn()).resolves.toBeDefined()
    }
  })

  test('is the configured one and no other', async () => {
    const { there, signIn } = await pairs.start({ algorithm: 'ES256' }, { idTokenAlgorithm: 'RS256' })
    await expect(signIn()).rejects.toMatchObject({ code: 'provider_answer_invalid' })
    await there.signer.rotate({ algorithm: 'RS256' })
    await expect(signIn()).resolves.toBeDefined()
  })

  test('is the configured one though the provider does not list it', async () => {
    const listed = { id_token_signing_alg_values_supported: ['RS256'] }
    const script: Script = { metadata: (honest) => ({ ...honest, ...listed }) }
    const { signIn } = await pairs.start({ algorithm: 'ES256', script }, { idTokenAlgorithm: 'ES256' })
    await expect(signIn()).resolves.toBeDefined()
  })

  test('is RS256 where the provider lists none', async () => {
    const script: Script = { metadata: (honest) => ({ ...honest, id_token_signing_alg_values_supported: undefined }) }
    const { there, signIn } = await pairs.start({ algorithm: 'ES256', script })
    await expect(signIn()).rejects.toMatchObject({ code: 'provider_answer_invalid' })
    await there.signer.rotate({ algorithm: 'RS256' })
    await expect(signIn()).resolves.toBeDefined()
  })

  test('is no MAC though the provider lists it', async () => {
    const listed = ['HS256', 'none', 'ES256']
    const { there, signIn } = await pairs.start({
      script: { metadata: (honest) => ({ ...honest, id_token_signing_alg_values_supported: listed }) },
    })
    await expect(signIn()).resolves.toBeDefined()
    there.script.idToken = (claims) => forge(claims, { alg: 'HS256' }, there.clientSecret)
    await expect(signIn()).rejects.toMatchObject({ code: 'provider_answer_invalid' })
    there.script.idToken = (claims) => forge(claims, { alg: 'none' })
    await expect(signIn()).rejects.toMatchObject({ code: 'provider_answer_invalid' })
  })

  test('is the one that the key is for', async () => {
    const { there, signIn } = await pairs.start({ algorithm: 'RS256' })
    there.script.jwks = ({ keys }) => ({ keys: keys.map((key) => ({ ...key, alg: 'PS256' })) })
    await expect(signIn()).rejects.toMatchObject({ detail: { note: 'signature: ERR_JWKS_NO_MATCHING_KEY' } })
  })
})
