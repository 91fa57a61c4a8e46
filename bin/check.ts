import { spawnSync } from 'node:child_process'

/** Everything that must hold before a commit; all of them run, so that one look shows all that is wrong. */
const CHECKS = [
  { says: 'types', command: ['tsc', '--noEmit'] },
  { says: 'types of the browser client', command: ['tsc', '-p', 'client'] },
  { says: 'types of its tests', command: ['tsc', '-p', 'test/unit/client'] },
  { says: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { says: 'format', command: ['oxfmt', '--check'] },
  { says: 'architecture', command: ['node', 'test/run.ts', 'test/unit/architecture.test.ts', '--silent'] },
] as const

const root = new URL('..', import.meta.url)
const failed = CHECKS.filter(({ says, command: [program, ...words] }) => {
  const { status, stdout, stderr, error } = spawnSync(program, words, { cwd: root, encoding: 'utf8' })
  const good = status === 0
  process.stdout.write(`${good ? 'ok    ' : 'FAILED'} ${says}\n`)
  if (!good) process.stdout.write(error === undefined ? `${stdout}${stderr}\n` : `${program}: ${error.message}\n`)
  return !good
})
process.exitCode = failed.length === 0 ? 0 : 1
