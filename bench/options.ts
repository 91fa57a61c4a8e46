import { parseArgs } from 'node:util'

/** What this run measures, how long it takes, and what it leaves behind. */
export interface Options {
  /** The groups asked for; all where none was named. */
  readonly groups: readonly string[]
  readonly isQuick: boolean
  /** Whether page, plots and numbers are written; a quick run is for trying, and writes nothing unless told to. */
  readonly write: boolean
  /** Folder for a profile of Coatcheck's processor time; a run with it is not comparable, and writes nothing. */
  readonly profile: string | undefined
}

/** What there is to be asked for. */
export function usageOf(command: string, groups: readonly string[]): string {
  return `${command} -- [options] [groups]

  --quick            short turns, and few of them; writes nothing
  --write            write the page and the plots after a quick run too
  --no-write         write nothing
  --profile=FOLDER   let Node write a CPU profile of Coatcheck there

Groups, all of them where none is named: ${groups.join(' ')}
`
}

/** Reads the command line; throws with a sentence about what is not understood. */
export function readOptions(words: readonly string[], groups: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowNegative: true,
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean' }, profile: { type: 'string' } },
  })
  const unknown = positionals.find((name) => !groups.includes(name))
  if (unknown !== undefined) throw new Error(`There is no group "${unknown}"; there are: ${groups.join(' ')}.`)
  const { quick, profile } = values
  return {
    groups: positionals.length === 0 ? groups : groups.filter((name) => positionals.includes(name)),
    isQuick: quick,
    profile,
    write: profile === undefined && (values.write ?? !quick),
  }
}
