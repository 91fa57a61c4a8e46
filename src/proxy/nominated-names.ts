/**
 * The header names that a `Connection` value nominates, lower case (RFC 9110 §7.6.1); undefined where it only speaks of the
 * connection itself, as nearly all do.
 */
export function nominatedNames(connection: string): Set<string> | undefined {
  if (connection === 'keep-alive' || connection === 'close') return undefined
  const names = connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'keep-alive' && name !== 'close')
  return names.length === 0 ? undefined : new Set(names)
}

/** The same pairs without the nominated ones. */
export function withoutNominated(headers: readonly string[], nominated: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]
    const value = headers[at + 1]
    if (name !== undefined && value !== undefined && !nominated.has(name.toLowerCase())) kept.push(name, value)
  }
  return kept
}
