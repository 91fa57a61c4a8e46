import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The programs that the tests run for real, by the Debian package that holds each. */
export const PROGRAMS = [
  { name: 'redis-server', package: 'redis-server', alsoCalled: ['valkey-server'] },
  { name: 'nginx', package: 'nginx', alsoCalled: [] },
  { name: 'chromium', package: 'chromium', alsoCalled: ['chromium-browser', 'google-chrome'] },
  { name: 'openssl', package: 'openssl', alsoCalled: [] },
] as const

export type ProgramName = (typeof PROGRAMS)[number]['name']

// Where Debian puts daemons, which is not on everybody's PATH.
const ALSO = ['/usr/sbin', '/usr/local/sbin']

/** Where a program is, or undefined. */
export function findProgram(name: ProgramName): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...ALSO]
  const names = PROGRAMS.filter((program) => program.name === name).flatMap((program) => [program.name, ...program.alsoCalled])
  return names.flatMap((each) => folders.map((folder) => join(folder, each))).find(isExecutable)
}

/** Where a program is; throws the sentence that helps where it is not there. */
export function programPath(name: ProgramName): string {
  const found = findProgram(name)
  if (found === undefined) throw new Error(`${name} is not installed; \`npm test\` says how to get it`)
  return found
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
