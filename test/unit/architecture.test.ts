import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { findOffences } from '../support/architecture.ts'

const src = new URL('../../src/', import.meta.url).pathname

function sources(): ReadonlyMap<string, string> {
  const paths = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  return new Map(paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(src, path), 'utf8')]))
}

function dependencies(): readonly string[] {
  const content: unknown = JSON.parse(readFileSync(join(src, '../package.json'), 'utf8'))
  const named = typeof content === 'object' && content !== null && 'dependencies' in content ? content.dependencies : {}
  return Object.keys(named ?? {})
}

/** What is said of one file that stands among two neighbours. */
function offencesOf(path: string, source: string): readonly string[] {
  const neighbours: [string, string][] = [
    ['store/port.ts', 'export interface Store {}\n'],
    ['auth/callback.ts', 'export function createCallback() {}\n'],
  ]
  return findOffences(new Map([...neighbours, [path, source]]), ['redis', 'express'])
}

describe('the layout', () => {
  test('every file of the gateway keeps to the order of folders, the keepers and the shape of a file', () => {
    expect(findOffences(sources(), dependencies())).toEqual([])
  })

  test.each([
    ['a wrong-way import', 'store/wrong.ts', "import { createCallback } from '../auth/callback.ts'\n", 'against the order'],
    [
      'one over several lines',
      'store/wrong.ts',
      "import {\n  createCallback,\n} from '../auth/callback.ts'\n",
      'against the order',
    ],
    [
      'one that is passed on',
      'store/wrong.ts',
      "export { createCallback } from '../auth/callback.ts'\nconst a = 1\n",
      'against the order',
    ],
    ['one made later', 'store/wrong.ts', "const made = await import('../auth/callback.ts')\n", 'against the order'],
    ['one for its effect', 'store/wrong.ts', "import '../auth/callback.ts'\n", 'against the order'],
    ['an import of nothing', 'auth/wrong.ts', "import { a } from '../store/gone.ts'\n", 'is no file of src'],
    ['a folder nobody placed', 'extras/wrong.ts', "import { a } from '../store/port.ts'\n", 'no place in the order'],
    ['a library outside its keeper', 'auth/wrong.ts', "import { createClient } from 'redis'\n", 'which only store knows'],
    ['a part of such a library', 'auth/wrong.ts', "import x from 'redis/dist/x'\n", 'which only store knows'],
    ['a package of the tests', 'auth/wrong.ts', "import { jest } from '@jest/globals'\n", 'not installed where the gateway runs'],
    ['the process', 'auth/wrong.ts', 'const home = process.env.HOME\n', 'touches the process'],
    ['the process by its module', 'auth/wrong.ts', "import { env } from 'node:process'\n", 'touches the process'],
    ['the console', 'auth/wrong.ts', "console.log('here')\n", 'writes to the console'],
    ['state of the module', 'auth/wrong.ts', 'let count = 0\n', 'state of the module'],
    [
      'a barrel',
      'auth/wrong.ts',
      "export { createCallback } from './callback.ts'\nexport * from '../store/port.ts'\n",
      'only passes on',
    ],
    ['a name without a deed', 'auth/token-utils.ts', 'const a = 1\n', 'says no deed'],
    ['a name in camel case', 'auth/tokenStore.ts', 'const a = 1\n', 'kebab-case'],
    ['a file that does too much', 'auth/wrong.ts', 'const a = 1\n'.repeat(151), 'more than one deed'],
  ])('%s is caught', (_, path, source, sentence) => {
    expect(offencesOf(path, source)).toEqual([expect.stringContaining(sentence)])
  })

  test.each([
    ['a type from further left', 'store/right.ts', "import type { X } from '../auth/callback.ts'\n"],
    ['a way to the right', 'auth/right.ts', "import { x } from '../store/port.ts'\nimport express from 'express'\n"],
    ['the process in the commands', 'commands/serve.ts', 'const home = process.env.HOME\n'],
    [
      'words in a comment',
      'auth/right.ts',
      "// process.env, console.log: import x from 'redis'\n/** let x = process.pid */\nconst a = 'http://host'\n",
    ],
  ])('%s is no offence', (_, path, source) => {
    expect(offencesOf(path, source)).toEqual([])
  })
})
