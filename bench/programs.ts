import { spawnSync } from 'node:child_process'
import { delimiter } from 'node:path'

/** What is run for real, and where Debian keeps it. */
const PROGRAMS = [
  { name: 'wrk', package: 'wrk', version: ['-v'] },
  { name: 'nginx', package: 'nginx', version: ['-v'] },
  { name: 'redis-server', package: 'redis-server', version: ['--version'] },
  { name: 'taskset', package: 'util-linux', version: ['--version'] },
] as const

/**
 * Finds the programs that a measurement needs; answers what each says of its version.
 *
 * @throws With one sentence that names all that is missing, and how to get it on Debian.
 */
export function requirePrograms(): Readonly<Record<string, string>> {
  if (process.platform !== 'linux') throw new Error('The measurements need Linux: they read /proc and pin programs to cores.')
  const found = PROGRAMS.map(({ name, version }) => ({ name, says: versionOf(name, version) }))
  const missing = PROGRAMS.filter((_, at) => found[at]?.says === undefined)
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ')
    const packages = missing.map((program) => program.package).join(' ')
    throw new Error(`Not installed: ${names}. On Debian: apt-get install ${packages}`)
  }
  return Object.fromEntries(found.map(({ name, says }) => [name, says ?? '']))
}

/** Debian keeps daemons where not everybody's PATH leads. */
export function searchPath(): string {
  return [process.env['PATH'] ?? '', '/usr/sbin', '/usr/local/sbin'].join(delimiter)
}

/** Asked rather than looked for; wrk answers its version with an exit code of 1. */
function versionOf(name: string, words: readonly string[]): string | undefined {
  const { error, stdout, stderr } = spawnSync(name, words, { encoding: 'utf8', env: { PATH: searchPath() } })
  if (error !== undefined) return undefined
  const [version = 'unknown'] = /\d+(?:\.\d+)+/.exec(stdout + stderr) ?? []
  return version
}
