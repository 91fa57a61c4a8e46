import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { ROOT } from '../../support/documents.ts'

/** What belongs to the making of this repository and not into it. Written so that this file itself holds none of them. */
const FOREIGN = [
  new RegExp(String.raw`\b${'iss'}ues? ?#\d`, 'i'),
  // A folder of whoever works here, as a path of its own.
  new RegExp(String.raw`(?<![\w.)}-])/${'wo'}rk(?:/|\b)`),
  // As a word; the list of names that say no deed has it with a question mark, and a package is called so.
  new RegExp(String.raw`(?<!call-bind-apply-)\b${'hel'}pers?\b(?!\?)`, 'i'),
  new RegExp(String.raw`\b(?:${'desi'}gn|${'host'}ile|${'stand'}ards|${'libra'}ries)\.md\b`),
  new RegExp(String.raw`\b(?:TO${'DO'}|FIX${'ME'}|XX${'X'})\b`),
]

const TEXT = /\.(?:ts|js|mjs|md|json|yaml|css|html|svg|conf)$|^(?:Dockerfile|LICENSE|\.ci\/run)$/

function trackedFiles(): readonly string[] {
  const { stdout, status } = spawnSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  expect(status).toBe(0)
  return stdout.split('\0').filter((path) => TEXT.test(path) && path !== 'package-lock.json')
}

function offencesIn(path: string): readonly string[] {
  const lines = readFileSync(ROOT + path, 'utf8').split('\n')
  return lines.flatMap((line, index) =>
    FOREIGN.some((pattern) => pattern.test(line)) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
  )
}

describe('the repository', () => {
  test('speaks of Coatcheck alone', () => {
    const files = trackedFiles()
    expect(files.length).toBeGreaterThan(100)
    expect(files.flatMap(offencesIn)).toEqual([])
  })
})
