import { readFileSync, statSync } from 'node:fs'
import type { Refusal } from './refusal.ts'

/** Reads a whole file as text, or throws as Node does. */
export type ReadFile = (path: string) => string

const SAYS = new Map([
  ['ENOENT', 'names a file that does not exist.'],
  ['ENOTDIR', 'names a file that does not exist.'],
  ['EISDIR', 'names a folder, not a file.'],
  ['EACCES', 'names a file that this process may not read.'],
  ['EPERM', 'names a file that this process may not read.'],
])

/** The text of a file. The refusal does not repeat the path: whoever mixed the two up has put a secret there. */
export function readTextFile(path: string, readFile: ReadFile): { readonly text: string } | Refusal {
  try {
    return { text: readFile(path) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return {
      refused: SAYS.get(code) ?? 'names a file that cannot be read.',
      write: 'the path of a file that this process may read',
    }
  }
}

/** From the disk. */
export function readFromDisk(path: string): string {
  return readFileSync(path, 'utf8')
}

/** Whether there is a folder of that name; one that this process may not look at, or that nothing can be named, is none. */
export function isFolderOnDisk(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
