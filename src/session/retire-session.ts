import { asGatewayError } from '../errors.ts'
import type { Report } from '../report/events.ts'
import type { Store } from '../store/port.ts'
import type { EndSession } from './end-session.ts'
import type { SessionKeys } from './keys.ts'
import type { Predecessor } from './predecessor.ts'
import type { LiveSession, SessionId } from './records.ts'
import { GRACE_MILLISECONDS, writeRetirement } from './retirement.ts'
import { sessionName } from './session-name.ts'
import { createUnlistSession } from './unlist-session.ts'

/** Beyond the deadline of the session, for clocks that differ. */
const MARGIN_MILLISECONDS = 60_000

interface Steps {
  readonly store: Pick<Store, 'retire' | 'removeMember'>
  readonly keys: SessionKeys
  readonly forget: (id: SessionId) => void
  readonly endSession: EndSession
  readonly report: Report
  readonly now: () => number
}

/**
 * Sends a session on its way out, once another stands in its place: for ten seconds it carries requests that were sent with the old
 * cookie, and nothing else; then it has ended as `replaced`. That is one step of the store: before it the old session lives whole, and
 * after it the new one does. What cannot go by and by (it is idle, or there is no room for the note) ends at once.
 */
export type RetireSession = (predecessor: Predecessor, successor: LiveSession) => Promise<void>

export function createRetireSession({ store, keys, forget, endSession, report, now }: Steps): RetireSession {
  const unlistSession = createUnlistSession({ store, keys, report })

  return async function retireSession(predecessor, successor) {
    const { subject } = successor.record
    const session = sessionName(successor.ticket.id)
    const before = sessionName(predecessor.ticket.id)
    const { acr } = successor.grant
    report('session_rotated', { session, predecessor: before, subject, ...(acr !== undefined && { acr }) })
    if (await retire(predecessor, successor.ticket.id).catch(noRoom)) {
      report('session_ended', { session: before, subject, reason: 'replaced' })
      await unlistSession(predecessor)
    } else await endSession(predecessor, 'replaced')
  }

  async function retire({ ticket: { id }, absoluteExpiresAt }: Predecessor, successor: SessionId): Promise<boolean> {
    const at = now()
    const isGoing = await store.retire(
      {
        kept: [keys.session(id), keys.grant(id), keys.seen(id)],
        milliseconds: GRACE_MILLISECONDS,
        // The lease stays: who waits for a refresh that is under way gets what it brings.
        removed: [keys.about(id)],
      },
      {
        key: keys.ended(id),
        value: writeRetirement({ until: at + GRACE_MILLISECONDS, successor }),
        // As long as anybody could keep the records: whoever has not heard of it yet may just be giving them another lifetime.
        lifetimeMilliseconds: Math.max(GRACE_MILLISECONDS, Math.ceil(absoluteExpiresAt - at)) + MARGIN_MILLISECONDS,
      },
    )
    forget(id)
    return isGoing
  }
}

/** A store that does not take the note may take the ending. */
function noRoom(thrown: unknown): false {
  if (asGatewayError(thrown).code === 'store_unavailable') return false
  throw thrown
}
