import type { EndReason } from '../errors.ts'
import type { LiveSession, SessionId } from '../session/records.ts'

/** `tunnel`: a WebSocket; `stream`: an event stream; `answer`: any other that takes longer than its turn. */
export type LiveKind = 'tunnel' | 'stream' | 'answer'

/** Why we end a connection that its two ends would keep. */
export type LiveEnding =
  | { readonly kind: 'session_ended'; readonly reason: EndReason }
  /** This instance goes away; the session does not. */
  | { readonly kind: 'going_away' }
  /** The store has been away for so long that nobody can say whether the session lives. */
  | { readonly kind: 'session_unknown' }

/** A connection that may outlive the session it was opened with. */
export interface LiveConnection {
  readonly kind: LiveKind
  /** Undefined on routes without sessions. */
  readonly session: LiveSession | undefined
  /** Ends it, within a second. */
  readonly end: (ending: LiveEnding) => void
  /** Called about once a second while it is open: the place for limits in time. */
  readonly look?: (at: number) => void
  /** Of a connection that tells a page about its session. */
  readonly page?: ToldPage
}

/** What is known of a session that goes on. */
export interface KnownSession {
  readonly session: LiveSession
  /** Until when it stays open without anybody there, epoch milliseconds; undefined where the store was not asked. */
  readonly idleExpiresAt: number | undefined
}

/** A page that wants to know how its session does. */
export interface ToldPage {
  /** What the store said when the connection was opened. */
  readonly idleExpiresAt: number
  /** Called with what is known whenever the session was asked about anew. */
  readonly know: (known: KnownSession) => void
}

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
