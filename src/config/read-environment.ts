import { resolve } from 'node:path'
import type { Problem } from './configuration-error.ts'
import { trimLineEnd } from './expand-references.ts'
import { deriveVariable } from './list-settings.ts'
import type { Setting } from './list-settings.ts'
import { nearestName } from './nearest-name.ts'
import { readTextFile } from './read-text-file.ts'
import type { ReadFile } from './read-text-file.ts'
import { hintFor } from './refused-names.ts'
import { isRefusal } from './refusal.ts'

/** What one variable says; undefined where its file could not be read, which is a problem already. */
export interface FromVariable {
  readonly variable: string
  readonly value: string | undefined
}

interface Reading {
  /** By path. */
  readonly values: ReadonlyMap<string, FromVariable>
  readonly problems: readonly Problem[]
}

/** Kubernetes and Docker put the addresses of a service named `coatcheck` into every container beside it; nobody wrote these. */
const SERVICE_LINK =
  /^COATCHECK_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/

/**
 * Reads every variable that begins with `COATCHECK_`. An empty one counts as not set, since compose files and charts cannot leave
 * one out; secrets may stand in a file that `<variable>_FILE` names.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  settings: readonly Setting[],
  readFile: ReadFile,
  cwd: string,
): Reading {
  const values = new Map<string, FromVariable>()
  const problems: Problem[] = []
  for (const { path, variable, secret } of settings) {
    const direct = env[variable]
    if (direct) values.set(path, { variable, value: direct })
    const inFile = `${variable}_FILE`
    const file = secret ? env[inFile] : undefined
    if (!file) continue
    if (direct) {
      problems.push({ place: `${variable} and ${inFile}`, says: 'are both set.', write: 'one of the two' })
      continue
    }
    const outcome = readTextFile(resolve(cwd, file), readFile)
    if (isRefusal(outcome)) problems.push({ place: inFile, says: outcome.refused, write: outcome.write })
    values.set(path, { variable: inFile, value: isRefusal(outcome) ? undefined : trimLineEnd(outcome.text) })
  }
  return { values, problems: [...findUnknown(env, settings), ...problems] }
}

function findUnknown(env: Readonly<Record<string, string | undefined>>, settings: readonly Setting[]): readonly Problem[] {
  const known = new Set([
    'COATCHECK_CONFIG',
    ...settings.flatMap(({ variable, secret }) => (secret ? [variable, `${variable}_FILE`] : [variable])),
  ])
  const unknown = Object.keys(env).filter((name) => name.startsWith('COATCHECK_') && !known.has(name) && !SERVICE_LINK.test(name))
  return unknown.map((name) => {
    const renamed = settings.find(({ path }) => deriveVariable(path) === name)?.variable
    const near = renamed ?? nearestName(name, [...known])
    const write = near === undefined ? 'a name from config/coatcheck.yaml, or leave it out' : `${near}, if that is meant`
    return { place: name, says: 'is not a variable of Coatcheck.', write: hintFor(name) ?? write }
  })
}
