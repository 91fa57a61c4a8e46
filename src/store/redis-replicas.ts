import type { Report } from '../report/events.ts'
import { inTime } from './in-time.ts'
import type { RedisClient } from './redis-client.ts'
import { readNumber } from './redis-replies.ts'
import { readRole } from './redis-role.ts'

/** What a write is held up, and every other command of the connection with it; Redis looks at its clock every 100 ms or oftener. */
const WAIT_MILLISECONDS = 50
/** Beyond it nobody waits, whatever holds the answer up. */
const ANSWER_MILLISECONDS = 200
const COUNT_EVERY_MILLISECONDS = 10_000
const PAUSE_MILLISECONDS = 10_000
const LAGGING = 'The replicas of Redis do not keep up: what was written last would be lost if one of them had to take over now.'

/** Sees to it that what was written outlives the primary (`WAIT`), as far as that can be had without holding anybody up. */
export interface Replicas {
  readonly connected: (client: RedisClient) => void
  /**
   * Resolves once a replica has everything that was written on this connection, or soon, where none keeps up. Never rejects: the
   * write itself has been answered.
   */
  readonly haveIt: () => Promise<void>
}

/** A server with which replicas were seen; another one is another object. */
interface Server {
  readonly client: RedisClient
  count: number
  countedAt: number
  /** Whether the server knows `WAIT` and lets us. */
  waits: boolean
}

export function createReplicas(report: Report, now: () => number): Replicas {
  let server: Server | undefined
  let waiting: Promise<void> | undefined
  let pausedUntil = 0
  let isLagTold = false

  async function count(of: Server): Promise<void> {
    of.countedAt = now()
    of.count = (await readRole(of.client))?.replicas ?? 0
  }

  async function wait(of: Server): Promise<void> {
    await inTime(ANSWER_MILLISECONDS, ask(of)).catch(() => {
      // The way there is slow, or has broken; the next connection begins anew.
      pausedUntil = now() + PAUSE_MILLISECONDS
    })
  }

  /** Goes on to its answer, even when nobody waits for that any more. */
  async function ask(of: Server): Promise<void> {
    try {
      const having = readNumber(await of.client.send(['WAIT', '1', String(WAIT_MILLISECONDS)]))
      if (having > 0) isLagTold = false
      else pause()
    } catch {
      // Not known, or not allowed; or the connection broke, and with it went this server.
      of.waits = false
    }
  }

  function pause(): void {
    pausedUntil = now() + PAUSE_MILLISECONDS
    if (isLagTold) return
    isLagTold = true
    report('store_warning', { note: LAGGING })
  }

  return {
    connected(client) {
      const found = { client, count: 0, countedAt: 0, waits: true }
      server = found
      pausedUntil = 0
      count(found).catch(ignoreBrokenConnection)
    },
    async haveIt() {
      if (!server) return
      const at = now()
      // Not waited for: who writes now is served by what is known.
      if (at >= server.countedAt + COUNT_EVERY_MILLISECONDS) count(server).catch(ignoreBrokenConnection)
      if (server.count === 0 || !server.waits || at < pausedUntil) return
      // Answers come in order, so one that is still awaited covers whatever was answered before it.
      waiting ??= wait(server).finally(() => {
        waiting = undefined
      })
      await waiting
    },
  }
}

/** A connection that breaks is told by its own event, and the next one asks again. */
function ignoreBrokenConnection(): void {}
