import type { EndReason } from '../errors.ts'
import type { SessionId } from '../session/records.ts'
import type { SessionKeys } from '../session/keys.ts'
import type { RecentEndings } from '../session/recent-endings.ts'
import type { Store } from '../store/port.ts'
import { hearChanges } from './hear-changes.ts'
import type { LiveConnection, LiveEnding, LiveKind } from './live-connection.ts'
import { SessionWatch, type WatchSteps } from './session-watch.ts'
import { createYoungConnections } from './young-connections.ts'

/** What is open in this process, by session. */
export interface LiveConnections {
  /**
   * Keeps a connection until the function that is answered is called, as often as one likes. One whose session has ended meanwhile is
   * ended at once, and not kept.
   */
  readonly enter: (connection: LiveConnection) => () => void
  /** Somebody on the other side of a connection of this session did something. */
  readonly noteActivity: (id: SessionId) => void
  /** Ends everything that was opened with a session. */
  readonly close: (id: SessionId, reason: EndReason) => void
  /** It may have ended, and nobody could be asked: it is asked about at the next sweep. */
  readonly doubt: (id: SessionId) => void
  /** Ends WebSockets and event streams, and those that come yet: they go on in another instance. Other answers are finished. */
  readonly goAway: () => void
  readonly count: (kind: LiveKind) => number
  readonly countOf: (id: SessionId, kind: LiveKind) => number
  /** How many of a session's connections tell a page about it. */
  readonly pagesOf: (id: SessionId) => number
  /** Looks once at everything that is open; called about once a second. */
  readonly sweep: () => void
}

interface Steps extends WatchSteps {
  /** Tells what changes in every instance. */
  readonly store: Pick<Store, 'watch' | 'link'>
  readonly keys: Pick<SessionKeys, 'staleId' | 'seenId' | 'endedId'>
  readonly endings: Pick<RecentEndings, 'reasonOf' | 'prune'>
}

const GOING_AWAY: LiveEnding = { kind: 'going_away' }

/**
 * The registry of what outlives its request: WebSockets, event streams, long answers.
 *
 * Nothing here is paid for by an answer that is complete in the turn in which it began; one that is not waits in a short list, and only
 * those that are open for longer than a sweep are filed under their session.
 *
 * A session that ends in another instance is heard of by the store's word that its records changed; where the store was lost, or does
 * not tell, everything that is open is asked about.
 */
export function createLiveConnections(steps: Steps): LiveConnections {
  const { endings } = steps
  const young = createYoungConnections()
  const open = new Set<LiveConnection>()
  const watches = new Map<SessionId, SessionWatch>()
  const counts: Record<LiveKind, number> = { tunnel: 0, stream: 0, answer: 0 }
  let isLeaving = false

  function file(connection: LiveConnection): void {
    open.add(connection)
    counts[connection.kind] += 1
    const { session } = connection
    if (session === undefined) return
    const { id } = session.ticket
    const watch = watches.get(id) ?? new SessionWatch(session, steps)
    watch.add(connection)
    if (watches.has(id)) return
    watches.set(id, watch)
    // It may have ended in another instance after it was let in and before anybody listened. Asked for, its records also tell news again.
    watch.heard()
  }

  function leave(connection: LiveConnection): void {
    if (young.remove(connection) || !open.delete(connection)) return
    counts[connection.kind] -= 1
    const { session } = connection
    if (session === undefined) return
    const watch = watches.get(session.ticket.id)
    watch?.connections.delete(connection)
    if (watch?.connections.size === 0) watches.delete(session.ticket.id)
  }

  /** What a connection missed that was let in before and opens only now. */
  function alreadyOver({ kind, session }: LiveConnection): LiveEnding | undefined {
    const reason = session && endings.reasonOf(session.ticket.id)
    if (reason !== undefined) return { kind: 'session_ended', reason }
    return isLeaving && kind !== 'answer' ? GOING_AWAY : undefined
  }

  function hear(id: SessionId): void {
    watches.get(id)?.heard()
    fileYoung(id)
  }

  /** Those that are too young to be filed yet are now, and their session is asked about with that. */
  function fileYoung(id: SessionId): void {
    for (const connection of young.of(id)) if (young.remove(connection)) file(connection)
  }

  function connectionsOf(id: SessionId): readonly LiveConnection[] {
    return [...(watches.get(id)?.connections ?? [])]
  }

  function doubtAll(): void {
    for (const watch of watches.values()) watch.doubt()
  }

  hearChanges({ ...steps, onAny: doubtAll, onChanged: hear, onSeen: (id) => watches.get(id)?.seen() })

  return {
    enter(connection) {
      const ending = alreadyOver(connection)
      if (ending !== undefined) {
        connection.end(ending)
        return nothing
      }
      if (connection.kind === 'answer') young.add(connection)
      else file(connection)
      return () => leave(connection)
    },
    noteActivity: (id) => watches.get(id)?.noteActivity(steps.now()),
    close(id, reason) {
      const ending: LiveEnding = { kind: 'session_ended', reason }
      for (const connection of young.of(id)) connection.end(ending)
      watches.get(id)?.end(ending)
    },
    doubt(id) {
      fileYoung(id)
      watches.get(id)?.doubt()
    },
    goAway() {
      isLeaving = true
      for (const connection of open) if (connection.kind !== 'answer') connection.end(GOING_AWAY)
    },
    count: (kind) => counts[kind],
    countOf: (id, kind) => connectionsOf(id).filter((each) => each.kind === kind).length,
    pagesOf: (id) => connectionsOf(id).filter(({ page }) => page).length,
    sweep() {
      const at = steps.now()
      endings.prune()
      if (!steps.store.link.tells) doubtAll()
      for (const connection of young.grownUp()) file(connection)
      for (const connection of open) connection.look?.(at)
      for (const watch of watches.values()) watch.look(at)
    },
  }
}

function nothing(): void {}
