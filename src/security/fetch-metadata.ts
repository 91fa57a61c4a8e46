import type { IncomingMessage } from 'node:http'

/** How a request came to be, as its browser tells (Fetch Metadata Request Headers); `unsaid` for browsers that do not. */
export type Initiator = 'same-origin' | 'same-site' | 'cross-site' | 'none' | 'unsaid'

const INITIATORS: ReadonlySet<string> = new Set(['same-origin', 'same-site', 'cross-site', 'none'])

/** Who caused the request. A value that no browser sends counts as another site. */
export function initiatorOf(request: IncomingMessage): Initiator {
  const site = request.headers['sec-fetch-site']
  if (site === undefined) return 'unsaid'
  return typeof site === 'string' && INITIATORS.has(site) ? (site as Initiator) : 'cross-site'
}

/**
 * Whether the answer will be shown as a page of its own: the metadata decides, never `Accept`.
 *
 * A browser without metadata is taken at its word only where it asks for HTML first and shows no sign of a script.
 */
export function isNavigation(request: IncomingMessage): boolean {
  const mode = request.headers['sec-fetch-mode']
  if (mode !== undefined) return mode === 'navigate' && request.headers['sec-fetch-dest'] === 'document' && !isPrefetch(request)
  return request.headers['x-csrf'] === undefined && (request.headers.accept ?? '').startsWith('text/html')
}

/** Whether nobody has asked for the page yet. */
export function isPrefetch(request: IncomingMessage): boolean {
  const purpose = request.headers['sec-purpose'] ?? request.headers['purpose']
  return purpose !== undefined && String(purpose).includes('prefetch')
}
