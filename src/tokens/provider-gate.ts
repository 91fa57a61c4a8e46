import type { Weather } from '../errors.ts'

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
 * So a provider that comes back meets two calls, then four, then eight, and not everybody at once.
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
  let calls = 0
  let failures = 0
  let isResting = false
  let isProbing = false
  let nextProbeAt = 0

  function restMilliseconds(): number {
    if (!isResting) return 0
    return isProbing ? PROBE_EVERY_MILLISECONDS : Math.max(0, nextProbeAt - now())
  }

  function admit(isProbe: boolean): Pass {
    calls += 1
    const leave = () => {
      calls -= 1
      if (isProbe) isProbing = false
    }
    return {
      answered() {
        leave()
        failures = 0
        if (isResting) {
          isResting = false
          allowed = 1
          told('answering', undefined)
        }
        allowed = Math.min(MOST_AT_ONCE, allowed + 1)
        moveUp()
      },
      failed(reason, retryAfterMilliseconds) {
        leave()
        failures += 1
        if (isResting || failures >= FAILURES_UNTIL_REST || retryAfterMilliseconds !== undefined) {
          rest(reason, retryAfterMilliseconds ?? PROBE_EVERY_MILLISECONDS)
        }
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
    isResting = true
    told('resting', reason)
    for (const enter of line.splice(0)) enter(undefined)
  }

  function moveUp(): void {
    while (!isResting && calls < allowed && line.length > 0) line.shift()?.(admit(false))
  }

  return {
    restMilliseconds,
    async enter() {
      if (isResting) {
        if (restMilliseconds() > 0) return undefined
        isProbing = true
        return admit(true)
      }
      if (calls < allowed && line.length === 0) return admit(false)
      return new Promise((resolve) => line.push(resolve))
    },
  }
}
