import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'

import type { FailureCode } from '../errors.ts'
import type { Weather } from '../report/weather.ts'
import { GatewayError } from '../errors.ts'
import { readableCode } from './error-code.ts'

/** What a provider's error means here (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6); any other is `login_refused`. */
const MEANINGS = new Map<string, FailureCode>([
  ['access_denied', 'login_denied'],
  ['login_required', 'login_interaction_required'],
  ['interaction_required', 'login_interaction_required'],
  ['consent_required', 'login_interaction_required'],
  ['account_selection_required', 'login_interaction_required'],
  ['temporarily_unavailable', 'provider_unavailable'],
  ['server_error', 'provider_unavailable'],
])

/** Errors of the token endpoint that say nothing about the request; met in practice, though RFC 6749 knows them for the authorization endpoint only. */
const WEATHER_BY_ERROR: ReadonlyMap<string, Weather> = new Map([
  ['temporarily_unavailable', 'temporarily_unavailable'],
  ['server_error', 'server_error'],
])

/**
 * Says in our own words what went wrong at the provider.
 *
 * Nothing of the original travels on but its name and code: causes and messages of the library may hold whole bodies, tokens
 * included, and the provider's text may be anybody's.
 */
export function translateError(thrown: unknown): GatewayError {
  const ours = findOurs(thrown)
  if (ours) return ours

  if (thrown instanceof AuthorizationResponseError) {
    return new GatewayError(MEANINGS.get(thrown.error) ?? 'login_refused', {
      note: `the provider said ${readableCode(thrown.error)}`,
    })
  }
  if (thrown instanceof ResponseBodyError) {
    const note = `the provider said ${readableCode(thrown.error)} (HTTP ${thrown.status})`
    const weather = WEATHER_BY_ERROR.get(thrown.error)
    if (weather !== undefined) return new GatewayError('provider_unavailable', { note, weather })
    return new GatewayError('login_refused', { note, weather: 'client_refused' })
  }
  return new GatewayError('provider_answer_invalid', { note: nameOf(thrown) })
}

/** The library wraps what a custom `fetch` throws; ours is found again. */
function findOurs(thrown: unknown): GatewayError | undefined {
  let current = thrown
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if (current instanceof GatewayError) return current
    current = current.cause
  }
  return undefined
}

function nameOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown'
  return 'code' in thrown ? `${readableCode(thrown.name)} ${readableCode(thrown.code)}` : readableCode(thrown.name)
}
