import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { LiveSession, SessionRecord, Ticket, Verdict } from './records.ts'
import type { RecordSeals } from './seal-records.ts'
import { NEVER_SEEN, parseSeen, type Seen } from './seen.ts'

/** A session whose records were opened: what is kept in the process. Only `seen` moves. */
export interface OpenedSession {
  readonly session: LiveSession
  readonly verdict: Verdict
  seen: Seen
}

/**
 * Reads and opens a session's records; undefined where one of them is missing or an ending stands.
 * Rejects with `store_unavailable` or `record_unreadable` where that cannot be known.
 */
export type OpenSession = (ticket: Ticket) => Promise<OpenedSession | undefined>

export function createOpenSession(store: Pick<Store, 'read'>, keys: SessionKeys, seals: RecordSeals): OpenSession {
  return async function openSession(ticket) {
    const { id } = ticket
    const [sealedSession, storedGrant, seenText, ended] = await store.read([
      keys.session(id),
      keys.grant(id),
      keys.seen(id),
      keys.ended(id),
    ])
    if (sealedSession === undefined || storedGrant === undefined || ended !== undefined) return undefined

    const record = Object.freeze((JSON.parse(seals.openSession(ticket, sealedSession)) as { record: SessionRecord }).record)
    const session = Object.freeze({ ticket, record, grant: seals.openGrant(ticket, storedGrant) })
    return { session, verdict: Object.freeze({ kind: 'live', session }), seen: parseSeen(seenText) ?? NEVER_SEEN }
  }
}
