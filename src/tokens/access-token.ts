import { GatewayError } from '../errors.ts'
import type { AccessToken, LiveSession } from '../session/records.ts'
import type { Backoff } from './backoff.ts'
import type { FreshnessOf } from './freshness.ts'
import { type RefreshOutcome, type Unavailable, unavailable } from './outcome.ts'
import type { RefreshSession } from './refresh-session.ts'
import { createSingleFlight } from './single-flight.ts'

const RETRY_AFTER_SECONDS = 5
/** A try costs the store a look or two: this much lies between two of the same request. */
const LEAST_PAUSE_MILLISECONDS = 50

interface Steps {
  readonly refreshSession: RefreshSession
  readonly endWithoutRefreshToken: (session: LiveSession) => Promise<RefreshOutcome>
  readonly freshnessOf: FreshnessOf
  readonly backoff: Backoff
  /** Where a refresh goes on when nobody waits for it. */
  readonly inBackground: (work: Promise<void>) => void
  readonly mostWaitMilliseconds: number
  readonly now: () => number
  /** Milliseconds that pass evenly: by a clock that is set back, a request would wait for long. */
  readonly steady: () => number
  readonly pause: (milliseconds: number) => Promise<unknown>
}

export interface AccessTokens {
  /**
   * The session's access token, good now; no promise where it needs no waiting.
   * Throws `session_missing` where the session has ended on the way, `token_unavailable` where there is no good token for the moment.
   */
  readonly get: (session: LiveSession) => AccessToken | Promise<AccessToken>
  /** A newer token than the session's, waited for in the same way: for one that is not good although it should be. */
  readonly renewed: (session: LiveSession) => Promise<LiveSession>
}

export function createAccessTokens(steps: Steps): AccessTokens {
  const { refreshSession, endWithoutRefreshToken, freshnessOf, backoff, inBackground, mostWaitMilliseconds, now, steady, pause } =
    steps
  const share = createSingleFlight<RefreshOutcome>()

  function get(session: LiveSession): AccessToken | Promise<AccessToken> {
    const { grant } = session
    const freshness = freshnessOf(grant, now())
    if (freshness === 'fresh') return grant.accessToken
    if (grant.refreshToken === undefined) {
      return freshness === 'expiring' ? grant.accessToken : endWithoutRefreshToken(session).then(sessionOf).then(tokenOf)
    }
    if (freshness === 'expired') return renewed(session).then(tokenOf)
    // Nobody waits for it here; what goes wrong is told by the background.
    if (backoff.restOf(session.ticket.id) === 0) refresh(session).catch(() => undefined)
    return grant.accessToken
  }

  /** Tries until there is a token, the session has ended, or the patience is used up. */
  async function renewed(session: LiveSession): Promise<LiveSession> {
    const until = steady() + mostWaitMilliseconds
    for (;;) {
      const outcome = await within(until - steady(), refresh(session))
      if (outcome.kind !== 'unavailable') return sessionOf(outcome)
      const wait = Math.max(outcome.retryMilliseconds, backoff.restOf(session.ticket.id), LEAST_PAUSE_MILLISECONDS)
      if (steady() + wait >= until) throw notNow(outcome, wait)
      await pause(wait)
    }
  }

  function refresh(session: LiveSession): Promise<RefreshOutcome> {
    return share(session.ticket.id, () => {
      const attempt = attempted(session)
      // The refresh belongs to the session: whoever leaves meanwhile, it goes on, and a drain waits for it.
      inBackground(attempt.then(() => undefined))
      return attempt
    })
  }

  async function attempted(session: LiveSession): Promise<RefreshOutcome> {
    const outcome = await refreshSession(session)
    if (outcome.kind === 'unavailable') backoff.failed(session.ticket.id)
    else backoff.succeeded(session.ticket.id)
    return outcome
  }

  return { get, renewed }
}

function tokenOf({ grant }: LiveSession): AccessToken {
  return grant.accessToken
}

function sessionOf(outcome: RefreshOutcome): LiveSession {
  switch (outcome.kind) {
    case 'fresh':
      return outcome.session
    case 'ended':
      throw new GatewayError('session_missing', { reason: outcome.reason })
    case 'unavailable':
      throw notNow(outcome, 0)
    default:
      return outcome satisfies never
  }
}

function notNow({ reason, error }: Unavailable, waitMilliseconds: number): GatewayError {
  return new GatewayError(reason === 'store' ? 'store_unavailable' : 'token_unavailable', {
    weather: reason,
    retryAfterSeconds: Math.max(RETRY_AFTER_SECONDS, Math.ceil(waitMilliseconds / 1_000)),
    cause: error,
  })
}

/** The refresh itself goes on to its end, for those who come later. */
function within(milliseconds: number, refresh: Promise<RefreshOutcome>): Promise<RefreshOutcome> {
  let timer: NodeJS.Timeout
  const patience = new Promise<RefreshOutcome>((resolve) => {
    timer = setTimeout(() => resolve(unavailable('timeout', 'the refresh takes too long')), milliseconds)
  })
  return Promise.race([refresh, patience]).finally(() => clearTimeout(timer))
}
