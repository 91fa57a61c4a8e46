import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { readDocument, ROOT } from '../../support/documents.ts'

const FILES = ['nginx.conf', 'config/nginx-auth-request.conf'] as const
const [, section = ''] = readDocument('test/attacks/README.md').prose.split(/^## What nginx holds$/m)
const [own = ''] = section.split(/^## /m)
const [both = '', carries = ''] = own.split(/^### Where nginx carries$/m)

interface Row {
  readonly guards: readonly string[]
  readonly titles: readonly string[]
  readonly files: readonly string[]
  readonly seenRed: string
}

const namesIn = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

const rowsOf = (text: string): readonly Row[] =>
  [...text.matchAll(/^\| (`.+?) \| (.+?) \| (.+?) \|$/gm)].map(([, guards = '', tests = '', seenRed = '']) => ({
    guards: namesIn(guards),
    titles: namesIn(tests),
    files: [...tests.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, link = '']) => `test/${link}`),
    seenRed,
  }))

/** Every directive of a file by its own line, a map as one, long texts with their beginnings. */
function directivesOf(name: string): readonly string[] {
  const text = readFileSync(ROOT + name, 'utf8').replace(/^( *map .*\{)\n(?:.*\n)*?^ *\}$/gm, '$1')
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter((line) => /^[a-z]/.test(line) && !/^(?:http|events|server) \{$/.test(line))
}

/** A guard of the table stands for each line that it is the beginning of; … stands for anything. */
function matches(guard: string, line: string): boolean {
  const pattern = guard.split('…').map((piece) => piece.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${pattern.join('.*')}`).test(line)
}

const rows = [...rowsOf(both), ...rowsOf(carries)]
const idle = namesIn(own.split(/^### What holds nothing$/m)[1] ?? '')

describe('the table of what nginx holds', () => {
  test.each(rows.map((row) => [row.guards[0] ?? '', row] as const))(
    'names tests that are there: %s',
    (_, { titles, files, seenRed }) => {
      const sources = files.map((file) => readFileSync(ROOT + file, 'utf8')).join('\n')
      expect(titles.length).toBeGreaterThan(0)
      expect(titles.filter((title) => !sources.includes(`'${title}'`))).toEqual([])
      expect(seenRed.length).toBeGreaterThan(10)
    },
  )

  test.each(FILES)('names no guard that is not there: %s', (name) => {
    const lines = directivesOf(name)
    const guards = (name === 'nginx.conf' ? rowsOf(both) : rows).flatMap((row) => row.guards)
    expect(guards.filter((guard) => !lines.some((line) => matches(guard, line)))).toEqual([])
  })

  test.each(FILES)('leaves out no directive: %s', (name) => {
    const guards = (name === 'nginx.conf' ? rowsOf(both) : rows).flatMap((row) => row.guards)
    const left = directivesOf(name).filter((line) => !guards.some((guard) => matches(guard, line)))
    expect(left.filter((line) => !idle.some((word) => line.startsWith(`${word} `)))).toEqual([])
    expect(directivesOf(name).length).toBeGreaterThan(150)
  })

  test('leaves out no file of tests about nginx', () => {
    const named = new Set(rows.flatMap(({ files }) => files))
    expect(globSync('test/e2e/nginx*.test.ts', { cwd: ROOT }).filter((file) => !named.has(file))).toEqual([])
  })
})
