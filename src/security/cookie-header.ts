/** The longest `Cookie` header that is looked at; browsers keep far below, and node refuses more than its header limit anyway. */
const MOST_CHARACTERS = 65_536

/**
 * Every value that a `Cookie` header (RFC 6265bis §4.2.1) gives for one name, in its order; names are compared byte for byte.
 *
 * Never throws, whatever the header holds: what is no pair is passed over.
 */
export function cookieValues(header: string | undefined, name: string): readonly string[] {
  if (header === undefined || header.length > MOST_CHARACTERS || !header.includes(name)) return []
  const values: string[] = []
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) values.push(pair.slice(equals + 1).trim())
  }
  return values
}

/** The names in a `Cookie` header that begin with `prefix`, oldest first, as browsers order cookies of one path (RFC 6265bis §5.8.3). */
export function cookieNamesWith(header: string | undefined, prefix: string): readonly string[] {
  if (header === undefined || header.length > MOST_CHARACTERS || !header.includes(prefix)) return []
  const names = header.split(';').map((pair) => pair.slice(0, Math.max(pair.indexOf('='), 0)).trim())
  return [...new Set(names.filter((name) => name.startsWith(prefix)))]
}
