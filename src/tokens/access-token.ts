import { FAILURES, GatewayError } from '../errors.ts'
import type { EndSession } from '../session/end-session.ts'
import type { AccessToken, LiveSession, Verdict } from '../session/records.ts'
import { freshnessOf } from './freshness.ts'
import type { RefreshOutcome, RefreshSession } from './refresh-session.ts'
import { createSingleFlight } from './single-flight.ts'

/** A request that waits for a refresh waits this long at most; the refresh itself goes on to its end. */
const MOST_WAIT_MILLISECONDS = 10_000
const RETRY_AFTER_SECONDS = 5

interface Steps {
  readonly refreshSession: RefreshSession
  readonly endSession: EndSession
  /** Where a refresh goes on when nobody waits for it. */
  readonly inBackground: (work: Promise<void>) => void
  readonly now: () => number
}

/**
 * The session's access token, good now; no promise where it needs no waiting.
 * Throws `session_missing` where the session has ended on the way, `token_unavailable` where there is no good token for the moment.
 */
export type GetAccessToken = (session: LiveSession) => AccessToken | Promise<AccessToken>

export function createGetAccessToken({ refreshSession, endSession, inBackground, now }: Steps): GetAccessToken {
  const share = createSingleFlight<RefreshOutcome>()

  return function getAccessToken(session) {
    const { grant } = session
    const freshness = freshnessOf(grant, now())
    if (freshness === 'fresh') return grant.accessToken
    if (grant.refreshToken === undefined) return freshness === 'expiring' ? grant.accessToken : ended(session)

    // The refresh belongs to the session: whoever leaves meanwhile, it goes on.
    const refresh = share(session.ticket.id, () => tracked(session))
    if (freshness === 'expired') return within(refresh).then(tokenOf)
    // Nobody waits for it here; what goes wrong is told by the background.
    refresh.catch(nothing)
    return grant.accessToken
  }

  function tracked(session: LiveSession): Promise<RefreshOutcome> {
    const refresh = refreshSession(session)
    inBackground(refresh.then(nothing))
    return refresh
  }

  async function ended(session: LiveSession): Promise<AccessToken> {
    return tokenOf(await endSession(session, 'expired'))
  }
}

function tokenOf(outcome: RefreshOutcome | Verdict): AccessToken {
  switch (outcome.kind) {
    case 'live':
      return outcome.session.grant.accessToken
    case 'ended':
      throw new GatewayError('session_missing', { reason: outcome.reason })
    case 'unavailable':
      if (FAILURES[outcome.error.code].blame === 'store') throw outcome.error
      throw new GatewayError('token_unavailable', {
        retryAfterSeconds: outcome.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
        cause: outcome.error,
      })
    default:
      return outcome satisfies never
  }
}

function nothing(): void {}

function within(refresh: Promise<RefreshOutcome>): Promise<RefreshOutcome> {
  let timer: NodeJS.Timeout
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new GatewayError('token_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, note: 'the refresh takes too long' }),
        ),
      MOST_WAIT_MILLISECONDS,
    )
  })
  return Promise.race([refresh, patience]).finally(() => clearTimeout(timer))
}
