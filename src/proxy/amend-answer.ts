import type { RouteConfig } from '../config/config.ts'
import { mappedSetCookie } from './carried-cookies.ts'
import { type HeaderPlan, KEPT_BY_NONE } from './header-plan.ts'
import { withoutNominated } from './nominated-names.ts'
import { permittedCaching } from './permitted-caching.ts'
import type { HeadersByName } from './upstream-headers.ts'

/** What a route says about its upstream's headers, done to those that are left of them; only for routes that say something. */
export function amendAnswer(headers: string[], given: HeadersByName, route: RouteConfig, plan: HeaderPlan): string[] {
  const amended = plan.droppedFromAnswers === undefined ? headers : withoutNominated(headers, plan.droppedFromAnswers)
  if (plan.cookies !== undefined) {
    for (const line of valuesOf(given['set-cookie'])) {
      const mapped = mappedSetCookie(line, plan.cookies, route)
      if (mapped !== undefined) amended.push('Set-Cookie', mapped)
    }
  }
  if (plan.caches !== undefined) addCaching(amended, given, plan.caches)
  return amended
}

function addCaching(headers: string[], given: HeadersByName, caches: 'private' | 'shared'): void {
  const lines = valuesOf(given['cache-control'])
  const caching = permittedCaching(lines.length === 0 ? undefined : lines.join(','), caches)
  headers.push('Cache-Control', caching)
  const { age } = given
  // How much of its time is over already (RFC 9111 §4.2.3).
  if (caching !== KEPT_BY_NONE && typeof age === 'string' && /^\d{1,10}$/.test(age)) headers.push('Age', age)
}

function valuesOf(value: string | string[] | undefined): readonly string[] {
  return value === undefined ? [] : [value].flat()
}
