import type { Refusal } from './refusal.ts'

const UNITS = { B: 1, kB: 1000, MB: 1000 ** 2, GB: 1000 ** 3, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const

/** Bytes of `512kB`, `10MB` (a thousand each) or `64KiB`, `1MiB` (1024 each). */
export function parseSize(text: string): number | Refusal {
  const [, digits, unit] = /^(\d{1,9})(B|kB|MB|GB|KiB|MiB|GiB)$/.exec(text) ?? []
  if (digits !== undefined && isUnit(unit)) return Number(digits) * UNITS[unit]
  return { refused: 'is not a size.', write: 'a whole number and its unit (B, kB, MB, GB, KiB, MiB, GiB), such as 10MB' }
}

function isUnit(unit: string | undefined): unit is keyof typeof UNITS {
  return unit !== undefined && Object.hasOwn(UNITS, unit)
}
