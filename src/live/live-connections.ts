import type { SessionId } from '../session/records.ts'
import type { SessionKeys } from '../session/keys.ts'
import type { RecentEndings } from '../session/recent-endings.ts'
import { isCertain } from '../store/is-certain.ts'
import type { Store } from '../store/port.ts'
import { hearChanges } from './hear-changes.ts'
import type { LiveConnection, LiveConnections, LiveEnding, LiveKind } from './live-connection.ts'
import { SessionWatch, type WatchSteps } from './session-watch.ts'
import { createYoungConnections } from './young-connections.ts'

interface Steps extends WatchSteps {
  /** Tells what changes in every instance. */
  readonly store: Pick<Store, 'watch' | 'link'>
  readonly keys: Pick<SessionKeys, 'staleId' | 'seenId' | 'endedId'>
  readonly endings: Pick<RecentEndings, 'reasonOf' | 'prune'>
  /** For how long sessions are still believed in while the store is away. */
  readonly outageGraceMilliseconds: number
}

const GOING_AWAY: LiveEnding = { kind: 'going_away' }
const SESSION_UNKNOWN: LiveEnding = { kind: 'session_unknown' }

/**
 * The registry of what outlives its request: WebSockets, event streams, long answers.
 *
 * Nothing here is paid for by an answer that is complete in the turn in which it began; one that is not waits in a short list, and only
 * those that are open for longer than a sweep are filed under their session.
 *
 * A session that ends in another instance is heard of by the store's word that its records changed; where the store was lost, or does
 * not tell, everything that is open is asked about. Where the store cannot be asked for longer than the grace, what is open ends as
 * requests do: it may belong to a session that has ended elsewhere.
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

  function endUnknown(): void {
    for (const watch of watches.values()) watch.end(SESSION_UNKNOWN)
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
      if (!isCertain(steps.store.link, at, steps.outageGraceMilliseconds)) endUnknown()
      for (const connection of open) connection.look?.(at)
      for (const watch of watches.values()) watch.look(at)
    },
  }
}

function nothing(): void {}
