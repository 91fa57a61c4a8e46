import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'

/** The parameters of a request's query, as they were sent; nothing turns them into arrays or objects. */
export function queryOf(request: IncomingMessage): URLSearchParams {
  const target = request.url ?? ''
  const question = target.indexOf('?')
  return new URLSearchParams(question < 0 ? '' : target.slice(question + 1))
}

/** Refuses parameters that occur twice (OAuth 2.1 §3.1): there is no telling which one was meant. */
export function refuseDuplicates(parameters: URLSearchParams): void {
  const names = [...parameters.keys()]
  if (new Set(names).size !== names.length) throw new GatewayError('request_invalid', { note: 'a parameter occurs twice' })
}

/** As `valueOf`, for those that need no answer of their own: one that occurs twice counts as absent, too. */
export function onlyValueOf(parameters: URLSearchParams, name: string): string | undefined {
  return parameters.getAll(name).length > 1 ? undefined : valueOf(parameters, name)
}

/** The value of a parameter; one without a value counts as absent (OAuth 2.1 §3.1). */
export function valueOf(parameters: URLSearchParams, name: string): string | undefined {
  return parameters.get(name) || undefined
}
