import { END_REASONS, type EndReason } from '../report/end-reasons.ts'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { SessionId } from './records.ts'

/** Why a well-signed ticket opens nothing: what the ending left, else `expired`. */
export type EndingReason = (id: SessionId) => Promise<EndReason>

export function createEndingReason(store: Pick<Store, 'read'>, keys: SessionKeys): EndingReason {
  return async function endingReason(id) {
    const [left] = await store.read([keys.ended(id)])
    return END_REASONS.find((reason) => reason === left) ?? 'expired'
  }
}
