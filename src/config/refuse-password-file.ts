import { trimLineEnd } from './expand-references.ts'
import { readTextFile } from './read-text-file.ts'
import type { ReadFile } from './read-text-file.ts'
import { isRefusal } from './refusal.ts'
import type { Refusal } from './refusal.ts'

/** Why a file that is read for each connection could not be read for the first. */
export function refusePasswordFile(path: string, readFile: ReadFile): Refusal | undefined {
  const outcome = readTextFile(path, readFile)
  if (isRefusal(outcome)) return outcome
  if (trimLineEnd(outcome.text) !== '') return undefined
  return { refused: 'names an empty file.', write: 'the path of a file that holds the password of Redis' }
}
