import { GatewayError } from '../errors.ts'

const WINDOW_MILLISECONDS = 60_000
const MOST_ADDRESSES = 10_000

/**
 * Bounds what strangers may get wrong: failures of a minute and an address, counted in this process alone, so that it works while the
 * store is away. What is right never counts, and an address that is not known is never limited.
 */
export interface FailureLimit {
  /** Throws `too_many_requests` where an address has failed too often. */
  readonly refuse: (address: string | undefined) => void
  readonly count: (address: string | undefined) => void
}

export function createFailureLimit({ most, now }: { readonly most: number; readonly now: () => number }): FailureLimit {
  let failures = new Map<string, number>()
  let window = 0

  function current(): Map<string, number> {
    const at = Math.floor(now() / WINDOW_MILLISECONDS)
    if (at !== window) failures = new Map()
    window = at
    return failures
  }

  return {
    refuse(address) {
      if (address === undefined || (current().get(address) ?? 0) < most) return
      throw new GatewayError('too_many_requests', {
        retryAfterSeconds: Math.ceil((WINDOW_MILLISECONDS - (now() % WINDOW_MILLISECONDS)) / 1_000),
      })
    },
    count(address) {
      const counts = current()
      if (address !== undefined && (counts.has(address) || counts.size < MOST_ADDRESSES))
        counts.set(address, (counts.get(address) ?? 0) + 1)
    },
  }
}
