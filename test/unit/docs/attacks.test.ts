import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readDocument, ROOT } from '../../support/documents.ts'

const FOLDER = 'test/attacks/'
const PAGE = `${FOLDER}README.md`

/** Everything that is promised under attack; numbers that are missing were given to nothing else. */
const PROMISES = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 43, 44,
  45, 46, 47, 48, 49, 51, 52, 53, 54, 56, 58, 59, 60, 61, 62, 64,
].map((number) => `H-${String(number).padStart(2, '0')}`)
const WAYS = Array.from({ length: 10 }, (_, index) => `Way ${index + 1}`)

interface Row {
  readonly promise: string
  readonly guard: string
  readonly tests: string
  readonly seenRed: string
}

const rows: readonly Row[] = [
  ...readDocument(PAGE).prose.matchAll(/^\| ((?:H-|Way )\d+) \| .+? \| (.+?) \| (.+?) \| (.+?) \|$/gm),
].map(([, promise = '', guard = '', tests = '', seenRed = '']) => ({ promise, guard, tests, seenRed }))

const sources = readdirSync(ROOT + FOLDER)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(ROOT + FOLDER + name, 'utf8'))

const namesIn = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
const linksIn = (cell: string): readonly string[] => [...cell.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link)

/** The names of all tests of the suite, with the promise that is noted beside each. */
function testsOfTheSuite(): readonly (readonly [promises: string, name: string])[] {
  const pieces = sources.flatMap((source) => source.split(/^ {2}\/\/ (?=(?:H-\d|Way \d))/m).slice(1))
  return pieces.map((piece) => {
    const [note = ''] = piece.split('\n', 1)
    const [, name = ''] = /(?:test\(|\]\)?\)\(|_TOKENS\)\(|const\)\()\s*'((?:[^'\\]|\\.)+)'/.exec(piece) ?? []
    return [note, name] as const
  })
}

describe('the table of attacks', () => {
  test('has every promise, each once', () => {
    expect(rows.map(({ promise }) => promise).toSorted()).toEqual([...PROMISES, ...WAYS].toSorted())
    expect(PROMISES).toHaveLength(50)
  })

  test.each(rows.map((row) => [row.promise, row] as const))('names what is there: %s', (_, { guard, tests, seenRed }) => {
    const files = namesIn(guard).filter((name) => name.endsWith('.ts'))
    expect(files.filter((file) => !existsSync(`${ROOT}src/${file}`))).toEqual([])
    const names = namesIn(tests)
    expect(names.length + linksIn(tests).length).toBeGreaterThan(0)
    expect(names.filter((name) => !sources.some((source) => source.includes(`'${name}'`)))).toEqual([])
    // Whoever is tested here has a guard, which was taken out once.
    expect([files.length > 0, seenRed.length > 4]).toEqual([names.length > 0, true])
  })

  test('links to what is there', () => {
    const links = linksIn(readDocument(PAGE).prose)
    expect(links.filter((link) => !existsSync(ROOT + normalize(join(dirname(PAGE), link))))).toEqual([])
  })

  test('leaves out no test of the suite', () => {
    const listed = rows.map(({ promise, tests }) => [promise, namesIn(tests)] as const)
    const missing = testsOfTheSuite().filter(
      ([note, name]) => !listed.some(([promise, names]) => note.includes(promise) && names.includes(name)),
    )
    expect(missing).toEqual([])
    expect(testsOfTheSuite().length).toBeGreaterThan(60)
  })
})
