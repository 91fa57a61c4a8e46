import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { drawPlot } from './plot.ts'
import type { Section } from './section.ts'

/** A section with where, of what and how it was measured, as `bench/results` keeps it. */
export interface KeptSection {
  readonly name: string
  /** What was run, to be run again. */
  readonly command: string
  /** The machine and the versions, one line each. */
  readonly circumstances: readonly string[]
  readonly section: Section
}

const FOLDER = new URL('results/', import.meta.url)

/** Keeps a section, and draws its plot beside it. */
export function keepSection(kept: KeptSection): void {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(new URL(`${kept.name}.json`, FOLDER), `${JSON.stringify(kept, undefined, 2)}\n`)
  writeFileSync(new URL(`${kept.name}.svg`, FOLDER), drawPlot(kept.section.plot))
}

/** The sections that were kept under these names, this run's or an earlier one's, in the order of the names. */
export function readKeptSections(names: readonly string[]): readonly KeptSection[] {
  return names.flatMap((name) => {
    const file = new URL(`${name}.json`, FOLDER)
    return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8'))] : []
  })
}
