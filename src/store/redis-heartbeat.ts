import { startDeadline } from './deadline.ts'
import { isRefusal } from './redis-failure.ts'

export const HEARTBEAT_EVERY_MILLISECONDS = 1_000
export const HEARTBEAT_LATE_MILLISECONDS = 500

/** Asks the server every second whether it is there, on the connection that tells of changes. Returns what ends it. */
export function startHeartbeat({
  ping,
  now,
  onAnswered,
  onLate,
}: {
  readonly ping: () => Promise<unknown>
  readonly now: () => number
  /** Told when the answered heartbeat was *sent*: whatever changed before that has been heard of. Epoch milliseconds. */
  readonly onAnswered: (sentAt: number) => void
  /** Half a second has passed without an answer. */
  readonly onLate: () => void
}): () => void {
  let stopDeadline: (() => void) | undefined

  function beat(): void {
    const sentAt = now()
    const stop = startDeadline(HEARTBEAT_LATE_MILLISECONDS, onLate)
    stopDeadline = stop
    const answered = () => {
      stop()
      onAnswered(sentAt)
    }
    ping().then(answered, (failure: unknown) => {
      // A refusal is an answer too: the connection is in order.
      if (isRefusal(failure)) answered()
    })
  }

  const timer = setInterval(beat, HEARTBEAT_EVERY_MILLISECONDS)
  beat()
  return function stopHeartbeat() {
    clearInterval(timer)
    stopDeadline?.()
  }
}
