import type { ProviderConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Report } from '../report/events.ts'
import { advertisesS256 } from './accept-metadata.ts'
import { createAuthorizationUrl } from './authorization-url.ts'
import { createDiscovery } from './discovery.ts'
import { endSessionUrl } from './end-session-url.ts'
import { type Exchange, exchange } from './exchange.ts'
import { createFindClient } from './find-client.ts'
import type { Provider } from './port.ts'
import type { ProviderClient } from './provider-client.ts'
import { createRedeemCode } from './redeem-code.ts'
import { createRefresh, unavailable } from './refresh.ts'
import { revoke } from './revoke.ts'
import { verifyLogoutToken } from './verify-logout-token.ts'

interface Steps {
  readonly config: ProviderConfig
  /** As registered at the provider, byte for byte. */
  readonly redirectUri: string
  readonly postLogoutRedirectUri: string
  readonly report: Report
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Other than the usual one: a test's. */
  readonly exchange?: Exchange
}

/** Makes the provider of one configuration; it looks for the metadata only once `start` is called. */
export function createProvider({
  config,
  redirectUri,
  postLogoutRedirectUri,
  report,
  now,
  exchange: exchangeWith = exchange,
}: Steps): Provider {
  const discovery = createDiscovery({
    findClient: createFindClient({ config, exchange: exchangeWith, now }),
    refreshMilliseconds: config.metadataRefreshMilliseconds,
    told: createTeller(config, report),
  })
  const authorizationUrl = createAuthorizationUrl({ config, redirectUri })
  const redeemCode = createRedeemCode({ config, redirectUri, now })
  const refresh = createRefresh({ config, now })

  /** The client of this moment; one operation keeps the one it began with. */
  function requireClient(): ProviderClient {
    if (discovery.client) return discovery.client
    throw notSeenYet()
  }

  return {
    get state() {
      return discovery.client ? 'ready' : 'unavailable'
    },
    authorizationUrl: async (request) => authorizationUrl(requireClient(), request),
    redeemCode: async (redemption) => redeemCode(requireClient(), redemption),
    refresh: async (grant) => (discovery.client ? refresh(discovery.client, grant) : unavailable(notSeenYet())),
    revoke: async (token, hint) => revoke(requireClient(), token, hint),
    endSessionUrl: async (logout) => endSessionUrl(requireClient(), postLogoutRedirectUri, logout),
    verifyLogoutToken: async (token) => verifyLogoutToken(requireClient(), config, token, now()),
    start: () => discovery.start(),
    stop: () => discovery.stop(),
  }
}

function notSeenYet(): GatewayError {
  return new GatewayError('provider_unavailable', {
    note: 'the metadata of the provider has not been seen yet',
    weather: 'not_ready',
  })
}

/** Reports the state when it, or what is wrong with it, changes; and once that S256 is only assumed. */
function createTeller({ issuer }: ProviderConfig, report: Report) {
  let last: string | undefined
  let assumed = false

  return function tell(client: ProviderClient | undefined, problem: string | undefined): void {
    const state = client ? 'ready' : 'unavailable'
    const note = client && problem !== undefined ? `${problem}; the last good metadata stays in use` : problem
    const now = `${state} ${note}`
    if (now !== last) report('provider_state', { issuer, state, ...(note === undefined ? {} : { note }) })
    last = now

    if (!client || assumed || advertisesS256(client.metadata)) return
    assumed = true
    report('configuration_warning', {
      place: 'provider.assumeS256',
      note: 'the metadata does not list S256; the provider is believed to check it all the same',
    })
  }
}
