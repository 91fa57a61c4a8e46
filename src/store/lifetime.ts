/**
 * Holds callers to the port's word, alike in every store.
 *
 * @throws RangeError for a lifetime that is not a whole number of milliseconds above zero: a mistake of ours, not of the store.
 */
export function requireLifetime(milliseconds: number): number {
  if (Number.isSafeInteger(milliseconds) && milliseconds > 0) return milliseconds
  throw new RangeError(`A lifetime is a whole number of milliseconds above zero, not ${milliseconds}.`)
}
