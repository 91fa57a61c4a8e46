import type { Weather } from '../report/weather.ts'

/** Token calls of this process that are under way at once, at most. */
const MOST_AT_ONCE = 64
/** So many failures in a row, and the provider is left in peace. */
const FAILURES_UNTIL_REST = 5
const PROBE_EVERY_MILLISECONDS = 1_000

/** The right to make one token call; whoever has it gives it back, with what became of the call. */
export interface Pass {
  readonly answered: () => void
  /** `retryAfterMilliseconds`: the provider itself said when to come back (RFC 6585 §4). */
  readonly failed: (reason: Weather, retryAfterMilliseconds?: number) => void
  /** The call was not made. */
  readonly unused: () => void
}

/**
 * The circuit breaker of one provider.
 *
 * | State | Lets through |
 * | --- | --- |
 * | answering | as many calls at once as it has lately answered well, growing by one with each answer, 64 at most |
 * | resting, after five failures in a row or a `Retry-After` | one probe a second, once its `Retry-After` is over; an answer ends the rest |
 *
 * So a provider that comes back meets two calls, then four, then eight, and not everybody at once. Calls that were made before it
 * rested, or while it did, may hang for long: they take nobody's place afterwards, and their failures say nothing of it any more.
 */
export interface ProviderGate {
  /** Milliseconds until a call may be worth asking for; 0: now. */
  readonly restMilliseconds: () => number
  /** A pass, at once or after those before it; undefined where the provider rests. */
  readonly enter: () => Promise<Pass | undefined>
}

interface Steps {
  readonly now: () => number
  /** Told once per change. */
  readonly told: (state: 'answering' | 'resting', reason: Weather | undefined) => void
}

export function createProviderGate({ now, told }: Steps): ProviderGate {
  const line: ((pass: Pass | undefined) => void)[] = []
  let allowed = MOST_AT_ONCE
  /** The calls that were made since the state changed last. */
  let calls = new Set<symbol>()
  let failures = 0
  let isResting = false
  let nextProbeAt = 0

  function restMilliseconds(): number {
    return isResting ? Math.max(0, nextProbeAt - now()) : 0
  }

  function admit(): Pass {
    const call = Symbol('call')
    calls.add(call)
    const leave = () => calls.delete(call)
    return {
      answered() {
        leave()
        failures = 0
        if (isResting) {
          turn(false)
          allowed = 1
          told('answering', undefined)
        }
        allowed = Math.min(MOST_AT_ONCE, allowed + 1)
        moveUp()
      },
      failed(reason, retryAfterMilliseconds) {
        if (leave()) failures += 1
        if (retryAfterMilliseconds !== undefined) rest(reason, retryAfterMilliseconds)
        else if (!isResting && failures >= FAILURES_UNTIL_REST) rest(reason, PROBE_EVERY_MILLISECONDS)
        moveUp()
      },
      unused() {
        leave()
        moveUp()
      },
    }
  }

  function rest(reason: Weather, milliseconds: number): void {
    nextProbeAt = Math.max(nextProbeAt, now() + milliseconds)
    if (isResting) return
    turn(true)
    told('resting', reason)
    for (const enter of line.splice(0)) enter(undefined)
  }

  function turn(toRest: boolean): void {
    isResting = toRest
    calls = new Set()
  }

  function moveUp(): void {
    while (calls.size < allowed && line.length > 0) line.shift()?.(admit())
  }

  return {
    restMilliseconds,
    async enter() {
      if (isResting) {
        if (restMilliseconds() > 0) return undefined
        nextProbeAt = now() + PROBE_EVERY_MILLISECONDS
        return admit()
      }
      if (calls.size < allowed) return admit()
      return new Promise((resolve) => line.push(resolve))
    },
  }
}
