import type { Store } from '../store/port.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { SessionKeys } from './keys.ts'
import type { LiveSession, SessionRecord, Ticket, Verdict } from './records.ts'
import type { RecentEndings } from './recent-endings.ts'
import type { RenewedGrants } from './renewed-grants.ts'
import { parseRetirement } from './retirement.ts'
import { retiringSession } from './retiring-session.ts'
import type { RecordSeals } from './seal-records.ts'
import { ALWAYS_SEEN, NEVER_SEEN, parseSeen, type Seen } from './seen.ts'

/** A session whose records were opened: what is kept in the process. `seen` moves; the rest does only where a renewed grant cannot be written. */
export interface OpenedSession {
  session: LiveSession
  verdict: Verdict
  /** Epoch milliseconds; the grant may have brought it forward. */
  endsAt: number
  /** Its own idle timeout. */
  idleMilliseconds: number
  seen: Seen
}

/**
 * Reads and opens a session's records; undefined where one of them is missing or an ending stands.
 * Rejects with `store_unavailable` or `record_unreadable` where that cannot be known.
 */
export type OpenSession = (ticket: Ticket) => Promise<OpenedSession | undefined>

interface Steps {
  readonly store: Pick<Store, 'read'>
  readonly keys: SessionKeys
  readonly seals: RecordSeals
  readonly lifetimes: Pick<Lifetimes, 'endsAt' | 'idleTimeout'>
  readonly renewed: Pick<RenewedGrants, 'newest' | 'seen'>
  readonly endings: Pick<RecentEndings, 'reasonOf'>
}

export function createOpenSession({ store, keys, seals, lifetimes, renewed, endings }: Steps): OpenSession {
  return async function openSession(ticket) {
    const { id } = ticket
    const [sealedSession, storedGrant, seenText, ended] = await store.read([
      keys.session(id),
      keys.grant(id),
      keys.seen(id),
      keys.ended(id),
    ])
    const retirement = parseRetirement(ended)
    if (sealedSession === undefined || storedGrant === undefined) return undefined
    if (ended !== undefined && !retirement) return undefined
    // The store has lost its ending, which will stand again in a moment.
    if (endings.reasonOf(id) !== undefined) return undefined

    const record = Object.freeze((JSON.parse(seals.openSession(ticket, sealedSession)) as { record: SessionRecord }).record)
    const stored = Object.freeze({ ticket, record, grant: seals.openGrant(ticket, storedGrant) })
    const session = renewed.newest(stored)
    if (session === stored) renewed.seen(stored)
    if (retirement) return openedSession(retiringSession(session, retirement), ALWAYS_SEEN, lifetimes)
    return openedSession(session, parseSeen(seenText) ?? NEVER_SEEN, lifetimes)
  }
}

/** The session as it is kept; what is asked of it with every request is worked out once. */
export function openedSession(
  session: LiveSession,
  seen: Seen,
  lifetimes: Pick<Lifetimes, 'endsAt' | 'idleTimeout'>,
): OpenedSession {
  return {
    session,
    verdict: Object.freeze({ kind: 'live', session }),
    endsAt: lifetimes.endsAt(session.record, session.grant),
    idleMilliseconds: lifetimes.idleTimeout(session.grant),
    seen,
  }
}
