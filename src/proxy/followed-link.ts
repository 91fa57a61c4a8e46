// No part of it can match in two ways, and nothing has to follow: it takes time by the length of a header, whatever an upstream sends.
const RELATIONS = /\brel\s*=\s*(?:"((?:[^"\\]|\\.)*)|([^",;]*))/gi
const FOLLOWED = /preload|preconnect|prefetch|prerender|stylesheet|manifest|expect|dictionary/i

/** Whether a browser follows one of the links of a `Link` header by itself; others, such as a list's next page, are for scripts (RFC 8288 §3.3). */
export function isFollowedLink(link: string): boolean {
  for (const [, quoted, plain] of link.matchAll(RELATIONS)) {
    if (FOLLOWED.test((quoted ?? plain ?? '').replaceAll('\\', ''))) return true
  }
  return false
}
