import { isDeepStrictEqual } from 'node:util'

import type { CustomFetch, ServerMetadata } from 'openid-client'
import { allowInsecureRequests, customFetch, discovery } from 'openid-client'

import { GatewayError } from '../errors.ts'
import { acceptMetadata } from './accept-metadata.ts'
import { createBoundedFetch } from './bounded-fetch.ts'
import type { ClientSteps, ProviderClient } from './provider-client.ts'
import { createProviderClient } from './provider-client.ts'
import { translateError } from './translate-error.ts'

/** Looks for the metadata once; gives back `known` itself where nothing changed. Rejects with `GatewayError`. */
export type FindClient = (known: ProviderClient | undefined) => Promise<ProviderClient>

/** Makes the search by OpenID Connect Discovery §4; see `acceptMetadata` for what is refused. */
export function createFindClient(steps: ClientSteps): FindClient {
  const { config, exchange, now } = steps
  const bounded = createBoundedFetch({ exchange, now, timeoutMilliseconds: config.timeoutMilliseconds })

  return async function findClient(known) {
    const metadata = await findMetadata()
    acceptMetadata(metadata, config)
    if (known !== undefined && isDeepStrictEqual(metadata, known.metadata)) return known
    return createProviderClient(metadata, steps)
  }

  async function findMetadata(): Promise<ServerMetadata> {
    try {
      const found = await discovery(new URL(config.issuer), config.clientId, undefined, undefined, {
        [customFetch]: requireJson(bounded),
        timeout: config.timeoutMilliseconds / 1000,
        ...(config.issuer.startsWith('http:') ? { execute: [allowInsecureRequests] } : {}),
      })
      return { ...found.serverMetadata() }
    } catch (error) {
      if (isOtherIssuer(error)) {
        throw new GatewayError('provider_answer_invalid', { note: 'the metadata names another issuer than the configured one' })
      }
      throw translateError(error)
    }
  }
}

/** OpenID Connect Discovery §4.2: 200, and the content type of JSON; the library would read anything that parses. */
function requireJson(fetch: CustomFetch): CustomFetch {
  return async function fetchJson(url, options) {
    const response = await fetch(url, options)
    const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
    if (response.status !== 200) {
      throw new GatewayError('provider_answer_invalid', { note: `the metadata was answered with HTTP ${response.status}` })
    }
    if (!/^application\/(?:[a-z0-9.-]+\+)?json$/.test(type)) {
      throw new GatewayError('provider_answer_invalid', { note: 'the metadata is not JSON by its content type' })
    }
    return response
  }
}

function isOtherIssuer(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'
}
