import { createClient } from 'redis'
import { startDeadline } from './deadline.ts'
import { failureOf, isTrackingRefusal } from './redis-failure.ts'

/** What one connection needs; each connection is a client of its own, so that none outlives what it was told. */
export interface ClientSteps {
  readonly url: string
  readonly handshakeMilliseconds: number
  /** Gives up a handshake that is under way. */
  readonly signal: AbortSignal
  /** The key that changed; `undefined`: any may have. */
  readonly onChange: (key: string | undefined) => void
  /** Called when the connection broke, maybe more than once. */
  readonly onBroken: (cause: unknown) => void
}

export interface RedisClient {
  /** The server's answer; rejects with its refusal, or when the connection breaks. */
  readonly send: (args: readonly string[]) => Promise<unknown>
  /** Whether the server tells of changes. */
  readonly tells: boolean
  /** Breaks the connection; whatever waits on it rejects. */
  readonly destroy: () => void
}

/**
 * Opens one connection, RESP3 with tracking where the server has that. Rejects when it is not ready in time: a frozen server
 * accepts connections and answers nothing. It never reconnects by itself, and queues nothing while it is not connected.
 */
export async function openRedisClient(steps: ClientSteps): Promise<RedisClient> {
  try {
    return await open(steps, true)
  } catch (error) {
    if (!isTrackingRefusal(error)) throw error
    return openPlainly(steps)
  }
}

/** The same in RESP2, without being told of changes. */
export function openPlainly(steps: ClientSteps): Promise<RedisClient> {
  return open(steps, false)
}

async function open(steps: ClientSteps, tells: boolean): Promise<RedisClient> {
  const client = createClient({
    url: steps.url,
    ...(tells ? { RESP: 3, name: 'coatcheck', emitInvalidate: true } : { RESP: 2 }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: 20_000,
    // The library's own timeout ends once a command is written: `redis-call.ts` keeps the deadlines.
    commandOptions: { timeout: 0 },
    socket: { connectTimeout: steps.handshakeMilliseconds, reconnectStrategy: false },
  })
  let connected = false
  client.on('error', (cause: unknown) => {
    // Until then the failure is the handshake's own, and rejects below.
    if (connected) steps.onBroken(cause)
  })
  client.on('invalidate', (key: Buffer | null) => steps.onChange(key === null ? undefined : key.toString()))

  await connectInTime(client, steps)
  connected = true
  return { send: (args) => client.sendCommand<unknown>(args), tells, destroy: () => client.destroy() }
}

function connectInTime(
  client: { connect(): Promise<unknown>; destroy(): void },
  { handshakeMilliseconds, signal }: ClientSteps,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let abandoned = false
    function abandon(): void {
      abandoned = true
      client.destroy()
      reject(failureOf('ETIMEDOUT'))
    }
    function settle(answer: () => void): void {
      stopDeadline()
      signal.removeEventListener('abort', abandon)
      answer()
    }

    const stopDeadline = startDeadline(handshakeMilliseconds, abandon)
    signal.addEventListener('abort', abandon)
    client.connect().then(
      // A client that is destroyed while its socket connects opens it all the same.
      () => settle(abandoned ? () => client.destroy() : resolve),
      (error: unknown) => {
        client.destroy()
        settle(() => reject(error))
      },
    )
  })
}
