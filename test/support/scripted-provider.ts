import { createHash, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'

import type { JWK } from 'jose'

import { answers, type Answer } from './answers.ts'
import { createSigner, type Signer } from './signer.ts'

export { answers, type Answer }

type Json = Readonly<Record<string, unknown>>

/** A request as it came in. */
export interface SeenRequest {
  readonly endpoint: Endpoint
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: string
  readonly form: URLSearchParams
}

const ENDPOINTS = ['metadata', 'jwks', 'authorization', 'token', 'userinfo', 'revocation', 'endSession'] as const
export type Endpoint = (typeof ENDPOINTS)[number]

/** What is to be different from an honest answer; every member is asked again for each request, and may be set at any time. */
export interface Script {
  metadata?: (honest: Json, request: SeenRequest) => Json | Answer
  jwks?: (honest: { readonly keys: readonly object[] }, request: SeenRequest) => Json | Answer
  /** Whether a refresh token can be used again; honest is that it cannot. */
  keepsRefreshTokens?: boolean
  /** The parameters that the browser comes back with. */
  authorization?: (honest: Readonly<Record<string, string>>) => Readonly<Record<string, string>>
  token?: (honest: Json, request: SeenRequest) => Json | Answer
  userinfo?: (honest: Json, request: SeenRequest) => Json | Answer
  revocation?: (honest: Json, request: SeenRequest) => Json | Answer
  /** Claims of the ID token; a member that is undefined is left out. */
  claims?: (honest: Json) => Json
  /** Its header. */
  header?: (honest: Json) => Json
  /** The whole ID token, made of claims and header. */
  idToken?: (claims: Json, header: Json, signer: Signer) => Promise<string> | string
}

/** What only those may know whom it was given to. */
export interface IssuedSecret {
  readonly kind: 'code' | 'access token' | 'refresh token' | 'ID token'
  readonly value: string
}

export interface ScriptedProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly script: Script
  /** Every request, oldest first. */
  readonly requests: readonly SeenRequest[]
  readonly seen: (endpoint: Endpoint) => readonly SeenRequest[]
  readonly count: (endpoint: Endpoint) => number
  readonly last: (endpoint: Endpoint) => SeenRequest
  /** Every code and token that it gave, or would have given had its script not said otherwise, oldest first. */
  readonly issued: readonly IssuedSecret[]
  /** Its keys: sign whatever you like, rotate, publish more. */
  readonly signer: Signer
  /** Goes to an authorization URL as a browser would, and comes back with the parameters of the callback. */
  readonly authorize: (url: string | URL) => Promise<URLSearchParams>
  /** Takes no connections until `resume`. */
  readonly pause: () => Promise<void>
  readonly resume: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** The one client that it knows. */
export const SCRIPTED_CLIENT = { clientId: 'coatcheck', clientSecret: 'a secret: with signs % & + /' } as const

/** Options that must be known before it listens. */
export interface ScriptedOptions {
  /** Algorithm of its first key; ES256 by default, which is fast to make. */
  readonly algorithm?: string
  readonly subject?: string
  /** Claims of every honest ID token, besides the usual ones. */
  readonly claims?: Json
  readonly script?: Script
  /** A port of 127.0.0.1; any free one by default. */
  readonly port?: number
  /** Its first key; one of its own by default. */
  readonly key?: JWK
}

/**
 * Starts a provider on 127.0.0.1 that is honest until `script` says otherwise: it signs whoever comes in at once, checks
 * PKCE, takes a code once, rotates refresh tokens, signs ID tokens with its own keys, and remembers every request.
 */
export async function startScriptedProvider(options: ScriptedOptions = {}): Promise<ScriptedProvider> {
  const signer = await createSigner(options.algorithm ?? 'ES256', options.key)
  const script: Script = { ...options.script }
  const requests: SeenRequest[] = []
  const issued: IssuedSecret[] = []
  const grants = new Map<
    string,
    { readonly nonce: string | undefined; readonly challenge: string | undefined; readonly authTime: number }
  >()
  const { clientId, clientSecret } = SCRIPTED_CLIENT
  const subject = options.subject ?? 'alice'
  let issuer = ''

  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
    })
  })
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  await listen(options.port ?? 0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  issuer = `http://127.0.0.1:${address.port}`

  const honest = {
    metadata: (): Json => ({
      issuer,
      authorization_endpoint: `${issuer}/authorization`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      revocation_endpoint: `${issuer}/revocation`,
      end_session_endpoint: `${issuer}/endSession`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    }),

    async token(form: URLSearchParams): Promise<Json | Answer> {
      const refreshing = form.get('grant_type') === 'refresh_token'
      const spent = form.get(refreshing ? 'refresh_token' : 'code') ?? ''
      const grant = grants.get(spent)
      if (!refreshing || script.keepsRefreshTokens !== true) grants.delete(spent)
      const verifier = form.get('code_verifier') ?? ''
      const challenge = createHash('sha256').update(verifier).digest('base64url')
      if (!grant || (!refreshing && grant.challenge !== challenge)) return answers.json(400, { error: 'invalid_grant' })

      const refreshToken = random('refresh')
      grants.set(refreshToken, grant)
      const accessToken = random('access')
      const idToken = await makeIdToken(accessToken, refreshing ? undefined : grant.nonce, grant.authTime)
      return {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: 3600,
        refresh_token: refreshToken,
        scope: 'openid profile',
        id_token: idToken,
      }
    },
  }

  async function makeIdToken(accessToken: string, nonce: string | undefined, authTime: number): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: issuer,
      sub: subject,
      aud: clientId,
      exp: now + 300,
      iat: now,
      auth_time: authTime,
      nonce,
      at_hash: signer.halfHash(accessToken),
      sid: 'session-at-the-provider',
      acr: 'loa2',
      name: 'Alice Example',
      ...options.claims,
    }
    const header = { alg: signer.algorithm, kid: signer.kid, typ: 'JWT' }
    const toldClaims = script.claims?.(claims) ?? claims
    const toldHeader = script.header?.(header) ?? header
    return script.idToken ? await script.idToken(toldClaims, toldHeader, signer) : signer.sign(toldClaims, toldHeader)
  }

  function authorize(asked: URLSearchParams): string {
    const code = random('code')
    issued.push({ kind: 'code', value: code })
    grants.set(code, {
      nonce: asked.get('nonce') ?? undefined,
      challenge: asked.get('code_challenge') ?? undefined,
      authTime: Math.floor(Date.now() / 1000),
    })
    const told: Readonly<Record<string, string>> = { code, state: asked.get('state') ?? '', iss: issuer }
    const target = new URL(asked.get('redirect_uri') ?? '')
    target.search = new URLSearchParams({ ...(script.authorization?.(told) ?? told) }).toString()
    return target.href
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer)
    const endpoint =
      url.pathname === '/.well-known/openid-configuration' ? 'metadata' : ENDPOINTS.find((name) => url.pathname === `/${name}`)
    if (endpoint === undefined) return void response.writeHead(404).end()
    const body = await readText(request)
    const { method = '', headers, rawHeaders } = request
    const seen: SeenRequest = { endpoint, method, url: url.href, headers, rawHeaders, body, form: new URLSearchParams(body) }
    requests.push(seen)

    const given = await decide(seen, url)
    if (typeof given === 'function') given(response)
    else answers.json(200, given)(response)
  }

  async function decide(seen: SeenRequest, url: URL): Promise<Json | Answer> {
    switch (seen.endpoint) {
      case 'metadata':
        return script.metadata?.(honest.metadata(), seen) ?? honest.metadata()
      case 'jwks':
        return script.jwks?.(signer.published(), seen) ?? { ...signer.published() }
      case 'authorization':
        return answers.redirect(authorize(url.searchParams), 303)
      case 'token': {
        const usual = await honest.token(seen.form)
        const told = typeof usual === 'function' ? usual : (script.token?.(usual, seen) ?? usual)
        for (const answer of [usual, told]) if (typeof answer !== 'function') remember(answer)
        return told
      }
      case 'userinfo': {
        const usual = { sub: subject, name: 'Alice of userinfo', email: 'alice@example.com' }
        return script.userinfo?.(usual, seen) ?? usual
      }
      case 'revocation':
        return script.revocation?.({}, seen) ?? answers.status(200)
      case 'endSession':
        return answers.redirect(`${url.searchParams.get('post_logout_redirect_uri')}?state=${url.searchParams.get('state')}`, 303)
      default:
        return seen.endpoint satisfies never
    }
  }

  function remember(tokens: Json): void {
    for (const kind of ['access token', 'refresh token', 'ID token'] as const) {
      const value = tokens[kind.toLowerCase().replace(' ', '_')]
      if (typeof value === 'string') issued.push({ kind, value })
    }
  }

  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const seen = (endpoint: Endpoint) => requests.filter((request) => request.endpoint === endpoint)

  return {
    issuer,
    clientId,
    clientSecret,
    script,
    requests,
    issued,
    seen,
    count: (endpoint) => seen(endpoint).length,
    last(endpoint) {
      const last = seen(endpoint).at(-1)
      if (!last) throw new Error(`Nobody asked for ${endpoint}.`)
      return last
    },
    signer,
    async authorize(url) {
      const response = await fetch(url, { redirect: 'manual' })
      return new URL(response.headers.get('location') ?? '').searchParams
    },
    pause: close,
    resume: () => listen(address.port),
    stop: () => (server.listening ? close() : Promise.resolve()),
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

function random(kind: string): string {
  return `${kind}-${randomBytes(16).toString('base64url')}`
}
