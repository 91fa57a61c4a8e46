import type { Refusal } from './refusal.ts'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of `500ms`, `30s`, `15m`, `12h` or `1d`; a number without a unit is refused, since nobody agrees on which it means. */
export function parseDuration(text: string): number | Refusal {
  const [, digits, unit] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text) ?? []
  if (digits !== undefined && isUnit(unit)) return Number(digits) * UNITS[unit]
  return { refused: 'is not a duration.', write: 'a whole number and its unit (ms, s, m, h, d), such as 500ms, 30s, 15m or 12h' }
}

/** A duration in the largest unit that holds it whole, as `parseDuration` reads it. */
export function writeDuration(milliseconds: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (milliseconds >= UNITS[unit] && milliseconds % UNITS[unit] === 0) return `${milliseconds / UNITS[unit]}${unit}`
  }
  return `${milliseconds}ms`
}

function isUnit(unit: string | undefined): unit is keyof typeof UNITS {
  return unit !== undefined && Object.hasOwn(UNITS, unit)
}
