import type { RecordCache } from '../store/record-cache.ts'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { OpenedSession } from './open-session.ts'
import type { LiveSession, SessionId, Ticket } from './records.ts'
import { NEVER_SEEN, parseSeen, seenLifetime, writeSeen } from './seen.ts'

interface Steps {
  readonly cache: Pick<RecordCache<OpenedSession, Ticket>, 'peek' | 'forget'>
  readonly store: Pick<Store, 'read' | 'write' | 'keep'>
  readonly keys: SessionKeys
  readonly lifetimes: Lifetimes
  readonly now: () => number
}

/** What activity costs: a comparison, and once in a while one small write beside the request. */
export interface RecordActivity {
  /** Somebody is there; of a session on its way out nothing is written, here or below. Does not wait; a write that fails is tried again at the next request. */
  readonly noted: (session: LiveSession) => void
  /** The same, written at once and awaited; answers until when the session stays open, undefined where it is idle or over. */
  readonly extended: (session: LiveSession) => Promise<number | undefined>
  /** Until when the session stays open without anybody there, on the store's word; asking extends nothing, and undefined says idle. */
  readonly idleDeadline: (session: LiveSession) => Promise<number | undefined>
}

export function createRecordActivity({ cache, store, keys, lifetimes, now }: Steps): RecordActivity {
  return {
    noted(session) {
      const opened = cache.peek(session.ticket.id)
      // A store that fails is counted where it fails; the activity noted last stands again, and the next request tries anew.
      if (opened && lifetimes.mustRecordActivity(now(), opened.seen.seenAt, opened.idleMilliseconds))
        write(session, opened).catch(() => undefined)
    },
    async extended(session) {
      if (session.successor !== undefined) return lifetimes.endsAt(session.record, session.grant)
      const seenAt = await write(session, cache.peek(session.ticket.id))
      return seenAt === undefined ? undefined : lifetimes.idleDeadline(seenAt, session)
    },
    async idleDeadline(session) {
      if (session.successor !== undefined) return lifetimes.endsAt(session.record, session.grant)
      const { id } = session.ticket
      const [text] = await store.read([keys.seen(id)])
      const seen = parseSeen(text)
      if (!seen) cache.forget(id)
      return seen && lifetimes.idleDeadline(seen.seenAt, session)
    },
  }

  /** Answers when somebody was seen, or undefined where the session is idle or over: what has run out is not brought back by being seen. */
  async function write(
    { ticket: { id }, record, grant }: LiveSession,
    opened: OpenedSession | undefined,
  ): Promise<number | undefined> {
    const at = now()
    const idle = lifetimes.idleTimeout(grant)
    const before = opened?.seen ?? NEVER_SEEN
    const keepLonger = lifetimes.mustKeepLonger(at, before.keptUntil, record.absoluteExpiresAt, idle)
    // Noted here at once, so that requests beside this one do not write the same again; the rest only when it is true.
    if (opened) opened.seen = { seenAt: at, keptUntil: before.keptUntil }
    try {
      // The records first: `seen` must never promise a lifetime that they do not have.
      const keptUntil = keepLonger
        ? await keepRecords(id, at, lifetimes.keptUntil(at, record.absoluteExpiresAt, idle))
        : before.keptUntil
      if (opened) opened.seen = { seenAt: at, keptUntil }
      const lifetimeMilliseconds = seenLifetime(at, idle, record.absoluteExpiresAt)
      const stands = await store.write(keys.seen(id), writeSeen({ seenAt: at, keptUntil }), lifetimeMilliseconds, 'present')
      if (!stands) cache.forget(id)
      return stands ? at : undefined
    } catch (error) {
      if (opened) opened.seen = before
      throw error
    }
  }

  async function keepRecords(id: SessionId, at: number, keptUntil: number): Promise<number> {
    await store.keep([keys.session(id), keys.grant(id), keys.about(id)], Math.max(1, Math.ceil(keptUntil - at)))
    return keptUntil
  }
}
