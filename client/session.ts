/** What the gateway shows of a person: the claims that its `provider.claims` lists. */
export type User = Readonly<Record<string, unknown>>

/** Why nobody is signed in; docs/http.md tells what each of them means. More may come. */
export type Reason =
  | 'none'
  | 'expired'
  | 'idle'
  | 'signed_out'
  | 'replaced'
  | 'revoked'
  | 'ended_by_provider'
  | 'grant_refused'
  | (string & {})

/** Nothing has been heard yet: neither signed in nor signed out. What could not be learnt later changes nothing. */
export interface Unknown {
  readonly state: 'unknown'
  readonly user?: undefined
  readonly reason?: undefined
}

/** Somebody is signed in. */
export interface SignedIn {
  readonly state: 'signed-in'
  readonly user: User
  readonly reason?: undefined
  /** Milliseconds since 1970 by the gateway's clock. */
  readonly createdAt: number
  /** When it ends if nothing happens: milliseconds since 1970 by this machine's clock, so that the difference to `Date.now()` is what is left. */
  readonly idleExpiresAt: number
  /** When it ends in any case; by this machine's clock as well. */
  readonly absoluteExpiresAt: number
  /** Whether it is time to warn: the nearer of the two ends is close. `extend` moves the idle one. */
  readonly expiring: boolean
}

/** Nobody is signed in. */
export interface SignedOut {
  readonly state: 'signed-out'
  readonly user?: undefined
  readonly reason: Reason
}

/** Who is signed in. Never changed: there is a new one where something else holds. */
export type Session = Unknown | SignedIn | SignedOut

export const UNKNOWN: Unknown = { state: 'unknown' }

const TOLERANCE_MILLISECONDS = 1_000

/** Whether both say the same. Times are told over a network, and count as the same within a second. */
export function isSameSession(one: Session, other: Session): boolean {
  if (one.state !== 'signed-in' || other.state !== 'signed-in') return one.state === other.state && one.reason === other.reason
  return (
    isSamePerson(one, other) &&
    one.createdAt === other.createdAt &&
    one.expiring === other.expiring &&
    JSON.stringify(one.user) === JSON.stringify(other.user) &&
    isClose(one.idleExpiresAt, other.idleExpiresAt) &&
    isClose(one.absoluteExpiresAt, other.absoluteExpiresAt)
  )
}

/**
 * What was told, with the warning that holds already: once given it is taken back by more time and by nothing else. A tab that was
 * opened late has never seen how long the session can last, and would not give it yet.
 */
export function withWarning(known: Session, told: Session): Session {
  if (known.state !== 'signed-in' || told.state !== 'signed-in' || !known.expiring) return told
  const isSameSignIn = isSamePerson(known, told) && known.createdAt === told.createdAt
  return isSameSignIn && endOf(told) < endOf(known) + TOLERANCE_MILLISECONDS ? { ...told, expiring: true } : told
}

/** Whether both are of one person; where the gateway shows no `sub`, of one sign-in. */
export function isSamePerson(one: SignedIn, other: SignedIn): boolean {
  const [subject, otherSubject] = [one.user['sub'], other.user['sub']]
  return subject === otherSubject && (subject !== undefined || one.createdAt === other.createdAt)
}

function endOf({ idleExpiresAt, absoluteExpiresAt }: SignedIn): number {
  return Math.min(idleExpiresAt, absoluteExpiresAt)
}

function isClose(one: number, other: number): boolean {
  return Math.abs(one - other) < TOLERANCE_MILLISECONDS
}
