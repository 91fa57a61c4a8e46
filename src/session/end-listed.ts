import type { EndReason } from '../errors.ts'
import type { EndSession } from './end-session.ts'
import type { SessionKeys } from './keys.ts'
import type { LateLogins } from './late-logins.ts'
import type { ListedSession, ReadList } from './listed-sessions.ts'
import type { LiveSession, SessionId } from './records.ts'

/** Whose sessions end. With both, those of the person at that session of the provider. */
export interface Ended {
  readonly issuer: string
  readonly subject?: string | undefined
  readonly providerSession?: string | undefined
}

interface Circumstances {
  readonly reason: EndReason
  /** When it was decided, in epoch milliseconds: sessions whose login began later are not meant where all of a person's end. */
  readonly at: number
  /** One that stays. */
  readonly except?: SessionId
  /** Whether logins that are under way are meant too; true unless said otherwise. */
  readonly lateLogins?: boolean
}

/**
 * Ends sessions without their cookies, each through the one door; answers how many were open. Ending what has ended is no error.
 * Tokens that this process holds open are revoked, all others are deleted unopened.
 *
 * Rejects with `store_unavailable`; what could be ended until then has ended, and asking again is right.
 */
export type EndListed = (ended: Ended, circumstances: Circumstances) => Promise<number>

interface Steps {
  readonly readList: ReadList
  readonly lateLogins: Pick<LateLogins, 'note'>
  readonly endSession: EndSession
  readonly keys: Pick<SessionKeys, 'user' | 'providerSession'>
  /** A session that is open in this process. */
  readonly held: (id: SessionId) => LiveSession | undefined
  readonly revokeTokens: (session: LiveSession) => void
}

export function createEndListed({ readList, lateLogins, endSession, keys, held, revokeTokens }: Steps): EndListed {
  return async function endListed({ issuer, subject, providerSession }, { reason, at, except, lateLogins: late = true }) {
    const whole = providerSession === undefined ? subject && { issuer, subject } : { issuer, providerSession }
    if (!whole) return 0
    // A store without room refuses the note and never the ending: what is there ends, and then whoever asked is told to ask again.
    const noting = late ? lateLogins.note(whole, at).then(undefined, failed) : undefined
    const failure = await noting
    const listed = await readList('subject' in whole ? keys.user(issuer, whole.subject) : keys.providerSession(issuer, whole.providerSession))
    const meant = listed.filter((session) => session.id !== except && isMeant(session))
    await Promise.all(meant.map(end))
    if (failure) throw failure.error
    return meant.filter(({ isOpen }) => isOpen).length

    function isMeant({ about }: ListedSession): boolean {
      if (!about) return true
      if (providerSession === undefined) return about.loginStartedAt <= at
      return subject === undefined || about.subject === subject
    }

    async function end({ id, about }: ListedSession): Promise<void> {
      const session = held(id)
      const record = { issuer, subject: about?.subject ?? subject, providerSession: about?.providerSession ?? providerSession }
      await endSession({ ticket: { id }, record }, reason)
      if (session) revokeTokens(session)
    }
  }
}

function failed(error: unknown): { readonly error: unknown } {
  return { error }
}
