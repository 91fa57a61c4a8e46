import { gzipSync } from 'node:zlib'

import { afterEach, describe, expect, test } from '@jest/globals'

import { createScriptedPairs } from '../../support/scripted-pair.ts'
import { answers, type Answer, type Script } from '../../support/scripted-provider.ts'

const pairs = createScriptedPairs()
afterEach(() => pairs.stopAll())

const CANARY = 'canary-that-must-not-travel'
const bomb = gzipSync(Buffer.alloc(50_000_000, 'x'))
const json = 'application/json'

const FAILURES: readonly (readonly [string, Answer, string])[] = [
  ['answers invalid_grant', answers.json(400, { error: 'invalid_grant', error_description: CANARY }), 'login_refused'],
  [
    'answers invalid_client',
    answers.json(401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic realm="x"' }),
    'login_refused',
  ],
  ['answers an error of its own', answers.json(400, { error: '<b>odd</b>' }), 'login_refused'],
  ['is temporarily unavailable', answers.json(400, { error: 'temporarily_unavailable' }), 'provider_unavailable'],
  ['answers 500', answers.status(500), 'provider_unavailable'],
  ['answers 500 and invalid_grant', answers.json(500, { error: 'invalid_grant' }), 'provider_unavailable'],
  ['answers 503', answers.status(503, { 'retry-after': '7' }), 'provider_unavailable'],
  ['answers 429', answers.status(429), 'provider_unavailable'],
  ['cuts the connection', answers.reset(), 'provider_unavailable'],
  ['never answers', answers.hang(), 'provider_unavailable'],
  ['stops in the middle', answers.stall(), 'provider_unavailable'],
  ['answers HTML', answers.html(), 'provider_answer_invalid'],
  ['answers HTML and 400', answers.html(400), 'provider_answer_invalid'],
  ['answers half of it', answers.text(200, json, '{"access_token":"x"'), 'provider_answer_invalid'],
  ['answers nothing', answers.text(200, json, ''), 'provider_answer_invalid'],
  ['answers 204', answers.status(204), 'provider_answer_invalid'],
  ['answers a list', answers.json(200, [CANARY]), 'provider_answer_invalid'],
  ['answers null', answers.json(200, null), 'provider_answer_invalid'],
  ['answers 201', answers.json(201, { access_token: CANARY }), 'provider_answer_invalid'],
  ['redirects', answers.redirect('https://evil.example.com/token', 307), 'provider_answer_invalid'],
  ['answers a megabyte', answers.huge(1_000_000), 'provider_answer_invalid'],
  ['answers a small bomb', answers.text(200, json, bomb, { 'content-encoding': 'gzip' }), 'provider_answer_invalid'],
  [
    'compresses, though it was asked not to',
    answers.text(200, json, gzipSync('{}'), { 'content-encoding': 'GZip' }),
    'provider_answer_invalid',
  ],
  ['answers an error that is a bomb', answers.text(400, json, bomb, { 'content-encoding': 'gzip' }), 'provider_answer_invalid'],
]

describe('the token endpoint', () => {
  test.each(FAILURES)('that %s ends the login cleanly, after one call', async (_, answer, code) => {
    const { there, signIn } = await pairs.start({ script: { token: () => answer } }, { timeoutMilliseconds: 500 })

    const thrown: unknown = await signIn().catch((error: unknown) => error)

    expect(thrown).toMatchObject({ name: 'GatewayError', code })
    expect(thrown).not.toHaveProperty('cause')
    expect(`${String(thrown)} ${JSON.stringify(thrown)}`).not.toContain(CANARY)
    expect(there.count('token')).toBe(1)
  })

  test('that cannot be reached ends the login cleanly', async () => {
    const { there, provider, startLogin } = await pairs.start()
    const { url, state, nonce, codeVerifier } = await startLogin()
    const answer = await there.authorize(url)
    await there.pause()
    const refusal = provider.redeemCode({ answer, state, nonce, codeVerifier })
    await expect(refusal).rejects.toMatchObject({
      code: 'provider_unavailable',
      detail: { note: expect.stringMatching(/^\/token: (?:Error ECONNREFUSED|SocketError UND_ERR_SOCKET)$/) },
    })
  })

  test('is told what it needs, in the body, and our redirect URI from the configuration', async () => {
    const { there, provider, startLogin } = await pairs.start()
    const { url, state, nonce, codeVerifier } = await startLogin()
    const answer = await there.authorize(url)
    await provider.redeemCode({ answer, state, nonce, codeVerifier })
    const { method, url: asked, headers, form } = there.last('token')
    expect({ method, asked }).toEqual({ method: 'POST', asked: `${there.issuer}/token` })
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded;charset=UTF-8')
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'authorization_code',
      code: answer.get('code'),
      redirect_uri: 'http://localhost:8080/bff/callback',
      code_verifier: codeVerifier,
    })
  })

  test.each(['', 'short', 'ü'.repeat(50), 'x'.repeat(129)])('is not even asked with the verifier %p', async (codeVerifier) => {
    const { there, provider, startLogin } = await pairs.start()
    const { url, state, nonce } = await startLogin()
    const answer = await there.authorize(url)
    await expect(provider.redeemCode({ answer, state, nonce, codeVerifier })).rejects.toMatchObject({ code: 'internal' })
    expect(there.count('token')).toBe(0)
  })
})

describe('client authentication', () => {
  test.each(['auto', 'client_secret_basic'] as const)(
    'by %s is form-encoded, then base64 (RFC 6749 §2.3.1)',
    async (clientAuth) => {
      const { there, signIn } = await pairs.start({}, { clientAuth })
      await signIn()
      const { headers, form } = there.last('token')
      const [id = '', secret = ''] = Buffer.from(headers.authorization?.slice(6) ?? '', 'base64')
        .toString()
        .split(':')
      expect(headers.authorization).toMatch(/^Basic [\w+/]+=*$/)
      expect(id).toBe('coatcheck')
      expect(new URLSearchParams(`secret=${secret}`).get('secret')).toBe(there.clientSecret)
      expect([form.has('client_id'), form.has('client_secret')]).toEqual([false, false])
    },
  )

  test('leaves alone what form encoding leaves alone, for providers that forget to decode', async () => {
    const { there, signIn } = await pairs.start({}, { clientId: '3f8a-1_b.c', clientAuth: 'client_secret_basic' })
    await expect(signIn()).rejects.toThrow()
    const { headers } = there.last('token')
    expect(Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString()).toMatch(/^3f8a-1_b\.c:/)
  })

  test('by post is in the body alone', async () => {
    const { there, signIn } = await pairs.start({}, { clientAuth: 'client_secret_post' })
    await signIn()
    const { headers, form } = there.last('token')
    expect(headers.authorization).toBeUndefined()
    expect([form.get('client_id'), form.get('client_secret')]).toEqual(['coatcheck', there.clientSecret])
  })

  test.each([
    [['client_secret_post'], false],
    [['client_secret_post', 'client_secret_basic'], true],
    [['private_key_jwt'], true],
    [undefined, true],
  ])('by itself where %p is listed: Basic is %p', async (listed, isBasic) => {
    const { there, signIn } = await pairs.start({
      script: { metadata: (honest) => ({ ...honest, token_endpoint_auth_methods_supported: listed }) },
    })
    await signIn()
    expect(there.last('token').headers.authorization !== undefined).toBe(isBasic)
  })

  test('is the configured one, whatever is listed', async () => {
    const listsOnlyPost = { token_endpoint_auth_methods_supported: ['client_secret_post'] }
    const script: Script = { metadata: (honest) => ({ ...honest, ...listsOnlyPost }) }
    const { there, signIn } = await pairs.start({ script }, { clientAuth: 'client_secret_basic' })
    await signIn()
    expect(there.last('token').headers.authorization).toMatch(/^Basic /)
  })

  test('of a public client is its name alone', async () => {
    const { there, signIn } = await pairs.start({}, { clientAuth: 'none', clientSecret: undefined })
    await signIn()
    const { headers, form } = there.last('token')
    expect(headers.authorization).toBeUndefined()
    expect([form.get('client_id'), form.has('client_secret')]).toEqual(['coatcheck', false])
  })
})

describe('a token answer', () => {
  test.each([
    [3600, 3600],
    ['3600', 3600],
    [0.5, 0.5],
    [undefined, undefined],
    [null, undefined],
    [0, undefined],
    [-1, undefined],
    ['-1', undefined],
    ['soon', undefined],
    ['3600s', undefined],
    ['1e3', undefined],
    [[3600], undefined],
    [true, undefined],
    [1e300, 31_536_000],
    ['9'.repeat(30), 31_536_000],
  ])('with expires_in %p is good for %p seconds', async (told, seconds) => {
    const { signIn } = await pairs.start({ script: { token: (honest) => ({ ...honest, expires_in: told }) } })
    expect((await signIn()).expiresInSeconds).toBe(seconds)
  })

  test.each(['bearer', 'BEARER', 'Bearer'])('of type %s is good', async (type) => {
    const { signIn } = await pairs.start({ script: { token: (honest) => ({ ...honest, token_type: type }) } })
    await expect(signIn()).resolves.toBeDefined()
  })

  test.each(['mac', 'DPoP', '', 7, undefined])('of type %p is refused', async (type) => {
    const { signIn } = await pairs.start({ script: { token: (honest) => ({ ...honest, token_type: type }) } })
    await expect(signIn()).rejects.toMatchObject({ code: 'provider_answer_invalid' })
  })

  test.each([undefined, null, '', 7, {}, 'with space', 'line\r\nbreak', 'nul\0', 'ümlaut'])(
    'with access token %p is refused',
    async (token) => {
      const { signIn } = await pairs.start({
        script: {
          claims: (honest) => ({ ...honest, at_hash: undefined }),
          token: (honest) => ({ ...honest, access_token: token }),
        },
      })
      await expect(signIn()).rejects.toMatchObject({ code: 'provider_answer_invalid' })
    },
  )

  test('with an access token of 64 kB is good', async () => {
    const accessToken = 'x'.repeat(65_536)
    const { signIn } = await pairs.start({
      script: {
        claims: (honest) => ({ ...honest, at_hash: undefined }),
        token: (honest) => ({ ...honest, access_token: accessToken }),
      },
    })
    expect((await signIn()).accessToken).toBe(accessToken)
  })

  test.each([undefined, null, '', 7, ['x']])('with %p for what is optional has it not', async (value) => {
    const { signIn } = await pairs.start({
      script: { token: (honest) => ({ ...honest, refresh_token: value, scope: value, more: 'x' }) },
    })
    expect(await signIn()).toMatchObject({ refreshToken: undefined, scope: undefined })
  })
})

describe('userinfo', () => {
  const options = { userinfo: true }

  test('adds to what the ID token says, and never overrules it', async () => {
    const { there, signIn } = await pairs.start({}, options)
    const { identity, accessToken } = await signIn()
    expect(identity.claims).toMatchObject({ sub: 'alice', name: 'Alice Example', email: 'alice@example.com' })
    expect(there.last('userinfo')).toMatchObject({ method: 'GET', headers: { authorization: `Bearer ${accessToken}` } })
  })

  test.each([
    ['is about somebody else (userinfo-invalid-sub)', answers.json(200, { sub: 'mallory' }), 'provider_answer_invalid'],
    ['is about nobody', answers.json(200, { name: 'Alice' }), 'provider_answer_invalid'],
    ['is HTML', answers.html(), 'provider_answer_invalid'],
    ['is refused', answers.status(401, { 'www-authenticate': 'Bearer error="invalid_token"' }), 'provider_answer_invalid'],
    ['redirects', answers.redirect('https://evil.example.com'), 'provider_answer_invalid'],
    ['fails', answers.status(500), 'provider_unavailable'],
    ['never answers', answers.hang(), 'provider_unavailable'],
  ])('that %s ends the login', async (_, answer, code) => {
    const { signIn } = await pairs.start({ script: { userinfo: () => answer } }, { ...options, timeoutMilliseconds: 500 })
    await expect(signIn()).rejects.toMatchObject({ code })
  })

  test('that is signed is verified (userinfo-signed)', async () => {
    const { there, signIn } = await pairs.start(
      { script: { metadata: (honest) => ({ ...honest, userinfo_signing_alg_values_supported: ['ES256'] }) } },
      options,
    )
    const claims = { iss: there.issuer, aud: 'coatcheck', sub: 'alice', email: 'signed@example.com' }
    const signed = await there.signer.sign(claims)
    there.script.userinfo = () => answers.text(200, 'application/jwt', signed)
    expect((await signIn()).identity.claims['email']).toBe('signed@example.com')

    const [head, , signature] = signed.split('.')
    const body = Buffer.from(JSON.stringify({ ...claims, email: 'mallory@example.com' })).toString('base64url')
    there.script.userinfo = () => answers.text(200, 'application/jwt', `${head}.${body}.${signature}`)
    await expect(signIn()).rejects.toMatchObject({ code: 'provider_answer_invalid' })
  })
})
