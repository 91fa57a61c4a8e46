import { GatewayError } from '../errors.ts'
import type { TokenSet } from '../oidc/port.ts'
import type { LoginTransaction } from './login-transactions.ts'

/**
 * Refuses a sign-in that is of none of the classes that were asked for (OpenID Connect Core §3.1.3.7, 12). A provider may answer with
 * a lower one, since `acr_values` is no more than a wish (§5.5.1.1); who sent the person there would only send them again.
 *
 * Throws `step_up_failed`. How long ago they signed in was held against `max_age` when the code was redeemed.
 */
export function refuseLowerLevel({ identity }: TokenSet, { acrValues }: Pick<LoginTransaction, 'acrValues'>): void {
  if (acrValues === undefined || (identity.acr !== undefined && acrValues.split(' ').includes(identity.acr))) return
  throw new GatewayError('step_up_failed', { note: `the provider says ${identity.acr === undefined ? 'no' : 'another'} acr` })
}

/** Whether a login was to bring somebody who may be signed in already to another level. */
export function isStepUp({ acrValues, maxAgeSeconds }: Pick<LoginTransaction, 'acrValues' | 'maxAgeSeconds'>): boolean {
  return acrValues !== undefined || maxAgeSeconds !== undefined
}
