import * as fc from 'fast-check'
import { attemptInTime } from './attempt.ts'
import { watchStrays } from './strays.ts'

/** What is attacked with made-up inputs, and what has to hold whatever they are. */
interface Aim<Input> {
  readonly name: string
  /** What a user gets, as a sentence. */
  readonly promise: string
  /** Inputs survive JSON, so that those that failed can be kept. */
  readonly inputs: fc.Arbitrary<Input>
  /** How many inputs are tried within `npm test`: a few seconds' worth. */
  readonly few: number
  readonly prepare: () => Promise<Prepared<Input>>
}

/** Everything that an attack needs, started once for many inputs. */
export interface Prepared<Input> {
  /** Throws where the promise is broken. */
  readonly attempt: (input: Input) => void | Promise<void>
  readonly stop: () => Promise<void>
}

/** An input that broke the promise, made as small as it could be. */
export interface Found {
  readonly input: unknown
  readonly says: string
  /** Plays it again: `npm run fuzz -- --seed <seed>`. */
  readonly seed: number
}

export interface FuzzTarget {
  readonly name: string
  readonly promise: string
  readonly few: number
  readonly open: () => Promise<OpenTarget>
}

export interface OpenTarget {
  /** Tries a kept input once more; rejects where the promise is broken. */
  readonly replay: (input: unknown) => Promise<void>
  /** Tries `runs` inputs, which follow from the seed. */
  readonly round: (seed: number, runs: number) => Promise<Found | undefined>
  readonly stop: () => Promise<void>
}

/** Makes a target of an aim; what kind of inputs it takes is nobody else's business. */
export function defineTarget<Input>({ name, promise, inputs, few, prepare }: Aim<Input>): FuzzTarget {
  return {
    name,
    promise,
    few,
    async open() {
      const strays = watchStrays()
      const { attempt, stop } = await prepare()
      async function hold(input: Input): Promise<void> {
        await attemptInTime(attempt, input)
        strays.refuse()
      }
      return {
        replay: (input) => hold(input as Input),
        async round(seed, runs) {
          const property = fc.asyncProperty(inputs, hold)
          const { failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns: runs })
          if (!failed) return undefined
          const says = errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance)
          return { input: counterexample?.[0], says, seed }
        },
        async stop() {
          await stop()
          strays.stop()
        },
      }
    },
  }
}
