import { setTimeout as pause } from 'node:timers/promises'
import type { FindSession } from '../session/find-session.ts'
import type { LiveSession, SessionId } from '../session/records.ts'
import type { StoreLink } from '../store/port.ts'
import type { AwaitTurn } from './await-turn.ts'
import type { FreshnessOf } from './freshness.ts'
import type { Lease, TakeLease } from './lease.ts'
import { outcomeOf, type RefreshOutcome, stormy, unavailable } from './outcome.ts'
import type { Renew } from './renew.ts'

/**
 * After a store was found again, nobody begins a refresh for so long: others may be in the middle of one whose lease it has forgotten,
 * or hold a grant that it has lost, and put them back now.
 */
const SETTLING_MILLISECONDS = 1_000

interface Steps {
  readonly findSession: FindSession
  readonly findAnew: FindSession
  readonly takeLease: TakeLease
  readonly awaitTurn: AwaitTurn
  readonly renew: Renew
  readonly freshnessOf: FreshnessOf
  /** Whether a renewed grant of the session waits to be written. */
  readonly isHeld: (id: SessionId) => boolean
  /** Milliseconds for which the provider is left in peace. */
  readonly providerRest: () => number
  readonly endWithoutRefreshToken: (session: LiveSession) => Promise<RefreshOutcome>
  readonly link: Pick<StoreLink, 'live' | 'foundAgainAt'>
  /** How long another instance is waited for. */
  readonly mostWaitMilliseconds: number
  readonly now: () => number
}

/**
 * Gets a session fresh tokens, once for everybody: here, or by another instance that is at it. Weather is an outcome; what is thrown is
 * a fault of ours.
 *
 * Look, take the lease, look again, ask the provider, write, give the lease back: never in another order.
 */
export type RefreshSession = (asked: LiveSession) => Promise<RefreshOutcome>

export function createRefreshSession(steps: Steps): RefreshSession {
  const { findSession, findAnew, takeLease, awaitTurn, renew, link, now } = steps

  return async function refreshSession(asked) {
    try {
      return await refresh(asked)
    } catch (error) {
      return stormy(error)
    }
  }

  async function refresh(asked: LiveSession): Promise<RefreshOutcome> {
    const { id } = asked.ticket
    const patientUntil = now() + steps.mostWaitMilliseconds
    for (;;) {
      const known = good(asked, await findSession(asked.ticket)) ?? hopeless(id)
      if (known) return known
      // Never longer than that: a clock that is set back would have everybody wait until it is there again.
      const settling = Math.min(SETTLING_MILLISECONDS, link.foundAgainAt + SETTLING_MILLISECONDS - now())
      if (settling > 0) await pause(settling)

      const lease = await takeLease(id)
      if (lease) return underLease(asked, lease)
      if (now() >= patientUntil) return unavailable('elsewhere', 'another instance is at it')
      await awaitTurn(id)
    }
  }

  /** What needs no refresh (any more): the session has ended, or somebody has renewed it since. */
  function good(asked: LiveSession, verdict: Awaited<ReturnType<FindSession>>): RefreshOutcome | undefined {
    if (verdict.kind === 'ended') return outcomeOf(verdict)
    const { grant } = verdict.session
    const isRenewed = grant.version !== asked.grant.version && steps.freshnessOf(grant, now()) !== 'expired'
    return isRenewed ? outcomeOf(verdict) : undefined
  }

  /** Why it would be of no use, or dangerous, to try now. */
  function hopeless(id: SessionId): RefreshOutcome | undefined {
    if (!link.live) return unavailable('store', 'no refresh while the store is away')
    // The store does not know the refresh token that is good; a rotation more could not be written either.
    if (steps.isHeld(id)) return unavailable('store', 'renewed tokens wait to be written')
    const rest = steps.providerRest()
    return rest > 0 ? unavailable('resting', 'the provider is left in peace for a moment', rest) : undefined
  }

  async function underLease(asked: LiveSession, lease: Lease): Promise<RefreshOutcome> {
    try {
      // Look again: who waited for the lease may find that the work is done, and a spent refresh token must never be sent.
      const verdict = await findAnew(asked.ticket)
      const known = good(asked, verdict)
      if (known || verdict.kind === 'ended') return known ?? outcomeOf(verdict)
      const { refreshToken } = verdict.session.grant
      if (refreshToken === undefined) return await steps.endWithoutRefreshToken(verdict.session)
      return await renew(verdict.session, refreshToken, lease)
    } finally {
      // Where new tokens wait to be written, whoever writes them gives it back. Nobody waits for that here: it never rejects.
      if (!steps.isHeld(asked.ticket.id)) void lease.release()
    }
  }
}
