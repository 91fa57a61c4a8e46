import { asGatewayError } from '../errors.ts'
import type { FindClient } from './find-client.ts'
import type { ProviderClient } from './provider-client.ts'

const FIRST_RETRY_MILLISECONDS = 1_000
const LAST_RETRY_MILLISECONDS = 30_000
/** The most that a timer can wait; beyond it, it would fire at once. */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1

interface Steps {
  readonly findClient: FindClient
  readonly refreshMilliseconds: number
  /** Told after each attempt: whether there is a client, and what went wrong this time. */
  readonly told: (client: ProviderClient | undefined, note: string | undefined) => void
}

/** The search for the provider, now and again. */
export interface Discovery {
  /** The client of the last metadata that was good. */
  readonly client: ProviderClient | undefined
  start(): Promise<void>
  stop(): void
}

/**
 * Keeps looking for the provider's metadata: until it is there after one second, growing to thirty, then every
 * `refreshMilliseconds`. A later failure keeps the last good one. Waits are shortened at random, so that instances which started
 * together do not ask together, and keep no process alive.
 */
export function createDiscovery({ findClient, refreshMilliseconds, told }: Steps): Discovery {
  let client: ProviderClient | undefined
  let failures = 0
  let first: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  async function attempt(): Promise<void> {
    const note = await findClient(client).then(
      (found) => {
        client = found
        return undefined
      },
      (error: unknown) => asGatewayError(error).message,
    )
    if (stopped) return
    failures = note === undefined ? 0 : failures + 1
    told(client, note)
    const wait = failures === 0 ? refreshMilliseconds : backoff(failures)
    timer = setTimeout(() => void attempt(), shortened(Math.min(wait, LONGEST_TIMER_MILLISECONDS)))
    timer.unref()
  }

  return {
    get client() {
      return client
    },
    start() {
      first ??= attempt()
      return first
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

function backoff(failures: number): number {
  return Math.min(LAST_RETRY_MILLISECONDS, FIRST_RETRY_MILLISECONDS * 2 ** (failures - 1))
}

function shortened(milliseconds: number): number {
  return milliseconds * (1 - Math.random() / 4)
}
