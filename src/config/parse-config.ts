import { parse, resolve } from 'node:path'
import type { Config } from './config.ts'
import { ConfigurationError } from './configuration-error.ts'
import type { Problem } from './configuration-error.ts'
import { deepFreeze } from './deep-freeze.ts'
import { describeIssue } from './describe-issue.ts'
import { findUnsafeRuntime } from './find-unsafe-runtime.ts'
import { findWarnings } from './find-warnings.ts'
import type { Warning } from './find-warnings.ts'
import { gatherSources } from './gather-sources.ts'
import type { Sources } from './gather-sources.ts'
import { readRouteFiles } from './read-route-files.ts'
import { isFolderOnDisk, readFromDisk } from './read-text-file.ts'
import type { ReadFile } from './read-text-file.ts'
import { refusePasswordFile } from './refuse-password-file.ts'
import { settings } from './settings.ts'
import { toConfig } from './to-config.ts'

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile?: ReadFile
  readonly isFolder?: (path: string) => boolean
  /** What relative paths in variables begin at. */
  readonly cwd?: string
  /** What Node itself was started with (`process.execArgv`). */
  readonly execArgv?: readonly string[]
}

export interface ParsedConfig {
  /** Deeply frozen; printing it whole shows no secret. */
  readonly config: Config
  readonly warnings: readonly Warning[]
}

/**
 * Reads the configuration from the environment and the file that it names, once. Throws a `ConfigurationError` that lists all
 * problems, not just the first; none of them repeats a value.
 */
export function parseConfig({
  env,
  readFile = readFromDisk,
  isFolder = isFolderOnDisk,
  cwd = resolve('.'),
  execArgv = [],
}: Surroundings): ParsedConfig {
  const sources = gatherSources({ env, readFile, cwd })
  const judged = settings.safeParse(sources.tree, { reportInput: true })
  const staticFolder = typeof sources.tree['static'] === 'string' ? resolve(cwd, sources.tree['static']) : undefined
  const passwordFile = pathAt(sources.tree['store'], 'passwordFile', cwd)
  const routeFiles = readRouteFiles(sources, readFile, cwd)
  const problems = [
    ...findUnsafeRuntime(env, execArgv),
    ...sources.problems,
    ...(judged.success ? [] : findProblems(judged.error.issues, sources)),
    ...(staticFolder === undefined ? [] : findFolderProblems(staticFolder, isFolder, sources)),
    ...(passwordFile === undefined ? [] : findPasswordProblems(passwordFile, readFile, sources)),
    ...routeFiles.problems,
  ]
  if (problems.length > 0 || !judged.success) throw new ConfigurationError(problems)
  const files = { staticFolder, passwordFile, ofRoutes: routeFiles.ofRoutes }
  return deepFreeze({ config: toConfig(judged.data, files), warnings: [...findWarnings(judged.data)] })
}

function findProblems(
  issues: Parameters<typeof describeIssue>[0][],
  { placeOf, isReadable, isComplete }: Sources,
): readonly Problem[] {
  // Where the file could not be read, what is missing may well stand in it, and what clashes may clash with a default only.
  const known = issues.filter((issue) => isComplete || (issue.input !== undefined && issue.code !== 'custom'))
  return known
    .flatMap(describeIssue)
    .filter(({ path }) => isReadable(path))
    .map(({ path, refused, write }) => ({ place: placeOf(path), says: refused, write }))
}

function pathAt(section: unknown, key: string, cwd: string): string | undefined {
  const value: unknown = typeof section === 'object' && section !== null ? Reflect.get(section, key) : undefined
  return typeof value === 'string' && value !== '' ? resolve(cwd, value) : undefined
}

function findPasswordProblems(path: string, readFile: ReadFile, { placeOf }: Sources): readonly Problem[] {
  const refusal = refusePasswordFile(path, readFile)
  return refusal ? [{ place: placeOf(['store', 'passwordFile']), says: refusal.refused, write: refusal.write }] : []
}

function findFolderProblems(folder: string, isFolder: (path: string) => boolean, { placeOf }: Sources): readonly Problem[] {
  const place = placeOf(['static'])
  const write = 'the folder of the built page, such as ./public, or leave it out where nginx serves the page'
  if (folder === parse(folder).root) return [{ place, says: 'is the root of the whole disk.', write }]
  return isFolder(folder) ? [] : [{ place, says: 'is not an existing folder.', write }]
}
