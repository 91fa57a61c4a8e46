import { END_REASONS, type EndReason } from '../report/end-reasons.ts'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { RecentEndings } from './recent-endings.ts'
import type { SessionId } from './records.ts'
import { parseRetirement } from './retirement.ts'

/**
 * What the ending of a session has left in the store; undefined where it left nothing, or that is gone by now. One on its way out has
 * not ended, whoever hears of the note that says so: once its records are gone it has, as `replaced`.
 */
export type LeftReason = (id: SessionId) => Promise<EndReason | 'retiring' | undefined>

export function createLeftReason(store: Pick<Store, 'read'>, keys: Pick<SessionKeys, 'ended'>): LeftReason {
  return async function leftReason(id) {
    const [left] = await store.read([keys.ended(id)])
    if (parseRetirement(left)) return 'retiring'
    return END_REASONS.find((reason) => reason === left)
  }
}

/** Why a well-signed ticket opens nothing: what the ending left, else what is remembered here of it, else `expired`. */
export type EndingReason = (id: SessionId) => Promise<EndReason>

export function createEndingReason(leftReason: LeftReason, endings: Pick<RecentEndings, 'reasonOf'>): EndingReason {
  return async function endingReason(id) {
    const left = await leftReason(id)
    return left === 'retiring' ? 'replaced' : (left ?? endings.reasonOf(id) ?? 'expired')
  }
}
