import type { RecordCache } from '../store/record-cache.ts'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { OpenedSession } from './open-session.ts'
import type { LiveSession, Ticket } from './records.ts'
import { parseSeen, type Seen, writeSeen } from './seen.ts'

interface Steps {
  readonly cache: Pick<RecordCache<OpenedSession, Ticket>, 'peek' | 'forget'>
  readonly store: Pick<Store, 'read' | 'write' | 'keep'>
  readonly keys: SessionKeys
  readonly lifetimes: Lifetimes
  readonly idleTimeoutMilliseconds: number
  readonly now: () => number
}

/** What activity costs: a comparison, and once in a while one small write beside the request. */
export interface RecordActivity {
  /** Somebody is there. Does not wait; a write that fails is tried again at the next request. */
  readonly noted: (session: LiveSession) => void
  /** The same, written at once and awaited; answers until when the session stays open. */
  readonly extended: (session: LiveSession) => Promise<number>
  /** Until when the session stays open without anybody there, on the store's word; asking extends nothing. */
  readonly idleDeadline: (session: LiveSession) => Promise<number>
}

export function createRecordActivity({ cache, store, keys, lifetimes, idleTimeoutMilliseconds, now }: Steps): RecordActivity {
  return {
    noted(session) {
      const opened = cache.peek(session.ticket.id)
      if (!opened || !lifetimes.mustRecordActivity(now(), opened.seen.seenAt)) return
      const before = opened.seen
      void write(session, opened).catch(() => {
        opened.seen = before
      })
    },
    async extended(session) {
      const opened = cache.peek(session.ticket.id)
      const seenAt = await write(session, opened)
      return lifetimes.idleDeadline(seenAt, session.record.absoluteExpiresAt)
    },
    async idleDeadline({ ticket, record }) {
      const [seen] = await store.read([keys.seen(ticket.id)])
      return lifetimes.idleDeadline(parseSeen(seen)?.seenAt ?? now(), record.absoluteExpiresAt)
    },
  }

  async function write({ ticket: { id }, record }: LiveSession, opened: OpenedSession | undefined): Promise<number> {
    const at = now()
    const keptUntil = opened?.seen.keptUntil ?? 0
    const keepLonger = lifetimes.mustKeepLonger(at, keptUntil, record.absoluteExpiresAt)
    const seen: Seen = { seenAt: at, keptUntil: keepLonger ? lifetimes.keptUntil(at, record.absoluteExpiresAt) : keptUntil }
    if (opened) opened.seen = seen

    // Only where it still stands: what has run out or ended is not brought back by being seen.
    const stands = await store.write(keys.seen(id), writeSeen(seen), idleTimeoutMilliseconds, 'present')
    if (!stands) cache.forget(id)
    else if (keepLonger)
      await store.keep([keys.session(id), keys.grant(id), keys.about(id)], Math.max(1, Math.ceil(seen.keptUntil - at)))
    return at
  }
}
