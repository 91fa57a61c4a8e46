/** No answer makes us wait longer than this, whatever it says. */
const MOST_SECONDS = 300

const NAMES_NO_ZONE = /[ :]\d{2,4}$/

/**
 * The seconds that a `Retry-After` asks for (RFC 9110 §10.2.3: a number of seconds, or a date), 300 at most; undefined where it
 * says neither.
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d{1,12}$/.test(text)) return Math.min(Number(text), MOST_SECONDS)

  // RFC 9110 §5.6.7: every form is in UTC, the one of `asctime` too, which does not say so.
  const utc = NAMES_NO_ZONE.test(text) ? `${text} GMT` : text
  const date = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(utc) : Number.NaN
  if (Number.isNaN(date)) return undefined
  return Math.min(Math.max(0, Math.ceil((date - now) / 1000)), MOST_SECONDS)
}
