// Enough for the names that clients and upstreams really send; a flood of invented ones starts it over.
const MOST_REMEMBERED = 1024
const LONGEST_REMEMBERED = 64

/** Remembers what `judge` said of a header name: the same few dozen names come with every message. */
export function createVerdictMemo<Verdict>(judge: (name: string) => Verdict): (name: string) => Verdict {
  const verdicts = new Map<string, Verdict>()

  return function verdictOn(name) {
    const known = verdicts.get(name)
    if (known !== undefined) return known
    const verdict = judge(name)
    if (name.length <= LONGEST_REMEMBERED) {
      if (verdicts.size >= MOST_REMEMBERED) verdicts.clear()
      verdicts.set(name, verdict)
    }
    return verdict
  }
}
