import { sayBars, whole } from './results.ts'
import type { Section } from './section.ts'

const MEBIBYTE = 2 ** 20

/** Garbage of the opening is collected, or not; here is the time for it. */
export function settled(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Plot and table of what was resident of one gateway, in bytes, before and after something. */
export function residentAt(
  moments: readonly { readonly name: string; readonly value: number }[],
): Pick<Section, 'plot' | 'table'> {
  const bars = moments.map((moment) => ({ ...moment, label: mebibytes(moment.value), ours: true }))
  return {
    plot: { title: 'Resident memory of one gateway', says: sayBars(bars), bars },
    table: { columns: ['', 'resident'], rows: moments.map(({ name, value }) => [name, mebibytes(value)]) },
  }
}

/** What each of so many took. */
export function kibibytesEach(before: number, after: number, many: number): string {
  return `${((after - before) / many / 1024).toFixed(1)} KiB`
}

export function mebibytes(bytes: number): string {
  return `${whole.format(bytes / MEBIBYTE)} MiB`
}
