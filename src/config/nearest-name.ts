/** The known name that was probably meant, if one is near enough to be worth a suggestion; case, `_` and `-` do not count. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = fold(name)
  const reach = Math.max(1, Math.min(3, Math.floor(wanted.length / 3)))
  let nearest: string | undefined
  let least = reach + 1
  for (const candidate of known) {
    const distance = editDistance(wanted, fold(candidate))
    if (distance < least) [nearest, least] = [candidate, distance]
  }
  return nearest
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '').slice(0, 100)
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from one text to the other (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const ways = [at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1)]
      if (swapped) ways.push(at(beforeLast, column - 2) + 1)
      current.push(Math.min(...ways))
    }
    ;[beforeLast, last] = [last, current]
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
