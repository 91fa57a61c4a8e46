import { isDeepStrictEqual } from 'node:util'
import type { RouteConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import { decodeFully, isCanonical } from './canonical-path.ts'
import { type HeaderPlan, planHeaders } from './header-plan.ts'

/** A carried route, prepared once. */
export interface MatchedRoute {
  readonly config: RouteConfig
  /** The methods that are carried, in the order of the configuration; HEAD wherever GET is (RFC 9110 §9.1). */
  readonly methods: ReadonlySet<string>
  readonly allow: readonly string[]
  /** Longer prefixes under this one, lower case. */
  readonly nested: readonly string[]
  /** Those of them that demand more than this one, without the slash at their end. */
  readonly stricter: readonly string[]
  /** Other prefixes are under this one, or this one is under another: what holds for one path may not hold for its neighbour. */
  readonly overlaps: boolean
  readonly plan: HeaderPlan
}

/** The route whose prefix the raw target begins with, the longest one; undefined: nothing that is carried. */
export type MatchRoute = (target: string) => MatchedRoute | undefined

const NEVER_CARRIED = new Set(['TRACE', 'CONNECT'])
// RFC 3986 §3.4; a fragment is never sent, anything else has to be escaped.
const NOT_OF_A_QUERY = /[^!"$-~]/
const PARAMETERS = /;[^/]*/g

/**
 * Compares raw targets with the configured prefixes.
 *
 * `/%61pi/x`, `//api/x`, `/./api/x` and `/bff/../api/x` are near-misses: they begin with no prefix and are never carried.
 */
export function createRouteTable(routes: readonly RouteConfig[]): MatchRoute {
  const table = routes
    .map((config) => prepareRoute(config, routes))
    .sort((one, other) => other.config.prefix.length - one.config.prefix.length)

  return function matchRoute(target) {
    for (const route of table) if (target.startsWith(route.config.prefix)) return route
    return undefined
  }
}

/**
 * What the upstream will be asked for: the prefix replaced by the route's path, everything behind it byte for byte.
 *
 * @throws GatewayError `target_not_canonical`
 */
export function upstreamTarget(target: string, { config, nested, stricter }: MatchedRoute): string {
  const queryAt = target.indexOf('?')
  const path = queryAt === -1 ? target : target.slice(0, queryAt)
  if (!isCanonical(path) || (queryAt !== -1 && NOT_OF_A_QUERY.test(target.slice(queryAt + 1)))) {
    throw new GatewayError('target_not_canonical')
  }
  // A route is chosen by bytes. Where an upstream that decodes, folds case or completes a slash would see the stricter neighbour,
  // nobody chooses.
  if (nested.length > 0 && readsAsOneOf(nested, stricter, path)) throw new GatewayError('target_not_canonical')
  return config.path + target.slice(config.prefix.length)
}

function readsAsOneOf(nested: readonly string[], stricter: readonly string[], path: string): boolean {
  const reading = decodeFully(path).replace(PARAMETERS, '').toLowerCase()
  return stricter.includes(reading) || nested.some((prefix) => reading.startsWith(prefix))
}

/** Whether a route refuses something that the one around it would let through. */
function demandsMore(inner: RouteConfig, outer: RouteConfig): boolean {
  if (outer.methods.some((method) => !inner.methods.includes(method))) return true
  if (outer.token === 'none' && inner.token !== 'none') return true
  if (outer.proof === 'none' && inner.proof !== 'none') return true
  return inner.level !== undefined && !isDeepStrictEqual(inner.level, outer.level)
}

function prepareRoute(config: RouteConfig, all: readonly RouteConfig[]): MatchedRoute {
  const carried = config.methods.filter((method) => !NEVER_CARRIED.has(method))
  const allow = carried.includes('GET') && !carried.includes('HEAD') ? [...carried, 'HEAD'] : carried
  const inner = all.filter(({ prefix }) => prefix !== config.prefix && prefix.startsWith(config.prefix))
  const nested = inner.map(({ prefix }) => prefix.toLowerCase())
  const stricter = inner.filter((each) => demandsMore(each, config)).map(({ prefix }) => prefix.slice(0, -1).toLowerCase())
  const overlaps = nested.length > 0 || all.some(({ prefix }) => prefix !== config.prefix && config.prefix.startsWith(prefix))
  return { config, methods: new Set(allow), allow, nested, stricter, overlaps, plan: planHeaders(config) }
}
