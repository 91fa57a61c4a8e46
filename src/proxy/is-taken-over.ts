import type { Carriage } from './carriage.ts'
import { isInvalidToken } from './is-invalid-token.ts'
import { refusedLevel } from './require-level.ts'

/**
 * Whether a 401 of an API is nobody's to see, since its call is made again with another token, or has failed by an answer of ours that
 * says which sign-in is needed.
 */
export function isTakenOver(carriage: Carriage, challenge: string | string[] | undefined, hasBody: boolean): boolean {
  const { session, steps } = carriage
  if (isInvalidToken(challenge) && steps.startOver(carriage, hasBody)) return true
  const refused = refusedLevel(session, challenge, steps.meetsLevel)
  if (refused) carriage.fail(refused)
  return refused !== undefined
}
