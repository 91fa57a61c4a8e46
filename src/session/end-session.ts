import type { EndReason } from '../errors.ts'
import { noteOf } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { SessionId, SessionRecord, Verdict } from './records.ts'
import { sessionName } from './session-name.ts'

/** How long the reason is left for a browser that comes back. */
const REASON_LIFETIME_MILLISECONDS = 15 * 60_000

interface Steps {
  readonly store: Pick<Store, 'removeLeaving' | 'removeMember'>
  readonly keys: SessionKeys
  readonly forget: (id: SessionId) => void
  /** Told of every ending, before its lists are tidied: what is still open ends with it. */
  readonly onEnded: (id: SessionId, reason: EndReason) => void
  readonly report: Report
}

/** What has to be known of a session to end it: nothing that opens it. */
export interface EndableSession {
  readonly ticket: { readonly id: SessionId }
  readonly record: Pick<SessionRecord, 'issuer' | 'providerSession'> & { readonly subject: string | undefined }
}

/**
 * The one door through which sessions end: the records go and the reason is left, in one step, so that an ending whose answer is lost
 * has happened whole or not at all. Told of once, however many end the same session. Answers the verdict that stands from now on.
 */
export type EndSession = (session: EndableSession, reason: EndReason) => Promise<Verdict>

export function createEndSession({ store, keys, forget, onEnded, report }: Steps): EndSession {
  return async function endSession({ ticket: { id }, record }, reason) {
    const { issuer, subject, providerSession } = record
    const records = [keys.session(id), keys.grant(id), keys.seen(id), keys.about(id), keys.lease(id)]
    const trace = { key: keys.ended(id), value: reason, lifetimeMilliseconds: REASON_LIFETIME_MILLISECONDS }
    const removed = await store.removeLeaving(records, trace)
    forget(id)
    onEnded(id, reason)
    if (removed > 0) report('session_ended', { session: sessionName(id), ...(subject !== undefined && { subject }), reason })
    await Promise.all([
      subject === undefined ? undefined : unlisted(keys.user(issuer, subject), id),
      providerSession === undefined ? undefined : unlisted(keys.providerSession(issuer, providerSession), id),
    ])
    return { kind: 'ended', reason }
  }

  /** A name that stays on a list does no harm: it opens nothing, and goes with its deadline. */
  async function unlisted(list: string, id: SessionId): Promise<void> {
    await store
      .removeMember(list, id)
      .catch((error: unknown) => report('store_warning', { note: `an ended session stays listed: ${noteOf(error)}` }))
  }
}
