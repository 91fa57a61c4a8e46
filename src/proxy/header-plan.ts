import type { RouteConfig } from '../config/config.ts'

/** What a route says about headers, prepared once; what it does not speak of is undefined, and costs nothing. */
export interface HeaderPlan {
  /** Names, lower case, that are taken from requests: what the route drops, and what it says itself. */
  readonly droppedFromRequests: ReadonlySet<string> | undefined
  /** Names and values in turns. */
  readonly addedToRequests: readonly string[] | undefined
  /** Cookies that pass, by name. */
  readonly cookies: ReadonlySet<string> | undefined
  readonly droppedFromAnswers: ReadonlySet<string> | undefined
  /** Ours on every answer, names and values in turns, the route's among them. */
  readonly addedToAnswers: readonly string[]
  /** Whether anything is to be done to a request's headers besides adding ours. */
  readonly amendsRequests: boolean
  /** Whether anything is to be done to an upstream's headers besides adding ours. */
  readonly amendsAnswers: boolean
  /** Whose caches the upstream may speak to; undefined: to none. */
  readonly caches: 'private' | 'shared' | undefined
  /** HTTP/2 has names in lower case only; the same name in two ways would break the connection, and others' calls with it. */
  readonly hasLowerCaseNames: boolean
}

/**
 * Ours on every carried answer. An API's answer is no document of the page's origin: opened as one, it runs nothing, and nothing
 * embeds it.
 */
const OURS = {
  'Content-Security-Policy': "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
}

/** No cache keeps an answer, whatever the upstream said: caches see a cookie, not the token that RFC 9111 §3.5 would heed. */
export const KEPT_BY_NONE = 'private, no-store'

export function planHeaders({ requestHeaders, responseHeaders, cookies, cache, token, http2 }: RouteConfig): HeaderPlan {
  const caches = cache === 'never' ? undefined : token === 'none' ? 'shared' : 'private'
  const droppedFromAnswers = namesOf(responseHeaders.drop, responseHeaders.add)
  return {
    droppedFromRequests: namesOf(requestHeaders.drop, requestHeaders.add),
    addedToRequests: orNone(requestHeaders.add.flatMap(([name, value]) => [name, value.reveal()])),
    cookies: cookies.length === 0 ? undefined : new Set(cookies),
    droppedFromAnswers,
    addedToAnswers: [
      ...Object.entries(OURS).flat(),
      ...(caches === undefined ? ['Cache-Control', KEPT_BY_NONE] : []),
      // Without cookies and without a token, who asks makes no difference.
      ...(caches === 'shared' ? [] : ['Vary', 'Cookie']),
      ...responseHeaders.add.flat(),
    ],
    amendsRequests: requestHeaders.drop.length > 0 || requestHeaders.add.length > 0 || cookies.length > 0,
    amendsAnswers: droppedFromAnswers !== undefined || cookies.length > 0 || caches !== undefined,
    caches,
    hasLowerCaseNames: http2,
  }
}

function namesOf(drop: readonly string[], add: readonly (readonly [name: string, value: unknown])[]): Set<string> | undefined {
  const names = new Set([...drop, ...add.map(([name]) => name.toLowerCase())])
  return names.size === 0 ? undefined : names
}

function orNone(lines: readonly string[]): readonly string[] | undefined {
  return lines.length === 0 ? undefined : lines
}
