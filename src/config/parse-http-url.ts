import type { Refusal } from './refusal.ts'

export interface HttpUrl {
  readonly url: URL
  /** The path exactly as it was written, empty if there was none: `URL` would tidy it up silently. */
  readonly path: string
}

/** An absolute http or https address with one plain, whole host: no wildcard, userinfo, query, fragment, white space or backslash. */
export function parseHttpUrl(text: string, example: string): HttpUrl | Refusal {
  const write = `an absolute address, such as ${example}`
  if (/[\s\\\p{Cc}]/u.test(text)) return { refused: 'holds white space, a backslash or a control character.', write }
  const [, scheme, authority, path, rest] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/i.exec(text) ?? []
  if (scheme === undefined || authority === undefined || path === undefined)
    return { refused: 'is not an absolute address.', write }
  if (!/^https?$/i.test(scheme)) return { refused: 'has a scheme other than https or http.', write }
  if (authority.includes('@'))
    return { refused: 'holds a user name or password.', write: `the address without them, such as ${example}` }
  if (rest !== '') return { refused: 'has a query or a fragment.', write: `the address without it, such as ${example}` }
  if (/[*{}<>]/.test(authority)) {
    return {
      refused: 'has a wildcard or a placeholder for a host; hosts are named one by one.',
      write: `one whole host, such as ${example}`,
    }
  }
  if (!URL.canParse(text)) return { refused: 'is not a well-formed address.', write }
  const url = new URL(text)
  if (!/^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/.test(url.hostname)) {
    return { refused: 'has a host that is no plain host name or address (a dot at the end counts as wrong, too).', write }
  }
  return { url, path }
}
