/** A year: nothing lives longer, whatever a provider says. */
const MOST_SECONDS = 365 * 24 * 60 * 60

/**
 * How many seconds a member of a token answer tells: above zero, a year at most. Undefined for what says nothing: absent, zero,
 * negative, not finite, or no number. Digits in a string count, since they are met in practice.
 */
export function parseSeconds(told: unknown): number | undefined {
  const seconds = typeof told === 'string' && /^\d{1,30}$/.test(told) ? Number(told) : told
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return undefined
  return Math.min(seconds, MOST_SECONDS)
}
