import { existsSync } from 'node:fs'
import { readDocument, ROOT } from './documents.ts'
import { testTitles } from './test-titles.ts'

/** How a requirement of somebody else's stands here; docs/asvs.md says what each of them means. */
export const STATUSES = ['met', 'by configuration', 'by the operator', 'does not apply', 'not met'] as const

/** One requirement in a document on a standard, cell by cell. */
export interface Requirement {
  /** Its number in the standard, or its clause. */
  readonly number: string
  readonly level: string
  readonly asks: string
  readonly status: string
  readonly how: string
  readonly heldBy: string
}

const HEAD = /^\| (?:Number|Clause) \| Level \| Asks for \| Status \| How, or why not \| Held by \|$/
const TEST = /\[([\w/-]+)\]\(\.\.\/(test\/[\w/-]+\.test\.ts)\)((?:,? “[^”]+”)*)/g
const FILE = /`((?:src|config|docs|bin|test|demo)\/[\w./-]+|[\w.-]+\.(?:conf|yaml|md)|Dockerfile)`/g

/** The requirements that a document lists, in its order. */
export function requirementsIn(path: string): readonly Requirement[] {
  const tables = readDocument(path)
    .prose.split('\n\n')
    .filter((part) => HEAD.test(part.split('\n')[0] ?? ''))
  return tables.flatMap((table) => table.split('\n').slice(2).filter(Boolean).map(requirementOf))
}

function requirementOf(line: string): Requirement {
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
  const [, number = '', level = '', asks = '', status = '', how = '', heldBy = ''] = cells
  return { number, level, asks, status, how, heldBy }
}

/** What is wrong with what a document says of a requirement; nothing, if it can be checked as it stands. */
export function* offencesIn({ number, asks, status, how, heldBy }: Requirement): Generator<string> {
  if (asks === '') yield `${number} asks for nothing`
  if (!STATUSES.some((known) => known === status)) yield `${number} has the status ${status}`
  if (status !== 'met' && how === '') yield `${number} does not say why`
  if (status === 'met' && heldBy === '' && !/\]\([^)]+\)/.test(how)) yield `${number} is met, and nothing holds it`
  for (const [, file = ''] of how.matchAll(FILE))
    if (!existsSync(ROOT + file)) yield `${number} names ${file}, which is not there`
  // Whatever is not a test with its titles would go unchecked.
  if (heldBy.replaceAll(TEST, '').replaceAll('; ', '') !== '') yield `${number} is held by something that is no test`
  for (const [, name = '', path = '', quoted = ''] of heldBy.matchAll(TEST)) {
    if (path !== `test/${name}.test.ts`) yield `${number} calls ${path} ${name}`
    const titles = testTitles(path)
    const named = [...quoted.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title.replaceAll(String.raw`\|`, '|'))
    if (named.length === 0) yield `${number} names no test in ${path}`
    for (const title of named) if (!titles.has(title)) yield `${number} names “${title}”, which is no test in ${path}`
  }
}
