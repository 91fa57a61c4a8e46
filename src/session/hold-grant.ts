import type { RecordCache } from '../store/record-cache.ts'
import type { Lifetimes } from './lifetimes.ts'
import { type OpenedSession, openedSession } from './open-session.ts'
import type { LiveSession, Ticket } from './records.ts'
import type { RenewedGrants } from './renewed-grants.ts'

interface Steps {
  readonly cache: Pick<RecordCache<OpenedSession, Ticket>, 'peek'>
  readonly renewed: Pick<RenewedGrants, 'hold'>
  readonly lifetimes: Pick<Lifetimes, 'endsAt' | 'idleTimeout'>
}

/**
 * Serves a session with a grant that could not be written, from now on and until it is. For as long as the session could be served
 * before: it is the grant that changes, not what is known of the store.
 */
export type HoldGrant = (renewed: LiveSession) => void

export function createHoldGrant({ cache, renewed, lifetimes }: Steps): HoldGrant {
  return function holdGrant(session) {
    renewed.hold(session)
    const opened = cache.peek(session.ticket.id)
    // One that is on its way out meanwhile goes on with what it has.
    if (opened && opened.session.successor === undefined) Object.assign(opened, openedSession(session, opened.seen, lifetimes))
  }
}
