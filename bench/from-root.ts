import { fileURLToPath } from 'node:url'

/** The path of a file, given from the repository's root. */
export function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}
