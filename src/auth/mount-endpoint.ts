import type { Express, RequestHandler } from 'express'
import { GatewayError } from '../errors.ts'

/** Mounts one endpoint: its name for log and metrics, its exact path below the prefix, its methods; all others are 405. */
export type MountEndpoint = (name: string, path: string, methods: Readonly<Record<string, readonly RequestHandler[]>>) => void

export function createMountEndpoint(counter: Express, prefix: string): MountEndpoint {
  return function mountEndpoint(name, path, methods) {
    const allow = Object.keys(methods).flatMap((names) => names.split(' '))
    counter.all(prefix + path, (request, response, next) => {
      response.locals['endpoint'] = name
      // Express would answer HEAD by a handler for GET: some of ours must not run for it.
      if (!allow.includes(request.method)) throw new GatewayError('method_not_allowed', { allow })
      next()
    })
    if (methods['GET']) counter.get(prefix + path, ...methods['GET'])
    if (methods['GET HEAD']) counter.get(prefix + path, ...methods['GET HEAD'])
    if (methods['POST']) counter.post(prefix + path, ...methods['POST'])
  }
}
