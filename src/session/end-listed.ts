import type { EndReason } from '../errors.ts'
import type { EndWithoutCookie } from './end-without-cookie.ts'
import type { SessionKeys } from './keys.ts'
import type { LateLogins } from './late-logins.ts'
import type { ListedSession, ReadList } from './listed-sessions.ts'
import type { SessionId } from './records.ts'

/** Whose sessions end. With both, those of the person at that session of the provider. */
export interface Ended {
  readonly issuer: string
  readonly subject?: string | undefined
  readonly providerSession?: string | undefined
}

interface Circumstances {
  readonly reason: EndReason
  /** When it was decided, in epoch milliseconds: logins of a person that began until then are meant too. */
  readonly at: number
  /** Whether this comes long after it was decided: sessions of a person whose login began in between are not meant. */
  readonly isLate?: boolean
  /** One that stays. */
  readonly except?: SessionId
  /** Whether logins that are under way are meant; true unless said otherwise. */
  readonly lateLogins?: boolean
}

/**
 * Ends all sessions of a list, each through the one door; answers how many were open. Ending what has ended is no error.
 *
 * Rejects with `store_unavailable`; what could be ended until then has ended, and asking again is right.
 */
export type EndListed = (ended: Ended, circumstances: Circumstances) => Promise<number>

interface Steps {
  readonly readList: ReadList
  readonly lateLogins: Pick<LateLogins, 'note'>
  readonly endWithoutCookie: EndWithoutCookie
  readonly keys: Pick<SessionKeys, 'user' | 'providerSession'>
}

export function createEndListed({ readList, lateLogins, endWithoutCookie, keys }: Steps): EndListed {
  return async function endListed(ended, { reason, at, isLate = false, except, lateLogins: late = true }) {
    const { issuer, subject, providerSession } = ended
    const whole = wholeOf(ended)
    if (!whole) return 0

    // Noted first: a login that is not listed yet finds the note. A store without room refuses the note, and never the ending.
    // A session at the provider that has ended there never comes back to life; a person does, and so does whatever was ended from here.
    const isForGood = 'providerSession' in whole && reason === 'ended_by_provider'
    const failure = late ? await lateLogins.note(whole, isForGood ? Infinity : at).then(() => undefined, failed) : undefined
    const listed = await readList(
      'subject' in whole ? keys.user(issuer, whole.subject) : keys.providerSession(issuer, whole.providerSession),
    )
    // One on its way out ends with the one that has taken its place, which is on the list, and may be the one that stays.
    const others = except === undefined ? listed : listed.filter(({ id, isRetiring }) => id !== except && !isRetiring)
    const meant = others.filter(isMeant)
    await Promise.all(meant.map(end))
    if (failure) throw failure.error
    return meant.filter(({ isOpen }) => isOpen).length

    /** What this server cannot open is ended on the list's word alone. */
    function isMeant({ about }: ListedSession): boolean {
      if (!about) return true
      if (providerSession === undefined) return !isLate || about.loginStartedAt <= at
      return subject === undefined || about.subject === subject
    }

    function end({ id, about }: ListedSession): Promise<void> {
      const record = {
        issuer,
        subject: about?.subject ?? subject,
        providerSession: about?.providerSession ?? providerSession,
      }
      return endWithoutCookie({ ticket: { id }, record }, reason)
    }
  }
}

function wholeOf({ issuer, subject, providerSession }: Ended) {
  if (providerSession !== undefined) return { issuer, providerSession }
  return subject === undefined ? undefined : { issuer, subject }
}

function failed(error: unknown): { readonly error: unknown } {
  return { error }
}
