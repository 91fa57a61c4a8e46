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
    if (equals > 0 && withoutSpace(pair.slice(0, equals)) === name) values.push(withoutSpace(pair.slice(equals + 1)))
  }
  return values
}

/**
 * The cookies whose names consist of `prefix` and what `shape` says, the first `most` of them, with every value of each.
 * Oldest first, as browsers order cookies of one path (RFC 6265bis §5.8.3).
 *
 * A header is gone through once, whatever it holds: strangers choose its names and their number.
 */
export function cookiesWith(
  header: string | undefined,
  { prefix, shape, most }: { readonly prefix: string; readonly shape: RegExp; readonly most: number },
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  if (header === undefined || header.length > MOST_CHARACTERS || !header.includes(prefix)) return found
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    const name = withoutSpace(pair.slice(0, Math.max(equals, 0)))
    if (!name.startsWith(prefix) || !shape.test(name.slice(prefix.length))) continue
    const values = found.get(name)
    if (values) values.push(withoutSpace(pair.slice(equals + 1)))
    else if (found.size < most) found.set(name, [withoutSpace(pair.slice(equals + 1))])
  }
  return found
}

/**
 * A part of a cookie without the spaces and tabs at its ends, which is what browsers drop (RFC 6265bis §5.6), and nothing else of what
 * `trim` takes for white space: to them a name that begins with a no-break space has no prefix, so that anybody may plant it.
 */
export function withoutSpace(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text, from)) from += 1
  while (to > from && isSpace(text, to - 1)) to -= 1
  return text.slice(from, to)
}

function isSpace(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t'
}
