import type { SessionConfig } from '../config/config.ts'
import type { Report } from '../report/events.ts'
import type { Store } from '../store/port.ts'
import type { EndSession } from './end-session.ts'
import type { SessionKeys } from './keys.ts'
import type { ListedSession, ReadList } from './listed-sessions.ts'
import { createLine } from './place-in-line.ts'
import type { SessionId } from './records.ts'

interface Beginning {
  readonly id: SessionId
  readonly issuer: string
  readonly subject: string
  /** The session of before in the same browser, which does not count: it ends in any case. */
  readonly replaces: SessionId | undefined
  /** Whether that one is sent on its way by somebody else, to carry what it still has to. */
  readonly staysAWhile?: boolean
}

/**
 * Holds a person to so many sessions. Takes a place in the line of their sessions, before this one is listed; what it answers is to be
 * called once it is listed and saved: it ends the oldest beyond the limit as `replaced`, and rejects with `store_unavailable` where
 * that cannot be done.
 *
 * Of sessions that begin at the same instant, wherever, the one that is last on the list sees all of them and the same line as any
 * other: the last of the line stay, and nobody ends one of these. Without a limit it does nothing.
 */
export type LimitPerson = (beginning: Beginning) => Promise<() => Promise<void>>

interface Steps {
  readonly config: Pick<SessionConfig, 'mostPerPerson' | 'absoluteTimeoutMilliseconds'>
  readonly store: Pick<Store, 'read' | 'write' | 'swap' | 'keep'>
  readonly readList: ReadList
  readonly endSession: EndSession
  readonly keys: Pick<SessionKeys, 'user' | 'userLine'>
  readonly report: Report
}

export function createLimitPerson({ config, store, readList, endSession, keys, report }: Steps): LimitPerson {
  const most = config.mostPerPerson
  const line = createLine(store, config.absoluteTimeoutMilliseconds)

  return async function limitPerson({ id, issuer, subject, replaces, staysAWhile }) {
    if (most === undefined) return async () => undefined
    const place = keys.userLine(issuer, subject)
    await line.join(place, id)

    return async function endOldest() {
      const open = (await readList(keys.user(issuer, subject))).filter(({ isOpen }) => isOpen)
      const order = await line.read(place)
      const counting = open.filter((session) => session.id !== replaces).toSorted(byAge(order))
      const oldest = counting.slice(0, Math.max(0, counting.length - most))
      const atOnce = staysAWhile ? [] : open.filter((session) => session.id === replaces)
      await Promise.all([...oldest, ...atOnce].map(end))
      if (oldest.length > 0) report('limit_reached', { limit: 'person', endpoint: 'login', subject })
    }

    async function end({ id: ended, about }: ListedSession): Promise<void> {
      const record = { issuer, subject, providerSession: about?.providerSession }
      // Not revoked at the provider: there it may share its grant with the new one.
      await endSession({ ticket: { id: ended }, record }, 'replaced')
    }
  }
}

/** By the line; those that are not in it any more, or began before there was a limit, came before, in the order of their clocks. */
function byAge(order: readonly SessionId[]) {
  const placeOf = new Map(order.map((id, place) => [id, place]))
  return (one: ListedSession, other: ListedSession): number =>
    (placeOf.get(one.id) ?? -1) - (placeOf.get(other.id) ?? -1) || createdAt(one) - createdAt(other)
}

function createdAt({ about }: ListedSession): number {
  return about?.createdAt ?? 0
}
