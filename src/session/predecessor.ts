import type { Identity } from '../oidc/port.ts'
import type { EndableSession } from './end-session.ts'
import type { SessionRecord } from './records.ts'

/** What a session hands on to the one that takes its place. */
type Inheritance = Pick<SessionRecord, 'createdAt' | 'absoluteExpiresAt' | 'isRemembered'>

/** The session that a login remembers from its start; it was live then. */
export interface RememberedSession extends EndableSession {
  /** Undefined where that session was on its way out itself. */
  readonly inherited: Inheritance | undefined
}

/** A session whose place another takes without a new life: the same person, stepping up. Only `predecessorOf` makes one. */
export interface Predecessor extends EndableSession, Inheritance {
  readonly __brand: 'Predecessor'
}

/**
 * The session that a step-up goes on from; undefined where it was another person's (an identity is the pair of issuer and subject,
 * OpenID Connect Core §5.7), or its time is over: then a session begins as after any sign-in.
 */
export function predecessorOf(
  remembered: RememberedSession | undefined,
  { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>,
  at: number,
): Predecessor | undefined {
  if (remembered?.inherited === undefined) return undefined
  const { ticket, record, inherited } = remembered
  if (record.issuer !== issuer || record.subject !== subject || inherited.absoluteExpiresAt <= at) return undefined
  return { ticket, record, ...inherited } as Predecessor
}
