import type { Session, SignedIn, User } from './session.ts'

/** The deadlines as the gateway tells them: ISO 8601, by its own clock, with what that clock says now. */
export interface ToldTimes {
  readonly idleExpiresAt: string
  readonly absoluteExpiresAt: string
  readonly now: string
}

/** What `GET /bff/session` answers. */
type Told = { readonly authenticated: false; readonly reason: string } | ToldSession

interface ToldSession extends ToldTimes {
  readonly authenticated: true
  readonly user: User
  readonly createdAt: string
}

export type SessionReader = ReturnType<typeof createSessionReader>

/**
 * Reads what the gateway tells, in this machine's time.
 *
 * @param expiringMilliseconds How long before an end it is time to warn; never before half of the longest time that was left.
 */
export function createSessionReader(expiringMilliseconds: number) {
  let longest = 0
  let ahead = expiringMilliseconds

  /** The session in an answer that came at `at`; undefined where it is no such answer, as from a proxy's own page. */
  function readAnswer(answer: unknown, at: number): Session | undefined {
    if (!isTold(answer)) return undefined
    if (!answer.authenticated) return { state: 'signed-out', reason: answer.reason }
    const times = readTimes(answer, at)
    const left = leftOf(times, at)
    longest = Math.max(longest, left)
    const expiring = left <= Math.min(ahead, longest / 2)
    return { state: 'signed-in', user: answer.user, createdAt: Date.parse(answer.createdAt), ...times, expiring }
  }

  /** The session after the gateway told that its end is near, or was moved. From then on its notion of near counts. */
  function readEvent(session: SignedIn, told: ToldTimes, at: number, expiring: boolean): SignedIn {
    const times = readTimes(told, at)
    if (expiring) {
      ahead = leftOf(times, at)
      longest = Math.max(longest, ahead * 2)
    }
    return { ...session, ...times, expiring }
  }

  return { readAnswer, readEvent }
}

function readTimes({ now, idleExpiresAt, absoluteExpiresAt }: ToldTimes, at: number) {
  const offset = at - Date.parse(now)
  return { idleExpiresAt: Date.parse(idleExpiresAt) + offset, absoluteExpiresAt: Date.parse(absoluteExpiresAt) + offset }
}

function leftOf({ idleExpiresAt, absoluteExpiresAt }: Pick<SignedIn, 'idleExpiresAt' | 'absoluteExpiresAt'>, at: number) {
  return Math.min(idleExpiresAt, absoluteExpiresAt) - at
}

function isTold(answer: unknown): answer is Told {
  return typeof answer === 'object' && answer !== null && 'authenticated' in answer && typeof answer.authenticated === 'boolean'
}
