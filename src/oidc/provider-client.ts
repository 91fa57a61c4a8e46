import type { ClientMetadata, CustomFetch, ServerMetadata } from 'openid-client'
import { allowInsecureRequests, clockTolerance, Configuration, customFetch, enableNonRepudiationChecks } from 'openid-client'

import type { ProviderConfig } from '../config/config.ts'
import { createBoundedFetch } from './bounded-fetch.ts'
import { chooseClientAuthentication } from './client-authentication.ts'
import type { Exchange } from './exchange.ts'
import type { KeySet } from './key-set.ts'
import { createKeySet } from './key-set.ts'
import { signingAlgorithms } from './signing-algorithms.ts'
import { createTidyTokenAnswers } from './tidy-token-answer.ts'

/** Everything that is known of the provider at one time; replaced whole when its metadata changes. */
export interface ProviderClient {
  readonly metadata: ServerMetadata
  /** For every call but the refresh. */
  readonly usual: Configuration
  /** For the refresh: it has a deadline of its own. */
  readonly patient: Configuration
  /** For userinfo: a signed answer has its signature checked. */
  readonly verifying: Configuration
  readonly keys: KeySet
  readonly idTokenAlgorithms: readonly string[]
}

/** What every client of this provider is made with. */
export interface ClientSteps {
  readonly config: ProviderConfig
  readonly exchange: Exchange
  readonly now: () => number
}

/** Makes the client for metadata that was accepted. */
export function createProviderClient(metadata: ServerMetadata, { config, exchange, now }: ClientSteps): ProviderClient {
  const steps = { exchange, tidy: createTidyTokenAnswers(metadata.token_endpoint), now }
  const usualFetch = createBoundedFetch({ ...steps, timeoutMilliseconds: config.timeoutMilliseconds })
  const patientFetch = createBoundedFetch({ ...steps, timeoutMilliseconds: config.refreshTimeoutMilliseconds })

  function configure(bounded: CustomFetch): Configuration {
    const known: Partial<ClientMetadata> = {
      [clockTolerance]: config.clockToleranceSeconds,
      ...(config.idTokenAlgorithm === undefined ? {} : { id_token_signed_response_alg: config.idTokenAlgorithm }),
    }
    const made = new Configuration(metadata, config.clientId, known, chooseClientAuthentication(config, metadata))
    made[customFetch] = bounded
    // The bounded fetch has the deadline; the library's would be a second one.
    made.timeout = 0
    // Only issuers on loopback may be http at all, and `acceptMetadata` has held their endpoints to that.
    if (config.issuer.startsWith('http:')) allowInsecureRequests(made)
    return made
  }

  const verifying = configure(usualFetch)
  enableNonRepudiationChecks(verifying)
  return {
    metadata,
    usual: configure(usualFetch),
    patient: configure(patientFetch),
    verifying,
    keys: createKeySet({ jwksUri: metadata.jwks_uri ?? '', fetch: usualFetch, now }),
    idTokenAlgorithms: signingAlgorithms(metadata, config.idTokenAlgorithm),
  }
}
