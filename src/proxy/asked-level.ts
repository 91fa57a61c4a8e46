import type { AuthenticationLevel } from '../session/authentication-level.ts'
import { parseChallenges } from './parse-challenges.ts'

/** What `/bff/login` takes as well: classes without space, quote or backslash (RFC 9470 §3), ten of them at most. */
const ACR_VALUES = /^[\u0021\u0023-\u005b\u005d-\u007e]+(?: [\u0021\u0023-\u005b\u005d-\u007e]+){0,9}$/
const MOST_CHARACTERS = 1_000
const MAX_AGE = /^\d{1,9}$/

/** Where an API says no more than that another sign-in is needed: a new one. */
const ANEW: AuthenticationLevel = { acr: [], maxAgeSeconds: 0 }

/**
 * The sign-in that a 401 of an API asks for (RFC 9470 §3), by whichever scheme; undefined where it says something else, or does not
 * say it by the grammar: then it is a 401 like any other. Nothing of it but what an allow list knows is kept.
 */
export function askedLevel(header: string | readonly string[] | undefined): AuthenticationLevel | undefined {
  if (header === undefined) return undefined
  const challenge = parseChallenges(header)?.find(
    ({ parameters }) => parameters.get('error') === 'insufficient_user_authentication',
  )
  if (!challenge) return undefined
  const acrValues = challenge.parameters.get('acr_values')
  const maxAge = challenge.parameters.get('max_age')
  if (acrValues === undefined && maxAge === undefined) return ANEW
  if (acrValues !== undefined && (acrValues.length > MOST_CHARACTERS || !ACR_VALUES.test(acrValues))) return undefined
  if (maxAge !== undefined && !MAX_AGE.test(maxAge)) return undefined
  return { acr: acrValues?.split(' ') ?? [], maxAgeSeconds: maxAge === undefined ? undefined : Number(maxAge) }
}
