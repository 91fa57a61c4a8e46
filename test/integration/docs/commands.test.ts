import { spawnSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import { LEAST, problemsOf } from '../../support/config-env.ts'
import { codeBlocks, ROOT } from '../../support/documents.ts'

/** The cheap commands of the documentation, run as they stand there. */
function run(line: string): { readonly status: number | null; readonly stdout: string } {
  expect(codeBlocks('sh').some(([, code]) => code.includes(line))).toBe(true)
  // A shell runs the reader's lines; they are the repository's own.
  return spawnSync('sh', ['-c', line], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  })
}

describe('a reader who types what stands there', () => {
  test('gets a server key that the gateway takes', () => {
    const { status, stdout } = run("openssl rand -base64 48 | tr -d '\\n'")
    expect(status).toBe(0)
    expect(problemsOf({ ...LEAST, COATCHECK_SECRETS: stdout })).toEqual([])
  })

  test('is told by the check what is missing, all of it, and that it would not start', () => {
    const { status, stdout } = run('npm run coatcheck check')
    expect(status).toBe(1)
    for (const name of ['COATCHECK_BASE_URL', 'COATCHECK_ISSUER', 'COATCHECK_SECRETS', 'COATCHECK_STORE'])
      expect(stdout).toMatch(new RegExp(`^fail +configuration +${name}\\b`, 'm'))
  })
})
