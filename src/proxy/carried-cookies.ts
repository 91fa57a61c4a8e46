import type { RouteConfig } from '../config/config.ts'
import { withoutSpace } from '../security/cookie-header.ts'

/** What of a `Cookie` header may pass: the cookies that are named, in their order; undefined where none of them is there. */
export function cookiesOf(cookie: string | undefined, names: ReadonlySet<string>): string | undefined {
  const kept = (cookie ?? '')
    .split(';')
    .map(withoutSpace)
    .filter((pair) => names.has(withoutSpace(pair.slice(0, Math.max(0, pair.indexOf('='))))))
  return kept.length === 0 ? undefined : kept.join('; ')
}

// RFC 6265bis §5.6, and CHIPS; `Domain` is never among them: a cookie stays with the host that browsers see.
const KEPT_ATTRIBUTE = /^(?:expires|max-age|secure|httponly|samesite|partitioned)$/

/**
 * An upstream's `Set-Cookie` as the browser gets it: for a named cookie only, without `Domain`, its path turned back into the public
 * prefix and never above it.
 */
export function mappedSetCookie(given: string, names: ReadonlySet<string>, route: RouteConfig): string | undefined {
  const [pair = '', ...attributes] = given.split(';')
  const equals = pair.indexOf('=')
  // A cookie without a name would be read by its value, which may look like one of ours.
  const name = equals === -1 ? '' : withoutSpace(pair.slice(0, equals))
  if (name === '' || !names.has(name)) return undefined
  const kept = [`${name}=${withoutSpace(pair.slice(equals + 1))}`]
  let path: string | undefined
  for (const attribute of attributes) {
    const at = attribute.indexOf('=')
    const key = withoutSpace(at === -1 ? attribute : attribute.slice(0, at)).toLowerCase()
    if (key === 'path') path = at === -1 ? '' : withoutSpace(attribute.slice(at + 1))
    else if (KEPT_ATTRIBUTE.test(key)) kept.push(withoutSpace(attribute))
  }
  // Without a path, browsers take that of the request, which is below the prefix.
  if (path !== undefined) kept.push(`Path=${publicPath(path, route)}`)
  return kept.join('; ')
}

function publicPath(path: string, route: RouteConfig): string {
  if (path.startsWith(route.path)) return route.prefix + path.slice(route.path.length)
  // Above the route, or beside it: as wide as the route is.
  return route.prefix
}
