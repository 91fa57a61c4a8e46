import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { findProgram, PROGRAMS } from './programs.ts'

// With it Debian installs a daemon without starting it: the tests start their own.
const POLICY = '/usr/sbin/policy-rc.d'

/** Makes sure the programs of the tests are there: installs them on Debian as root, and elsewhere says in one sentence what to install. */
export function installPrograms(): void {
  const missing = PROGRAMS.filter(({ name }) => findProgram(name) === undefined)
  if (missing.length === 0) return

  const packages = missing.map((program) => program.package)
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    throw new Error(
      `The tests run ${missing.map(({ name }) => name).join(', ')} for real: install ${missing.length === 1 ? 'it' : 'them'} (on Debian, as root: apt-get install ${packages.join(' ')}) and try again.`,
    )
  }

  process.stderr.write(`Installing what the tests run for real (apt-get): ${packages.join(', ')}\n`)
  const ownPolicy = !existsSync(POLICY)
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    apt('update', '-qq')
    apt('install', '-y', '-qq', '--no-install-recommends', ...packages)
  } finally {
    if (ownPolicy) rmSync(POLICY)
  }
}

function apt(...words: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stdout, stderr } = spawnSync('apt-get', words, { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  if (status !== 0) throw new Error(`apt-get ${words.join(' ')} did not succeed:\n${stdout}${stderr}`)
}
