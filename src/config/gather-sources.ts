import { basename, resolve } from 'node:path'
import type { Problem } from './configuration-error.ts'
import { expandReferences } from './expand-references.ts'
import { listSettings } from './list-settings.ts'
import type { Setting } from './list-settings.ts'
import { readConfigText } from './read-config-file.ts'
import type { ConfigFile } from './read-config-file.ts'
import { readEnvironment } from './read-environment.ts'
import type { FromVariable } from './read-environment.ts'
import { readTextFile } from './read-text-file.ts'
import type { ReadFile } from './read-text-file.ts'
import { isRefusal } from './refusal.ts'
import { sections } from './settings.ts'

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: ReadFile
  readonly cwd: string
}

/** Everything that was written, wherever it was, as one tree for the schema. */
export interface Sources {
  readonly tree: Readonly<Record<string, unknown>>
  readonly problems: readonly Problem[]
  /** Where a person finds what stands at a path. */
  readonly placeOf: (path: readonly PropertyKey[]) => string
  /** Whether it is of use to judge what stands at a path; where it could not be read, there is a problem already. */
  readonly isReadable: (path: readonly PropertyKey[]) => boolean
  /** False where a file is named that could not be read: nothing is known to be missing then. */
  readonly isComplete: boolean
}

/** Stands where something was written that could not be read; no schema takes a symbol, so no default slips in. */
const UNREADABLE = Symbol('unreadable')

/** Reads the file, if one is named, and the environment, which beats it. */
export function gatherSources({ env, readFile, cwd }: Surroundings): Sources {
  const settings = listSettings()
  const filePath = env['COATCHECK_CONFIG'] ? resolve(cwd, env['COATCHECK_CONFIG']) : undefined
  const opened = filePath === undefined ? undefined : openFile(filePath, readFile)
  const file = opened !== undefined && 'tree' in opened ? opened : undefined
  const { values, problems: inVariables } = readEnvironment(env, settings, readFile, cwd)
  const placeOf = createPlaces(settings, values, filePath, file)

  const problems: Problem[] = [...(opened !== undefined && !('tree' in opened) ? opened : []), ...inVariables]
  const unreadable: string[] = []
  const tree = expandReferences(
    { ...file?.tree, ...sectionsOf(file) },
    {
      env,
      readFile,
      file: filePath ?? cwd,
      refuse(path, { refused, write }) {
        if (values.has(path.slice(0, 2).join('.')) || values.has(String(path[0]))) return UNREADABLE
        unreadable.push(path.join('.'))
        problems.push({ place: placeOf(path), says: refused, write })
        return UNREADABLE
      },
    },
  )
  // After the references are replaced: in a variable `$` is a plain character.
  const whole = new Map(Object.entries(tree ?? {}))
  for (const [path, { value }] of values) {
    if (value === undefined) unreadable.push(path)
    put(whole, path.split('.'), value ?? UNREADABLE)
  }
  const isReadable = (path: readonly PropertyKey[]) => !unreadable.some((each) => `${path.join('.')}.`.startsWith(`${each}.`))
  return {
    tree: Object.fromEntries(whole),
    problems,
    placeOf,
    isReadable,
    isComplete: filePath === undefined || file !== undefined,
  }
}

function openFile(path: string, readFile: ReadFile): ConfigFile | readonly Problem[] {
  const place = (position?: string) => `COATCHECK_CONFIG${position === undefined ? '' : ` (${basename(path)}, ${position})`}`
  const outcome = readTextFile(path, readFile)
  if (isRefusal(outcome)) return [{ place: place(), says: outcome.refused, write: outcome.write }]
  const file = readConfigText(outcome.text)
  if ('tree' in file) return file
  return file.map(({ refused, write, position }) => ({ place: place(position), says: refused, write }))
}

/** Every section, there or not: what it lacks is then said by name. A section whose lines are all comments is empty, not wrong. */
function sectionsOf(file: ConfigFile | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.keys(sections).map((name) => [name, file?.tree[name] ?? {}]))
}

function put(tree: Map<string, unknown>, [first = '', second]: readonly string[], value: unknown): void {
  if (second === undefined) return void tree.set(first, value)
  const section = tree.get(first)
  // What is no section is left for the schema to refuse.
  if (typeof section === 'object' && !Array.isArray(section)) tree.set(first, { ...section, [second]: value })
}

function createPlaces(
  settings: readonly Setting[],
  values: ReadonlyMap<string, FromVariable>,
  filePath: string | undefined,
  file: ConfigFile | undefined,
): Sources['placeOf'] {
  return function placeOf(path) {
    const setting = settings.find((each) => `${path.join('.')}.`.startsWith(`${each.path}.`))
    const source = setting && values.get(setting.path)
    const written = path
      .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
      .join('')
    const name = setting === undefined ? written : `${source?.variable ?? setting.variable} / ${written}`
    if (source !== undefined || file === undefined || filePath === undefined) return name
    return `${name} (${basename(filePath)}, ${file.positionOf(path)})`
  }
}
