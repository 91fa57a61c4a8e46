import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { fromRoot } from './from-root.ts'

/** Where a measurement was made, one line each. */
export function describeMachine(): readonly string[] {
  const cores = cpus()
  return [
    `processor: ${cores[0]?.model.trim() ?? 'unknown'}, ${cores.length} cores`,
    `memory: ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `kernel: ${process.platform} ${release()}`,
  ]
}

const PACKAGES = [
  'express',
  'express-session',
  'connect-redis',
  'redis',
  'http-proxy-middleware',
  'express-openid-connect',
  'undici',
] as const

/** What was measured, one line each. */
export function describeVersions(programs: Readonly<Record<string, string>>): readonly string[] {
  return [
    `Coatcheck ${versionIn('package.json')} on Node ${process.versions.node}`,
    PACKAGES.map((name) => `${name} ${versionIn(`node_modules/${name}/package.json`)}`).join(', '),
    Object.entries(programs)
      .map(([name, says]) => `${name} ${says}`)
      .join(', '),
  ]
}

function versionIn(path: string): string {
  return JSON.parse(readFileSync(fromRoot(path), 'utf8')).version
}
