import { parseArgs } from 'node:util'

/** How long this run takes, and what it leaves behind. */
export interface Options {
  readonly turns: number
  readonly seconds: number
  /** Whether `bench/RESULTS.md` and the plots are written; a quick run is for trying, and writes nothing unless told to. */
  readonly write: boolean
  /** Folder for a profile of Coatcheck's processor time; a run with it is not comparable, and writes nothing. */
  readonly profile: string | undefined
}

export const USAGE = `npm run bench -- [options]

  --quick            two turns of one second instead of five of five; writes nothing
  --write            write bench/RESULTS.md and the plots after a quick run too
  --no-write         write nothing
  --profile=FOLDER   let Node write a CPU profile of Coatcheck there
`

/** Reads the command line; throws with a sentence about what is not understood. */
export function readOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    allowNegative: true,
    options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean' }, profile: { type: 'string' } },
  })
  const { quick, profile } = values
  const length = quick ? { turns: 2, seconds: 1 } : { turns: 5, seconds: 5 }
  return { ...length, profile, write: profile === undefined && (values.write ?? !quick) }
}
