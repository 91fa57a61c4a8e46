import { asGatewayError } from '../errors.ts'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { SessionId } from './records.ts'
import { parseRetirement } from './retirement.ts'
import type { AboutRecord, RecordSeals } from './seal-records.ts'
import { parseSeen } from './seen.ts'

const READ_AT_ONCE = 100

/** A session that stands on a list. */
export interface ListedSession {
  readonly id: SessionId
  /** Undefined where it is gone, or where this server cannot open it. */
  readonly about: AboutRecord | undefined
  /** Epoch milliseconds. */
  readonly seenAt: number | undefined
  /** Whether somebody could still come back to it. */
  readonly isOpen: boolean
  /** Whether it is on its way out, and another on the list stands for it. */
  readonly isRetiring: boolean
}

/** What is known of one session, by its id. Rejects with `store_unavailable`. */
export type ReadListed = (id: SessionId) => Promise<ListedSession>

/** Everything on the list of a person or of a session at the provider (`keys.user`, `keys.providerSession`). Rejects with `store_unavailable`. */
export type ReadList = (list: string) => Promise<readonly ListedSession[]>

interface Steps {
  readonly store: Pick<Store, 'read'>
  readonly keys: SessionKeys
  readonly seals: Pick<RecordSeals, 'openAbout'>
  readonly lifetimes: Pick<Lifetimes, 'isIdle' | 'idleTimeout'>
  readonly now: () => number
}

export function createReadList(store: Pick<Store, 'members'>, readListed: ReadListed): ReadList {
  return async function readList(list) {
    const ids = (await store.members(list)) as readonly SessionId[]
    const listed: ListedSession[] = []
    for (let from = 0; from < ids.length; from += READ_AT_ONCE)
      listed.push(...(await Promise.all(ids.slice(from, from + READ_AT_ONCE).map(readListed))))
    return listed
  }
}

export function createReadListed({ store, keys, seals, lifetimes, now }: Steps): ReadListed {
  /** Without its cookie nobody knows a session's own idle timeout, which is shorter: `seen` is gone by then. */
  const mostIdle = lifetimes.idleTimeout({})

  return async function readListed(id) {
    const [sealed, seenText, ended] = await store.read([keys.about(id), keys.seen(id), keys.ended(id)])
    const seenAt = parseSeen(seenText)?.seenAt
    const wasSeen = seenAt !== undefined && !lifetimes.isIdle(now(), seenAt, mostIdle)
    const isOpen = sealed !== undefined && ended === undefined && wasSeen
    const isRetiring = parseRetirement(ended) !== undefined
    return { id, about: sealed === undefined ? undefined : openAbout(id, sealed), seenAt, isOpen, isRetiring }
  }

  /** What this server cannot open can be ended all the same. */
  function openAbout(id: SessionId, sealed: string): AboutRecord | undefined {
    try {
      return seals.openAbout(id, sealed)
    } catch (error) {
      if (asGatewayError(error).code === 'record_unreadable') return undefined
      throw error
    }
  }
}
