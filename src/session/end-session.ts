import type { EndReason } from '../errors.ts'
import type { Report } from '../report/events.ts'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { SessionId, SessionRecord, Verdict } from './records.ts'
import { parseRetirement, type Retirement } from './retirement.ts'
import { sessionName } from './session-name.ts'
import { createUnlistSession } from './unlist-session.ts'

/** How long the reason is left for a browser that comes back. */
const REASON_LIFETIME_MILLISECONDS = 15 * 60_000

/** Reasons that are nobody's word, or mean one grant: such an ending takes nothing along that has come in its place, with its own. */
const LAPSED: ReadonlySet<EndReason> = new Set(['expired', 'idle', 'replaced', 'grant_refused'])

interface Steps {
  readonly store: Pick<Store, 'read' | 'removeLeaving' | 'removeMember'>
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
 *
 * Where a session has just taken another's place, the two end together, whichever is meant; that it lapses by itself, or that its grant
 * is refused, means one alone.
 */
export type EndSession = (session: EndableSession, reason: EndReason) => Promise<Verdict>

export function createEndSession({ store, keys, forget, onEnded, report }: Steps): EndSession {
  const unlist = createUnlistSession({ store, keys, report })

  return async function endSession(session, reason) {
    const ends = async (each: SessionId, retirement: Retirement | undefined) =>
      endOne({ ...session, ticket: { id: each } }, reason, retirement !== undefined)
    const { id } = session.ticket
    const { before, retirement } = await look(id)
    // These first: where it breaks off, the session that is meant still stands, and ending it again is right.
    for (let older = before; older !== undefined;) {
      const found = await look(older)
      await ends(older, found.retirement)
      older = found.before
    }
    const stood = await ends(id, retirement)
    for (let newer = stood && !LAPSED.has(reason) ? retirement?.successor : undefined; newer !== undefined;) {
      const found = await look(newer)
      await ends(newer, found.retirement)
      newer = found.retirement?.successor
    }
    return { kind: 'ended', reason }
  }

  async function look(id: SessionId) {
    const [before, left] = await store.read([keys.before(id), keys.ended(id)])
    return { before: before as SessionId | undefined, retirement: parseRetirement(left) }
  }

  /** Whether there was anything to end. */
  async function endOne(session: EndableSession, reason: EndReason, isRetired: boolean): Promise<boolean> {
    const { id } = session.ticket
    const { subject } = session.record
    const records = [keys.session(id), keys.grant(id), keys.seen(id), keys.about(id), keys.lease(id), keys.before(id)]
    const trace = { key: keys.ended(id), value: reason, lifetimeMilliseconds: REASON_LIFETIME_MILLISECONDS }
    const removed = await store.removeLeaving(records, trace)
    forget(id)
    onEnded(id, reason)
    // Of one that was on its way out was told when it was sent there.
    if (removed > 0 && !isRetired)
      report('session_ended', { session: sessionName(id), ...(subject !== undefined && { subject }), reason })
    await unlist(session)
    return removed > 0
  }
}
