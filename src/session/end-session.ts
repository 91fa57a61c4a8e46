import type { EndReason } from '../errors.ts'
import type { Report } from '../report/events.ts'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { SessionId, SessionRecord, Verdict } from './records.ts'
import { sessionName } from './session-name.ts'

/** How long the reason is left for a browser that comes back. */
const REASON_LIFETIME_MILLISECONDS = 15 * 60_000

interface Steps {
  readonly store: Pick<Store, 'write' | 'remove' | 'removeMember'>
  readonly keys: SessionKeys
  readonly forget: (id: string) => void
  readonly report: Report
}

/** What has to be known of a session to end it: nothing that opens it. */
export interface EndableSession {
  readonly ticket: { readonly id: SessionId }
  readonly record: Pick<SessionRecord, 'issuer' | 'subject' | 'providerSession'>
}

/** The one door through which sessions end: the reason is left first, then the records go. Answers the verdict that stands from now on. */
export type EndSession = (session: EndableSession, reason: EndReason) => Promise<Verdict>

export function createEndSession({ store, keys, forget, report }: Steps): EndSession {
  return async function endSession({ ticket: { id }, record }, reason) {
    // The reason is a tombstone too: whatever is written after it, the session stays ended.
    await store.write(keys.ended(id), reason, REASON_LIFETIME_MILLISECONDS)
    forget(id)
    await store.remove([keys.session(id), keys.grant(id), keys.seen(id), keys.about(id), keys.lease(id)])
    await store.removeMember(keys.user(record.issuer, record.subject), id)
    if (record.providerSession !== undefined)
      await store.removeMember(keys.providerSession(record.issuer, record.providerSession), id)
    report('session_ended', { session: sessionName(id), subject: record.subject, reason })
    return { kind: 'ended', reason }
  }
}
