import type { RequestHandler } from 'express'
import type { Background } from './background.ts'
import type { BeginSession } from './begin-session.ts'
import type { EndSession } from './end-session.ts'
import type { FindSession } from './find-session.ts'
import type { HoldGrant } from './hold-grant.ts'
import type { SessionKeys } from './keys.ts'
import type { LateLogins } from './late-logins.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { ReadList } from './listed-sessions.ts'
import type { RecentEndings } from './recent-endings.ts'
import type { RecordActivity } from './record-activity.ts'
import type { LiveSession, SessionId } from './records.ts'
import type { RenewedGrants } from './renewed-grants.ts'
import type { ReplaceGrant } from './replace-grant.ts'
import type { RetireSession } from './retire-session.ts'
import type { StandingSession } from './standing-session.ts'
import type { StoredVersions } from './stored-versions.ts'

/** Everything that can be done with sessions; their records are touched nowhere else. */
export interface Sessions {
  readonly find: FindSession
  /** The same, on the store's word of now, whatever is known here. */
  readonly findAnew: FindSession
  readonly begin: BeginSession
  readonly end: EndSession
  readonly retire: RetireSession
  readonly standing: StandingSession
  readonly readList: ReadList
  /** Endings of late, here and elsewhere. */
  readonly endings: RecentEndings
  readonly lateLogins: LateLogins
  /** A session that is open in this process. */
  readonly held: (id: SessionId) => LiveSession | undefined
  readonly activity: RecordActivity
  readonly replaceGrant: ReplaceGrant
  readonly holdGrant: HoldGrant
  readonly renewed: RenewedGrants
  readonly storedVersions: StoredVersions
  readonly keys: SessionKeys
  readonly lifetimes: Lifetimes
  readonly express: RequestHandler
  /** The same for the callback: without the session of before, whose cookie may or may not have come along. */
  readonly expressAnew: RequestHandler
  readonly background: Background
  /** Tries no longer what waits for the store. */
  readonly stop: () => void
}
