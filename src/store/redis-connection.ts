import { setTimeout as pause } from 'node:timers/promises'
import type { StoreLink } from './port.ts'
import type { OpenServer } from './open-server.ts'
import { createBackoff } from './redis-backoff.ts'
import type { RedisClient } from './redis-client.ts'
import { failureOf, nameFailure } from './redis-failure.ts'
import { HEARTBEAT_EVERY_MILLISECONDS, HEARTBEAT_LATE_MILLISECONDS, startHeartbeat } from './redis-heartbeat.ts'

const HANDSHAKE_MILLISECONDS = 2_000
const YOUNG_MILLISECONDS = 2_000

export interface ConnectionSteps {
  readonly openServer: OpenServer
  readonly now: () => number
  /** A key changed; `undefined`: any may have, since the connection is new. */
  readonly onChange: (key: string | undefined) => void
  readonly onConnected: (client: RedisClient) => void
  /** The server has answered a heartbeat. */
  readonly onHeartbeat: () => void
  /** The connection was lost, or an attempt failed: one word. */
  readonly onLost: (note: string) => void
}

/** The way to Redis: one connection at a time, made again whenever it breaks or its heartbeat is late. */
export interface RedisConnection {
  readonly client: () => RedisClient | undefined
  /** The next client; never rejects. */
  readonly next: () => Promise<RedisClient>
  /** Milliseconds since there was a client; 0 while there is one, `Infinity` after `close`. */
  readonly lostFor: () => number
  /** Breaks a connection that has stood for a while: a server that became a replica may have a successor at its address. */
  readonly renew: (cause: unknown) => void
  readonly link: StoreLink
  /** Ends with the first attempt, however it went. */
  readonly attempted: Promise<void>
  readonly close: () => void
}

export function createRedisConnection({
  openServer,
  now,
  onChange,
  onConnected,
  onHeartbeat,
  onLost,
}: ConnectionSteps): RedisConnection {
  const closing = new AbortController()
  const attempted = Promise.withResolvers<void>()
  const backoff = createBackoff()
  let current: RedisClient | undefined
  let breakCurrent: ((cause: unknown) => void) | undefined
  let next = Promise.withResolvers<RedisClient>()
  let changedAt = now()
  let certainAt = 0
  let foundAgainAt = Number.NEGATIVE_INFINITY
  let tells = true

  async function stayConnected(): Promise<void> {
    while (!closing.signal.aborted) {
      const startedAt = now()
      const broken = Promise.withResolvers<unknown>()
      try {
        const steps = {
          handshakeMilliseconds: HANDSHAKE_MILLISECONDS,
          signal: closing.signal,
          onChange,
          onBroken: broken.resolve,
        }
        await serve(await openServer(steps), startedAt, broken)
      } catch (error) {
        if (!closing.signal.aborted) onLost(nameFailure(error))
      }
      attempted.resolve()
      await pause(backoff.next(), undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }

  /** Offers the client until its connection breaks. */
  async function serve(client: RedisClient, startedAt: number, broken: PromiseWithResolvers<unknown>): Promise<void> {
    // What those who hear of it ask for is sent in a moment, however long the way was lost.
    changedAt = now()
    // Before anyone can use it: what changed while nobody listened was not told.
    onChange(undefined)
    tells = client.tells
    if (certainAt > 0) foundAgainAt = now()
    certainAt = startedAt
    current = client
    breakCurrent = broken.resolve
    next.resolve(client)
    attempted.resolve()
    onConnected(client)
    const stopHeartbeat = startHeartbeat({
      ping: () => client.send(['PING']),
      now,
      onAnswered(sentAt) {
        certainAt = sentAt
        onHeartbeat()
      },
      onLate: () => broken.resolve(failureOf('ETIMEDOUT')),
    })

    const cause = await broken.promise
    stopHeartbeat()
    if (now() - changedAt > YOUNG_MILLISECONDS) backoff.reset()
    current = undefined
    next = Promise.withResolvers()
    changedAt = now()
    client.destroy()
    throw cause
  }

  void stayConnected()

  return {
    client: () => current,
    next: () => next.promise,
    lostFor() {
      if (closing.signal.aborted) return Number.POSITIVE_INFINITY
      return current ? 0 : now() - changedAt
    },
    renew(cause) {
      if (now() - changedAt > YOUNG_MILLISECONDS) breakCurrent?.(cause)
    },
    link: {
      get live() {
        return current !== undefined && now() < certainAt + HEARTBEAT_EVERY_MILLISECONDS + HEARTBEAT_LATE_MILLISECONDS
      },
      get certainAt() {
        return certainAt
      },
      get foundAgainAt() {
        return foundAgainAt
      },
      get tells() {
        return tells
      },
    },
    attempted: attempted.promise,
    close() {
      closing.abort()
      breakCurrent?.(new Error('closed'))
    },
  }
}
