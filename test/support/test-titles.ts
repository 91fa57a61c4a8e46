import { existsSync, readFileSync } from 'node:fs'
import { ROOT } from './documents.ts'

const LITERAL = String.raw`'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|${'`'}[^${'`'}]*${'`'}`
/** What stands first in a call of `test` or `describe`, or in the second call of an `each`. */
const TITLE = new RegExp(String.raw`\b(?:test|describe)\(\s*(${LITERAL})|\)\(\s*(${LITERAL}),`, 'g')

/** The titles of the tests in a file of the repository, and of what they are grouped by, as they are written; none where there is no such file. */
export function testTitles(path: string): ReadonlySet<string> {
  if (!existsSync(ROOT + path)) return new Set()
  const source = readFileSync(ROOT + path, 'utf8')
  return new Set([...source.matchAll(TITLE)].map(([, one, two]) => unquoted(one ?? two ?? '')))
}

function unquoted(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}
