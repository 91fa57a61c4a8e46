import { readFileSync } from 'node:fs'

/** The version of this package, as `package.json` beside the sources (or the compiled ones) says it. */
export function readVersion(): string {
  const content: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const version = typeof content === 'object' && content !== null && 'version' in content ? content.version : undefined
  return typeof version === 'string' ? version : 'unknown'
}
