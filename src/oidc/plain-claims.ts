import { GatewayError } from '../errors.ts'

type Claims = Readonly<Record<string, unknown>>

/** Far above any honest claim; whoever writes it down again calls itself for each, and runs out of stack in the end. */
const MOST_DEPTH = 64

/**
 * The claims as plain values; a member called `__proto__` would change what every reader of the object sees.
 *
 * @throws GatewayError `provider_answer_invalid` where they hold lists in lists, or objects in objects, without end.
 */
export function plainClaims(claims: Claims): Claims {
  if (isDeeper(claims, MOST_DEPTH)) throw new GatewayError('provider_answer_invalid', { note: 'claims in claims without end' })
  return Object.fromEntries(Object.entries(claims).filter(([name]) => name !== '__proto__'))
}

function isDeeper(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return most === 0 || Object.values(value).some((inner) => isDeeper(inner, most - 1))
}
