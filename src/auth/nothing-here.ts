import { GatewayError } from '../errors.ts'

/** What is asked for is none of ours. */
export function nothingHere(): never {
  throw new GatewayError('not_found')
}
