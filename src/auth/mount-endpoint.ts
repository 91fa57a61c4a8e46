import type { Express, RequestHandler } from 'express'
import { GatewayError } from '../errors.ts'
import type { ContractPath } from './contract.ts'
import type { Mounted } from './openapi.ts'
import { takeNoBody } from './take-no-body.ts'

/** What answers an endpoint, by its method. */
export type Methods = Readonly<
  Partial<Record<'GET' | 'GET HEAD' | 'POST' | 'DELETE', readonly RequestHandler[]>> & {
    /** Like `POST`, for the one that reads the body itself; nobody else gets one. */
    FORM?: readonly RequestHandler[]
  }
>

/** Mounts one endpoint: its name for log and metrics, its exact path below the prefix, its methods; all others are 405. */
export type MountEndpoint = (name: string, path: ContractPath, methods: Methods) => void

/** @param mounted Takes down what is mounted, for the contract. */
export function createMountEndpoint(counter: Express, prefix: string, mounted: Mounted[]): MountEndpoint {
  return function mountEndpoint(name, path, { FORM, ...methods }) {
    const allow = [...Object.keys(methods).flatMap((names) => names.split(' ')), ...(FORM ? ['POST'] : [])]
    mounted.push({ path, methods: allow })
    counter.all(prefix + path, (request, response, next) => {
      response.locals['endpoint'] = name
      if (!FORM || request.method !== 'POST') takeNoBody(request, response)
      // Express would answer HEAD by a handler for GET: some of ours must not run for it.
      if (!allow.includes(request.method)) throw new GatewayError('method_not_allowed', { allow })
      next()
    })
    for (const handlers of [methods['GET'], methods['GET HEAD']]) if (handlers) counter.get(prefix + path, ...handlers)
    for (const handlers of [methods.POST, FORM]) if (handlers) counter.post(prefix + path, ...handlers)
    if (methods.DELETE) counter.delete(prefix + path, ...methods.DELETE)
  }
}
