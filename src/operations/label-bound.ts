/**
 * Keeps the values of a metric's label few: the first `most` pass, later ones are `other`. Every label here comes from a list
 * of ours or from the configuration; this holds even if one day one does not.
 */
export function createLabelBound(most: number): (label: string) => string {
  const known = new Set<string>()

  return function boundLabel(label) {
    if (known.has(label)) return label
    if (known.size >= most) return 'other'
    known.add(label)
    return label
  }
}
