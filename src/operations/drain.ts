import type { Server } from 'node:http'
import type { DrainConfig } from '../config/operation-config.ts'
import type { Report } from '../report/events.ts'
import type { InFlight } from './in-flight.ts'

interface Steps {
  readonly config: DrainConfig
  readonly publicServer: Pick<Server, 'close' | 'closeAllConnections'>
  readonly inFlight: InFlight
  readonly report: Report
  /** Ends what would never end by itself: WebSockets, event streams. */
  readonly goAway: () => void
  /** Resolves after so many milliseconds, or at once when the signal fires. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** Resolves when work that outlives its request, such as a refresh that nobody waits for, is done. */
  readonly settled: () => Promise<void>
  /** Lets go of everything else, once no request is left; the private listener comes last. */
  readonly release: () => Promise<void>
}

export interface Drain {
  readonly isDraining: () => boolean
  /** Ends the service without failing a request that could still be answered; resolves when all is closed. Asked twice, it happens once. */
  readonly drain: () => Promise<void>
}

/**
 * The order in which an instance goes away:
 *
 * 1. `/readyz` says 503, and every answer says `Connection: close`, so that connections move to other instances one by one.
 * 2. For `delayMilliseconds` everything is served as before: balancers need that long to notice.
 * 3. No connection is accepted any more; idle ones are closed, WebSockets and event streams are ended, since they go on elsewhere.
 * 4. What is in flight is finished, and what goes on beside it, such as a refresh; what is not so `deadlineMilliseconds` after the beginning is cut.
 * 5. Store and provider are let go; the private listener, which told of all this, is the last to close.
 */
export function createDrain({ config, publicServer, inFlight, report, goAway, wait, settled, release }: Steps): Drain {
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    const left = Math.max(0, config.deadlineMilliseconds - config.delayMilliseconds)
    report('draining', { inFlight: inFlight.count })
    inFlight.closeConnections()
    await wait(config.delayMilliseconds)

    goAway()
    const closed = new Promise<void>((resolve) => publicServer.close(() => resolve()))
    await within(left, inFlight.empty().then(settled))
    const cut = inFlight.count
    // Also those that were opened and never used: Node counts them as neither idle nor in flight.
    publicServer.closeAllConnections()
    inFlight.cut()
    await closed
    // Those that were cut are told of in the log only when their answers have closed too.
    await inFlight.empty()

    await release()
    report('stopped', { inFlight: cut })
  }

  async function within(milliseconds: number, empty: Promise<void>): Promise<void> {
    const done = new AbortController()
    await Promise.race([empty, wait(milliseconds, done.signal)])
    done.abort()
  }

  return {
    isDraining: () => running !== undefined,
    drain: () => (running ??= run()),
  }
}
