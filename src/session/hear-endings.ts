import { type EndReason, GatewayError } from '../errors.ts'
import type { Store } from '../store/port.ts'
import type { LeftReason } from './ending-reason.ts'
import type { SessionKeys } from './keys.ts'
import type { SessionId } from './records.ts'

interface Steps {
  readonly store: Pick<Store, 'watch'>
  readonly keys: Pick<SessionKeys, 'endedId'>
  readonly leftReason: LeftReason
  /** Told of every ending of a session that was read here, wherever it was carried out. */
  readonly onEnded: (id: SessionId, reason: EndReason) => void
  /** Told of what was left by an ending, and could not be asked for, or says that the session goes by and by. */
  readonly onUnknown: (id: SessionId) => void
  readonly inBackground: (work: Promise<void>) => void
}

/**
 * Hears of endings in other instances: whoever opened a session here has asked for what an ending leaves, so that the store tells when
 * one is left.
 */
export function hearEndings({ store, keys, leftReason, onEnded, onUnknown, inBackground }: Steps): void {
  store.watch((key) => {
    const id = key === undefined ? undefined : keys.endedId(key)
    if (id !== undefined) inBackground(hear(id))
  })

  async function hear(id: SessionId): Promise<void> {
    try {
      const reason = await leftReason(id)
      // On its way out it lives yet, and ends later than now.
      if (reason === 'retiring') onUnknown(id)
      else if (reason !== undefined) onEnded(id, reason)
    } catch (error) {
      onUnknown(id)
      // A store that fails is told of by itself.
      if (!(error instanceof GatewayError)) throw error
    }
  }
}
