import type { JWK } from 'jose'
import { exportJWK, generateKeyPair } from 'jose'

/** What happens when a sign-in needs the person. `page` shows a page with one button, for browsers that must really click. */
export type Interactive = 'auto' | 'deny' | 'page'

/** How the provider is to be; everything has a default that suits a gateway at `http://localhost:8080`. */
export interface ProviderOptions {
  readonly clientId?: string
  readonly clientSecret?: string
  /** The one method that the client may use; `client_secret_basic` by default. */
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post' | 'none'
  /** What the metadata lists; all of the above by default. */
  readonly clientAuthMethods?: readonly string[]
  /** Origins of the gateways: each may be sent back to at `<origin>/bff/callback` and `<origin>/bff/logout/callback`. */
  readonly appOrigins?: readonly string[]
  readonly redirectUris?: readonly string[]
  readonly postLogoutRedirectUris?: readonly string[]
  readonly backchannelLogoutUri?: string
  /** Who signs in where the request has no `login_hint`. */
  readonly account?: string
  readonly interactive?: Interactive
  /** Claims of an account beside `sub`; by default a name, an e-mail address and the role `member`. */
  readonly claims?: (account: string) => Readonly<Record<string, unknown>>
  readonly accessTokenSeconds?: number
  /** Of the access tokens that a refresh brings, where they are to live longer or shorter than the first. */
  readonly renewedTokenSeconds?: number
  readonly refreshTokenSeconds?: number
  /** Whether refresh tokens are used once and a second use ends the grant; true by default. */
  readonly rotateRefreshTokens?: boolean
  /** Algorithm of the ID token. */
  readonly idTokenAlgorithm?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA' | 'Ed25519'
  /** Key and certificate (PEM): the provider then speaks https. */
  readonly https?: { readonly key: string; readonly cert: string }
  /** Host of the issuer; it listens on 127.0.0.1 all the same. */
  readonly host?: string
  readonly port?: number
  /** For its own requests (back-channel logout) and for `visit`, where hosts cannot be resolved or certificates are the tests' own. */
  readonly fetch?: typeof fetch
  /** Laid over the configuration of `oidc-provider`, last. */
  readonly configuration?: Readonly<Record<string, unknown>>
}

/** Where its endpoints are. */
export const ENDPOINTS = {
  authorization: '/auth',
  token: '/token',
  jwks: '/jwks',
  userinfo: '/me',
  introspection: '/token/introspection',
  revocation: '/token/revocation',
  endSession: '/session/end',
  metadata: '/.well-known/openid-configuration',
} as const

export type ProviderEndpoint = keyof typeof ENDPOINTS

/** The configuration of `oidc-provider` that the options mean; its signing key is new each time. */
export async function providerSettings(options: ProviderOptions, clientSecret: string): Promise<Record<string, unknown>> {
  const algorithm = options.idTokenAlgorithm ?? 'RS256'
  const origins = options.appOrigins ?? ['http://localhost:8080']
  const clientAuth = options.clientAuth ?? 'client_secret_basic'
  const rotate = options.rotateRefreshTokens ?? true
  const { accessTokenSeconds = 3600, renewedTokenSeconds = accessTokenSeconds } = options
  return {
    clients: [
      {
        client_id: options.clientId ?? 'coatcheck',
        ...(clientAuth === 'none' ? {} : { client_secret: clientSecret }),
        token_endpoint_auth_method: clientAuth,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: options.redirectUris ?? origins.map((origin) => `${origin}/bff/callback`),
        post_logout_redirect_uris: options.postLogoutRedirectUris ?? origins.map((origin) => `${origin}/bff/logout/callback`),
        id_token_signed_response_alg: algorithm,
        ...(options.backchannelLogoutUri === undefined
          ? {}
          : { backchannel_logout_uri: options.backchannelLogoutUri, backchannel_logout_session_required: true }),
      },
    ],
    jwks: { keys: [await makeKey(algorithm)] },
    cookies: { keys: ['a cookie key of the tests'] },
    pkce: { required: () => true },
    routes: { userinfo: ENDPOINTS.userinfo },
    interactions: { url: (_context: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: isOfCaller },
      introspection: { enabled: true, allowedPolicy: isOfCaller },
      userinfo: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: askToSignOut,
        postLogoutSuccessSource: sayGoodbye,
      },
    },
    claims: {
      openid: ['sub', 'sid'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      roles: ['roles'],
    },
    scopes: ['openid', 'offline_access', 'profile', 'email', 'roles'],
    // Claims go into the ID token too, as most providers do it.
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ sub, ...(options.claims ?? someClaims)(sub) }),
    }),
    issueRefreshToken: () => true,
    rotateRefreshToken: () => rotate,
    ttl: {
      AccessToken: (_context: unknown, { gty }: { readonly gty?: string }) =>
        gty?.includes('refresh_token') === true ? renewedTokenSeconds : accessTokenSeconds,
      RefreshToken: options.refreshTokenSeconds ?? 86_400,
      IdToken: 3600,
      Session: 86_400,
      Grant: 86_400,
      Interaction: 3600,
      AuthorizationCode: 60,
    },
    renderError: sayWhatIsWrong,
    clientAuthMethods: options.clientAuthMethods ?? ['client_secret_basic', 'client_secret_post', 'none'],
    // Its own default refuses loopback addresses.
    fetch: (url: string, init: RequestInit) =>
      (options.fetch ?? globalThis.fetch)(
        url,
        Object.fromEntries(Object.entries(init).filter(([name]) => name !== 'dispatcher')),
      ),
    ...options.configuration,
  }
}

function someClaims(account: string): Readonly<Record<string, unknown>> {
  return {
    name: `${account.slice(0, 1).toUpperCase()}${account.slice(1)} Example`,
    preferred_username: account,
    email: `${account}@example.com`,
    email_verified: true,
    roles: ['member'],
  }
}

interface PageContext {
  body: unknown
  type: string
}

function isOfCaller(_context: unknown, client: { readonly clientId: string }, token: { readonly clientId: string }): boolean {
  return token.clientId === client.clientId
}

function sayWhatIsWrong(context: PageContext, told: Readonly<Record<string, unknown>>): void {
  context.type = 'text/plain'
  context.body = JSON.stringify(told)
}

function askToSignOut(context: PageContext, form: string): void {
  context.body = `<!doctype html><title>Sign out?</title>${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`
}

function sayGoodbye(context: PageContext): void {
  context.body = '<!doctype html><title>Signed out at the provider</title>'
}

async function makeKey(algorithm: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), use: 'sig', alg: algorithm }
}
