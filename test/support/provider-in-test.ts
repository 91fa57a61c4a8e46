import { createHash, randomBytes } from 'node:crypto'

import type { ProviderConfig } from '../../src/config/config.ts'
import { Secret } from '../../src/config/secret.ts'
import { createProvider } from '../../src/oidc/create-provider.ts'
import type { Exchange } from '../../src/oidc/exchange.ts'
import type { LoginRequest, Provider, TokenSet } from '../../src/oidc/port.ts'
import type { EventName, Events, Report } from '../../src/report/events.ts'

export const REDIRECT_URI = 'http://localhost:8080/bff/callback'
export const POST_LOGOUT_REDIRECT_URI = 'http://localhost:8080/bff/logout/callback'

/** One line of what was reported. */
export type Reported = { readonly name: EventName } & Readonly<Record<string, unknown>>

/** What a person's login carries from its start to the callback. */
export interface StartedLogin {
  readonly url: URL
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** Our side of the protocol, against any provider, without a gateway around it. */
export interface ProviderInTest {
  readonly provider: Provider
  readonly reported: readonly Reported[]
  readonly startLogin: (request?: Partial<LoginRequest>) => Promise<StartedLogin>
  /** A whole login; `browse` goes to the provider and comes back with the callback's parameters. */
  readonly login: (browse: (url: URL) => Promise<URLSearchParams>, request?: Partial<LoginRequest>) => Promise<TokenSet>
}

interface There {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

/** Makes our side for a provider of the tests and starts it. Stop it with `provider.stop()`. */
export async function connectProvider(
  there: There,
  overrides: Partial<ProviderConfig> = {},
  steps: { readonly now?: () => number; readonly exchange?: Exchange } = {},
): Promise<ProviderInTest> {
  const reported: Reported[] = []
  const report: Report = <Name extends EventName>(name: Name, fields: Events[Name]) => void reported.push({ ...fields, name })
  const provider = createProvider({
    config: configFor(there, overrides),
    redirectUri: REDIRECT_URI,
    postLogoutRedirectUri: POST_LOGOUT_REDIRECT_URI,
    report,
    now: steps.now ?? Date.now,
    ...(steps.exchange ? { exchange: steps.exchange } : {}),
  })
  await provider.start()

  async function startLogin(request: Partial<LoginRequest> = {}): Promise<StartedLogin> {
    const [state, nonce, codeVerifier] = [random(), random(), random()]
    const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
    const url = await provider.authorizationUrl({ state, nonce, codeChallenge, ...request })
    return { url, state, nonce, codeVerifier }
  }

  return {
    provider,
    reported,
    startLogin,
    async login(browse, request = {}) {
      const { url, state, nonce, codeVerifier } = await startLogin(request)
      const answer = await browse(url)
      const maxAge = request.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: request.maxAgeSeconds }
      return provider.redeemCode({ answer, state, nonce, codeVerifier, ...maxAge })
    },
  }
}

/** A provider's slice of the configuration, with short timeouts. */
export function configFor({ issuer, clientId, clientSecret }: There, overrides: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    issuer,
    clientId,
    clientSecret: new Secret(clientSecret),
    clientAuth: 'auto',
    scopes: ['openid', 'profile'],
    claims: ['name'],
    timeoutMilliseconds: 5_000,
    refreshTimeoutMilliseconds: 5_000,
    refreshLeewayMilliseconds: 60_000,
    refreshWaitMilliseconds: 10_000,
    clockToleranceSeconds: 30,
    idTokenAlgorithm: undefined,
    assumeS256: false,
    userinfo: false,
    logoutTokenType: 'any',
    frontchannelLogout: false,
    metadataRefreshMilliseconds: 3_600_000,
    ...overrides,
  }
}

function random(): string {
  return randomBytes(32).toString('base64url')
}
