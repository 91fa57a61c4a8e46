import type { RouteConfig } from '../config/config.ts'
import { isCanonical } from './canonical-path.ts'

/** Where an upstream's answer stands: its route, the target that was asked for there, and our own origin. */
export interface LocationBase {
  readonly route: RouteConfig
  readonly target: string
  /** What browsers see; upstreams that believe `X-Forwarded-Host` write it into their locations. */
  readonly publicOrigin: string
}

/**
 * An upstream's `Location` as the browser has to read it: the route's path turned back into the public prefix, origin left out.
 *
 * Undefined where it leads anywhere else than below the route: it must not reach the browser (OWASP ASVS 15.3.2).
 */
export function publicLocation(location: string, { route, target, publicOrigin }: LocationBase): string | undefined {
  const base = `${route.addresses[0]?.origin}${target}`
  if (!URL.canParse(location, base)) return undefined
  const { origin, pathname, search, hash, username, password } = new URL(location, base)
  if (origin !== publicOrigin && !route.addresses.some((address) => address.origin === origin)) return undefined
  if (username !== '' || password !== '') return undefined
  if (!pathname.startsWith(route.path) || !isCanonical(pathname)) return undefined
  return route.prefix + pathname.slice(route.path.length) + search + hash
}
