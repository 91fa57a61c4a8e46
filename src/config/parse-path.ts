import type { Refusal } from './refusal.ts'

const SEGMENT = /^[A-Za-z0-9._~!$&'()+,;=:@-]+$/

/** Whether every segment between the slashes can be read in one way only: not empty, no dots alone, no encoding, no wildcard. */
export function isCanonicalPath(path: string): boolean {
  if (path === '/') return true
  const segments = path.split('/').slice(1, path.endsWith('/') ? -1 : undefined)
  return path.startsWith('/') && segments.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..')
}

/** The prefix of a carried route: `/` at both ends, canonical, and no pattern of any kind. */
export function parseRoutePrefix(text: string): string | Refusal {
  if (!text.startsWith('/')) return { refused: 'does not begin with a slash.', write: 'a path such as /api/' }
  if (!text.endsWith('/'))
    return { refused: 'does not end with a slash.', write: 'the same with a slash at the end, such as /api/' }
  if (/\*|\/:/.test(text)) {
    return { refused: 'is a pattern; a prefix stands for everything below it.', write: 'the plain prefix, such as /api/' }
  }
  // What a parameter belongs to is read in two ways.
  if (text.includes(';') || !isCanonicalPath(text)) return { refused: 'is not canonical.', write: CANONICAL }
  return text
}

/** The prefix of our own endpoints: a slash at the beginning, none at the end, canonical. */
export function parseOwnPrefix(text: string): string | Refusal {
  if (!text.startsWith('/') || text.endsWith('/')) {
    return { refused: 'needs a slash at its beginning and none at its end.', write: 'a path such as /bff' }
  }
  if (!isCanonicalPath(text) || text.includes('/:')) return { refused: 'is not canonical.', write: CANONICAL }
  return text
}

const CANONICAL = 'a path without empty segments, dot segments, percent-encoding, parameters and wildcards, such as /api/v1/'
