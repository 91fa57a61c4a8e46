import type { EndReason } from '../errors.ts'
import type { LiveSession } from '../session/records.ts'

/** `tunnel`: a WebSocket; `stream`: an event stream; `answer`: any other that takes longer than its turn. */
export type LiveKind = 'tunnel' | 'stream' | 'answer'

/** Why we end a connection that its two ends would keep. */
export type LiveEnding =
  | { readonly kind: 'session_ended'; readonly reason: EndReason }
  /** This instance goes away; the session does not. */
  | { readonly kind: 'going_away' }

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
