import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'

import { Provider } from 'oidc-provider'

import {
  ENDPOINTS,
  providerSettings,
  type Interactive,
  type ProviderEndpoint,
  type ProviderOptions,
} from './provider-settings.ts'
import { createProviderRecords } from './provider-records.ts'
import { createVisitor, type Visitor } from './visit.ts'

export type { Interactive, ProviderEndpoint, ProviderOptions }

/** A real, certified provider that runs in the process of the test. */
export interface TestProvider extends Visitor {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly port: number
  /** How many requests each endpoint has seen. */
  readonly counts: Readonly<Record<ProviderEndpoint, number>>
  /** Grants that it has ended, be it since a refresh token came twice, or by revocation. */
  readonly revokedGrants: () => number
  /** May be changed at any time. */
  interactive: Interactive
  account: string
  /** The class of the next sign-ins; told only where `acr_values` are asked for, and `configuration` lists some. */
  acr: string | undefined
  /** Answers a request in the provider's stead, by saying true; set by tests of bad weather. */
  intercept: ((endpoint: ProviderEndpoint | undefined, response: ServerResponse) => boolean) | undefined
  /** What an answer of the token endpoint waits for once it is made: the refresh token is spent by then. */
  beforeTokenAnswer: (() => Promise<void>) | undefined
  /** Signs with a new key from now on; the old one is published no longer. Grants and sessions go on. */
  readonly rotateKeys: () => Promise<void>
  /** Stops listening, and listens again on the same port; nothing is forgotten. */
  readonly restart: () => Promise<void>
  readonly pause: () => Promise<void>
  readonly resume: () => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * Starts `oidc-provider` on a free port of 127.0.0.1: PKCE with S256 required, refresh tokens rotated with reuse detection,
 * revocation, introspection, userinfo, RP-initiated and back-channel logout.
 *
 * A sign-in asks nobody: whoever the `login_hint` names, else `account`, is signed in and consents; `interactive: 'deny'` makes the
 * person refuse. `visit(url)` follows redirects as a browser would and ends at the callback's address.
 */
export async function startProvider(options: ProviderOptions = {}): Promise<TestProvider> {
  const counts = { authorization: 0, token: 0, jwks: 0, userinfo: 0, introspection: 0, revocation: 0, endSession: 0, metadata: 0 }
  const self: Pick<TestProvider, 'interactive' | 'account' | 'acr' | 'intercept' | 'beforeTokenAnswer'> = {
    interactive: options.interactive ?? 'auto',
    account: options.account ?? 'alice',
    acr: undefined,
    intercept: undefined,
    beforeTokenAnswer: undefined,
  }
  let revokedGrants = 0
  const clientSecret = options.clientSecret ?? 'a secret of the tests, long enough for anybody'
  const adapter = createProviderRecords()
  let answer: RequestListener | undefined

  const listener: RequestListener = (request, response) => {
    const path = new URL(request.url ?? '/', 'http://unused').pathname
    const endpoint = endpointAt(path)
    if (endpoint) counts[endpoint] += 1
    if (self.intercept?.(endpoint, response) === true) return
    if (endpoint === 'token' && self.beforeTokenAnswer) holdAnswer(response, self.beforeTokenAnswer)
    answer?.(request, response)
  }
  const server: Server = options.https ? createSecureServer(options.https, listener) : createServer(listener)
  const port = await listen(server, options.port ?? 0)
  const issuer = `${options.https ? 'https' : 'http'}://${options.host ?? '127.0.0.1'}:${port}`

  async function renew(): Promise<void> {
    const provider = new Provider(issuer, { adapter, ...(await providerSettings(options, clientSecret)) })
    provider.on('grant.revoked', () => (revokedGrants += 1))
    const interact = createInteraction(provider, self)
    const usual = provider.callback()
    answer = (request, response) => {
      if (request.url?.startsWith('/interaction/') !== true) return usual(request, response)
      void interact(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    }
  }
  await renew()

  return Object.assign(self, {
    issuer,
    clientId: options.clientId ?? 'coatcheck',
    clientSecret,
    port,
    counts,
    revokedGrants: () => revokedGrants,
    visit: createVisitor(issuer, options.fetch).visit,
    rotateKeys: renew,
    restart: async () => {
      await close(server)
      await listen(server, port)
    },
    pause: () => close(server),
    resume: async () => {
      await listen(server, port)
    },
    stop: () => close(server),
  })
}

/** Keeps a finished answer back until `wait` resolves. */
function holdAnswer(response: ServerResponse, wait: () => Promise<void>): void {
  const end = response.end.bind(response)
  response.end = (...given: readonly unknown[]) => {
    void wait().then(() => Reflect.apply(end, undefined, given))
    return response
  }
}

function createInteraction(provider: Provider, self: Pick<TestProvider, 'interactive' | 'account' | 'acr'>) {
  return async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { uid, params, session } = await provider.interactionDetails(request, response)
    if (self.interactive === 'deny') {
      const refusal = { error: 'access_denied', error_description: 'The person <b>refused</b>.' }
      return provider.interactionFinished(request, response, refusal, { mergeWithLastSubmission: false })
    }
    if (self.interactive === 'page' && request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      response.end(
        `<!doctype html><title>Provider</title><form method="post" action="/interaction/${uid}"><button>Sign in</button></form>`,
      )
      return undefined
    }
    const hinted = typeof params['login_hint'] === 'string' ? params['login_hint'] : undefined
    const accountId = hinted ?? session?.accountId ?? self.account
    const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) })
    grant.addOIDCScope(String(params['scope']))
    const result = {
      login: { accountId, ...(self.acr !== undefined && { acr: self.acr }) },
      consent: { grantId: await grant.save() },
    }
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }
}

function endpointAt(path: string): ProviderEndpoint | undefined {
  const names: readonly ProviderEndpoint[] = [
    'authorization',
    'token',
    'jwks',
    'userinfo',
    'introspection',
    'revocation',
    'endSession',
    'metadata',
  ]
  return names.find((name) => ENDPOINTS[name] === path)
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return address.port
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
}
