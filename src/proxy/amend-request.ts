import { cookiesOf } from './carried-cookies.ts'
import type { HeaderPlan } from './header-plan.ts'
import { withoutNominated } from './nominated-names.ts'

/** What a route says about requests, done to what is left of a client's headers; only for routes that say something. */
export function amendRequest(headers: string[], cookie: string | undefined, plan: HeaderPlan): string[] {
  const { droppedFromRequests, addedToRequests, cookies } = plan
  const amended = droppedFromRequests === undefined ? headers : withoutNominated(headers, droppedFromRequests)
  if (addedToRequests !== undefined) amended.push(...addedToRequests)
  const kept = cookies === undefined ? undefined : cookiesOf(cookie, cookies)
  if (kept !== undefined) amended.push('Cookie', kept)
  return amended
}

/** Brings the names to lower case, in place (RFC 9113 §8.2.1). */
export function lowerNames(headers: string[]): void {
  for (let at = 0; at < headers.length; at += 2) headers[at] = headers[at]?.toLowerCase() ?? ''
}
