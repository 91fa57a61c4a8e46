import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const FOLDER = new URL('../corpus/fuzz/', import.meta.url)

/** An input that once broke a promise. */
export interface KeptInput {
  /** What came of it then. */
  readonly why: string
  readonly input: unknown
}

/** The inputs that once broke this target, oldest first; they are tried before any other. */
export function readKept(target: string): readonly KeptInput[] {
  const file = fileOf(target)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly KeptInput[]) : []
}

/** Keeps one more; the sentence is for whoever mends it to put right. */
export function keepInput(target: string, { why, input }: KeptInput): void {
  writeFileSync(fileOf(target), `${JSON.stringify([...readKept(target), { why, input }], undefined, 2)}\n`)
}

function fileOf(target: string): URL {
  return new URL(`${target}.json`, FOLDER)
}
