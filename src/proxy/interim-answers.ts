import { GatewayError } from '../errors.ts'

// Each gives the upstream all its time again; more of them than any work has steps to tell of are no answer any more.
const MOST_INTERIM_ANSWERS = 64

/**
 * Counts one more interim answer (1xx, RFC 9110 §15.2), which goes no further: nginx would take it for the final one, and early hints
 * would make the page's browser load what an API names.
 *
 * @throws GatewayError `upstream_answer_invalid` where they do not end.
 */
export function passOver(interimAnswers: number): number {
  if (interimAnswers >= MOST_INTERIM_ANSWERS) {
    throw new GatewayError('upstream_answer_invalid', { note: 'too many interim answers' })
  }
  return interimAnswers + 1
}
