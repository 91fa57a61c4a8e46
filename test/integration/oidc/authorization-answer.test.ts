import { afterEach, describe, expect, test } from '@jest/globals'

import { createScriptedPairs, type ScriptedPair } from '../../support/scripted-pair.ts'

const pairs = createScriptedPairs()
afterEach(() => pairs.stopAll())

/** Redeems an answer of our own making for a login that was really begun. */
async function redeem({ provider, startLogin, there }: ScriptedPair, answer: Readonly<Record<string, string>> | string) {
  const { url, state, nonce, codeVerifier } = await startLogin()
  const honest = Object.fromEntries(await there.authorize(url))
  const told =
    typeof answer === 'string'
      ? new URLSearchParams(answer.replace('STATE', state))
      : new URLSearchParams({ ...honest, ...answer })
  return provider.redeemCode({ answer: told, state, nonce, codeVerifier })
}

describe('an answer of the authorization endpoint', () => {
  test.each([
    ['access_denied', 'login_denied'],
    ['login_required', 'login_interaction_required'],
    ['interaction_required', 'login_interaction_required'],
    ['consent_required', 'login_interaction_required'],
    ['account_selection_required', 'login_interaction_required'],
    ['temporarily_unavailable', 'provider_unavailable'],
    ['server_error', 'provider_unavailable'],
    ['invalid_scope', 'login_refused'],
    ['invalid_request', 'login_refused'],
    ['unauthorized_client', 'login_refused'],
    ['unmet_authentication_requirements', 'login_refused'],
    ['something_new', 'login_refused'],
  ])('that says %s ends as %s, and no code is redeemed though one came along', async (error, code) => {
    const pair = await pairs.start()
    await expect(redeem(pair, { error })).rejects.toMatchObject({ code, detail: { note: `the provider said ${error}` } })
    expect(pair.there.count('token')).toBe(0)
  })

  test.each([
    ['<script>alert(1)</script>'],
    ['x'.repeat(100_000)],
    ['line\r\nbreak'],
    ['\u202ereversed'],
    ['with "quotes"'],
    ['__proto__ or so'],
  ])('keeps its text to itself: %#', async (text) => {
    const pair = await pairs.start()
    const refusal = redeem(pair, { error: text, error_description: `secret ${text}`, error_uri: 'https://evil.example.com' })
    await expect(refusal).rejects.toMatchObject({ code: 'login_refused', detail: { note: 'the provider said unreadable' } })
    const thrown: unknown = await refusal.catch((error: unknown) => error)
    expect(JSON.stringify(thrown)).not.toMatch(/secret|evil/)
    expect(thrown).not.toHaveProperty('cause')
  })

  test.each([
    ['a slash at its end', (issuer: string) => `${issuer}/`],
    ['other letters', (issuer: string) => issuer.replace('http', 'HTTP')],
    ['percent signs', (issuer: string) => issuer.replace('127', '%3127')],
    ['another port', (issuer: string) => issuer.replace(/\d+$/, '80')],
    ['https', (issuer: string) => issuer.replace('http:', 'https:')],
    ['another host', () => 'https://evil.example.com'],
  ])('whose issuer has %s is refused before the code is sent anywhere (RFC 9207)', async (_, change) => {
    const pair = await pairs.start()
    const iss = change(pair.there.issuer)
    await expect(redeem(pair, { iss })).rejects.toMatchObject({ code: 'provider_answer_invalid' })
    await expect(redeem(pair, { iss, error: 'access_denied' })).rejects.toMatchObject({ code: 'provider_answer_invalid' })
    expect(pair.there.count('token')).toBe(0)
  })

  test.each(['code=x&state=STATE', 'code=x&state=STATE&iss=', 'error=access_denied&state=STATE'])(
    'without the issuer that was announced is refused: %s',
    async (answer) => {
      const pair = await pairs.start()
      await expect(redeem(pair, answer)).rejects.toMatchObject({ code: 'provider_answer_invalid' })
      expect(pair.there.count('token')).toBe(0)
    },
  )

  test('needs no issuer where none was announced, but a wrong one is refused all the same', async () => {
    const pair = await pairs.start({
      script: {
        metadata: (honest) => ({ ...honest, authorization_response_iss_parameter_supported: undefined }),
        authorization: ({ code = '', state = '' }) => ({ code, state }),
      },
    })
    await expect(pair.signIn()).resolves.toBeDefined()
    await expect(redeem(pair, { iss: 'https://evil.example.com' })).rejects.toMatchObject({ code: 'provider_answer_invalid' })
  })

  test.each([
    ['another state', { state: 'of somebody else' }],
    ['an empty state', { state: '' }],
    ['no code', { code: '' }],
    ['an id token beside the code', { id_token: 'e30.e30.x' }],
    ['an answer as a token', { response: 'e30.e30.x' }],
  ])('with %s is refused', async (_, answer) => {
    const pair = await pairs.start()
    await expect(redeem(pair, answer)).rejects.toMatchObject({ code: 'provider_answer_invalid' })
    expect(pair.there.count('token')).toBe(0)
  })

  test.each(['code=a&code=b&state=STATE', 'code=a&state=STATE&state=STATE', 'error=a&error=b&state=STATE'])(
    'that says a thing twice is refused: %s',
    async (answer) => {
      const pair = await pairs.start({
        script: { metadata: (honest) => ({ ...honest, authorization_response_iss_parameter_supported: false }) },
      })
      await expect(redeem(pair, answer)).rejects.toMatchObject({ code: 'provider_answer_invalid' })
      expect(pair.there.count('token')).toBe(0)
    },
  )

  test('may hold what nobody knows, and empty parameters count as absent', async () => {
    const pair = await pairs.start()
    await expect(redeem(pair, { session_state: 'x', foo: 'bar', error: '' })).resolves.toBeDefined()
  })
})

describe('the authorization request', () => {
  test('carries what it must, and nothing of a request but what came through the allow list', async () => {
    const { there, startLogin } = await pairs.start()
    const { url, state, nonce } = await startLogin({ prompt: 'login', acrValues: 'loa2', maxAgeSeconds: 0, uiLocales: 'de en' })
    expect(`${url.origin}${url.pathname}`).toBe(`${there.issuer}/authorization`)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'coatcheck',
      redirect_uri: 'http://localhost:8080/bff/callback',
      scope: 'openid profile',
      state,
      nonce,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      prompt: 'login',
      acr_values: 'loa2',
      max_age: '0',
      ui_locales: 'de en',
    })
  })

  test.each([
    [undefined, 'consent'],
    ['login', 'login consent'],
    ['none', 'none'],
    ['consent', 'consent'],
  ])('with offline_access and prompt %s asks for %s', async (prompt, expected) => {
    const { startLogin } = await pairs.start({}, { scopes: ['openid', 'offline_access'] })
    const { url } = await startLogin(prompt === undefined ? {} : { prompt })
    expect(url.searchParams.get('prompt')).toBe(expected)
  })

  test('keeps what the endpoint itself has as query', async () => {
    const metadata = { authorization_endpoint: 'https://idp.example.com/auth?tenant=a%20b' }
    const { startLogin } = await pairs.start({ script: { metadata: (honest) => ({ ...honest, ...metadata }) } })
    expect((await startLogin()).url.searchParams.get('tenant')).toBe('a b')
  })
})
