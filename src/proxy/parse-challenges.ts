/** One challenge of a `WWW-Authenticate` (RFC 9110 §11.6.1); names are lower case. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

const MOST_CHARACTERS = 8_192
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/** What separates the members of a list, some of which may be empty (RFC 9110 §5.6.1.2). */
const COMMAS = /[ \t]*(?:,[ \t]*)*/y
const PARAMETER = new RegExp(
  String.raw`(${TOKEN})[ \t]*=[ \t]*(?:(${TOKEN})|"((?:[^"\\]|\\[\t -~\x80-\xff])*)")[ \t]*(?=,|$)`,
  'y',
)
const SCHEME = new RegExp(`(${TOKEN})(?: +([A-Za-z0-9._~+/-]+=*)[ \\t]*(?=,|$)| +|(?=,|$))`, 'y')
const ESCAPED = /\\(.)/g

/**
 * The challenges of a header that may have come more than once. Undefined where any of it is not of the grammar, or names a parameter
 * twice: what can be read in two ways says nothing here.
 */
export function parseChallenges(header: string | readonly string[]): readonly Challenge[] | undefined {
  const text = [header].flat().join(', ')
  if (text.length > MOST_CHARACTERS) return undefined
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = []
  let at = 0

  /** Goes on behind what the pattern matches here; each is tried at one place and never looks further back. */
  function take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(text) ?? undefined
    if (found) at = pattern.lastIndex
    return found
  }

  take(COMMAS)
  while (at < text.length) {
    const parameter = take(PARAMETER)
    if (parameter) {
      const [, name = '', token, quoted = ''] = parameter
      const parameters = challenges.at(-1)?.parameters
      if (!parameters || parameters.has(name.toLowerCase())) return undefined
      parameters.set(name.toLowerCase(), token ?? quoted.replaceAll(ESCAPED, '$1'))
    } else {
      const [, scheme = ''] = take(SCHEME) ?? []
      if (scheme === '') return undefined
      challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() })
    }
    take(COMMAS)
  }
  return challenges
}
