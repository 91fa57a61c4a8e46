import type { Weather } from '../report/weather.ts'
import type { Provider, RefreshAnswer } from '../oidc/port.ts'
import type { RefreshOutcome as ReportedOutcome, Report } from '../report/events.ts'
import type { EndSession } from '../session/end-session.ts'
import type { FindSession } from '../session/find-session.ts'
import type { GrantOf } from '../session/grant-of.ts'
import type { LiveSession } from '../session/records.ts'
import { sessionName } from '../session/session-name.ts'
import type { FreshnessOf } from './freshness.ts'
import type { KeepRenewed } from './keep-renewed.ts'
import { type Lease, LEASE_MILLISECONDS } from './lease.ts'
import { outcomeOf, type RefreshOutcome, unavailable } from './outcome.ts'
import type { Pass, ProviderGate } from './provider-gate.ts'
import { refreshedGrant } from './refreshed-grant.ts'

interface Steps {
  readonly provider: Pick<Provider, 'refresh'>
  readonly gate: Pick<ProviderGate, 'enter' | 'restMilliseconds'>
  readonly keepRenewed: KeepRenewed
  /** On the store's word of now. */
  readonly findAnew: FindSession
  readonly endSession: EndSession
  readonly grantOf: GrantOf
  readonly freshnessOf: FreshnessOf
  readonly report: Report
  readonly now: () => number
}

/** Sends a session's refresh token, once, and keeps what comes back. Only whoever holds the lease may ask. */
export type Renew = (session: LiveSession, refreshToken: string, lease: Lease) => Promise<RefreshOutcome>

export function createRenew(steps: Steps): Renew {
  const { provider, gate, keepRenewed, findAnew, endSession, grantOf, freshnessOf, report, now } = steps

  return async function renew(session, refreshToken, lease) {
    const pass = await gate.enter()
    if (pass === undefined) return resting()
    const startedAt = now()
    const answer = await ask(session, refreshToken, lease, pass)
    if (answer === undefined) return unavailable('elsewhere', 'somebody else is at it, or has renewed it meanwhile')
    switch (answer.kind) {
      case 'refreshed':
        return keep(session, answer, startedAt, lease)
      case 'refused':
        return believe(session, startedAt, lease)
      case 'unavailable':
        tell(session, 'unavailable', startedAt, answer.reason, answer.error.message)
        return { ...answer, retryMilliseconds: (answer.retryAfterSeconds ?? 0) * 1_000 }
      default:
        return answer satisfies never
    }
  }

  function resting(): RefreshOutcome {
    return unavailable('resting', 'the provider is left in peace for a moment', gate.restMilliseconds())
  }

  /** The one token call; undefined where the store does not say, just before it, that it is ours to make. */
  async function ask(session: LiveSession, refreshToken: string, lease: Lease, pass: Pass): Promise<RefreshAnswer | undefined> {
    const { issuer, subject } = session.record
    const grant = { refreshToken, issuer, subject, authTime: session.grant.authTime }
    const answer = await isOurs(session, lease)
      .then((ours) => (ours ? provider.refresh(grant) : undefined))
      .catch((error: unknown) => {
        pass.unused()
        throw error
      })
    if (answer === undefined) pass.unused()
    else if (answer.kind !== 'unavailable') pass.answered()
    else pass.failed(answer.reason, answer.retryAfterSeconds === undefined ? undefined : answer.retryAfterSeconds * 1_000)
    return answer
  }

  /**
   * Whether the lease is ours, and the refresh token, which was read under it, still the newest. Where this process stood still since,
   * or waited for its turn, the lease may have lapsed, somebody else have refreshed, and given it back: then the store is asked again,
   * and where even this look took as long as a lease lives, nobody knows.
   */
  async function isOurs({ ticket, grant }: LiveSession, lease: Lease): Promise<boolean> {
    if (lease.isJustTaken()) return true
    const askedAt = now()
    if (!(await lease.confirm())) return false
    const verdict = await findAnew(ticket)
    const isStanding =
      verdict.kind === 'live' &&
      verdict.session.grant.version === grant.version &&
      // A session that was sent on its way out meanwhile has none.
      verdict.session.grant.refreshToken === grant.refreshToken
    return isStanding && now() - askedAt < LEASE_MILLISECONDS
  }

  async function keep(
    { ticket, record, grant }: LiveSession,
    { tokens }: Extract<RefreshAnswer, { kind: 'refreshed' }>,
    startedAt: number,
    lease: Lease,
  ): Promise<RefreshOutcome> {
    // Nobody renews a token that is good for long yet, unless an upstream has refused it.
    const cameOfRefusal = freshnessOf(grant, startedAt) === 'fresh'
    const next = Object.freeze({ ...refreshedGrant(grant, tokens, now(), grantOf), cameOfRefusal })
    const session = Object.freeze({ ticket, record, grant: next })
    const keeping = await keepRenewed(session, lease.release)
    const isOurs = keeping === 'written' || keeping === 'held'
    tell(session, isOurs ? 'refreshed' : 'taken_over', startedAt, undefined, keeping)
    if (!isOurs) return outcomeOf(await findAnew(ticket))
    if (JSON.stringify(next.claims) !== JSON.stringify(grant.claims)) {
      report('claims_changed', { session: sessionName(ticket.id), subject: record.subject })
    }
    return { kind: 'fresh', session }
  }

  /** The provider's `invalid_grant` ends the session only where nobody can have spent the token meanwhile. */
  async function believe(session: LiveSession, startedAt: number, lease: Lease): Promise<RefreshOutcome> {
    const isStillOurs = await lease.confirm()
    const verdict = await findAnew(session.ticket)
    if (verdict.kind === 'ended' || verdict.session.grant.version !== session.grant.version) {
      tell(session, 'taken_over', startedAt, undefined, 'refused by the provider')
      return outcomeOf(verdict)
    }
    if (verdict.session.successor !== undefined) {
      // The provider may well have ended this grant with the step-up; what it has issued since is in the session that goes on.
      tell(session, 'taken_over', startedAt, undefined, 'refused by the provider')
      return { kind: 'ended', reason: 'replaced' }
    }
    if (!isStillOurs) {
      tell(session, 'unavailable', startedAt, 'elsewhere', 'refused by the provider, but somebody else is at it')
      return unavailable('elsewhere', 'the lease was lost on the way')
    }
    tell(session, 'ended', startedAt, undefined, 'refused by the provider')
    return outcomeOf(await endSession(session, 'grant_refused'))
  }

  function tell(
    { ticket, record }: LiveSession,
    outcome: ReportedOutcome,
    startedAt: number,
    reason: Weather | undefined,
    note: string,
  ): void {
    const fields = { session: sessionName(ticket.id), subject: record.subject, outcome, note, milliseconds: now() - startedAt }
    report('token_refreshed', reason === undefined ? fields : { ...fields, reason })
  }
}
