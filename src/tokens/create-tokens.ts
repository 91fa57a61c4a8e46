import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { Provider } from '../oidc/port.ts'
import type { Report } from '../report/events.ts'
import type { Sessions } from '../session/sessions.ts'
import { createGrantOf } from '../session/grant-of.ts'
import type { LiveSession } from '../session/records.ts'
import type { Store } from '../store/port.ts'
import { type AccessTokens, createAccessTokens } from './access-token.ts'
import { createAwaitTurn } from './await-turn.ts'
import { createBackoff } from './backoff.ts'
import { createFreshnessOf } from './freshness.ts'
import { createKeepRenewed } from './keep-renewed.ts'
import { createTakeLease } from './lease.ts'
import { outcomeOf, type RefreshOutcome } from './outcome.ts'
import { createProviderGate } from './provider-gate.ts'
import { createRefreshSession } from './refresh-session.ts'
import { createRenewRefused, type RenewRefused } from './renew-refused.ts'
import { createRenew } from './renew.ts'
import { restoreGrants } from './restore-grants.ts'
import { createWriteLater } from './write-later.ts'

interface Parts {
  readonly config: Pick<Config, 'provider' | 'session'>
  readonly provider: Provider
  readonly sessions: Sessions
  readonly revokeTokens: (session: LiveSession) => void
  readonly store: Pick<Store, 'link' | 'lease' | 'release' | 'read' | 'watch'>
  readonly report: Report
  readonly now: () => number
  /** Milliseconds since any moment: they pass evenly, whatever the clock is set to. */
  readonly steady?: () => number
}

export interface Tokens extends Pick<AccessTokens, 'get'> {
  readonly renewRefused: RenewRefused
}

/** Access tokens, fresh when they are asked for. */
export function createTokens(parts: Parts): Tokens {
  const { config, provider, sessions, revokeTokens, store, report, now, steady = () => performance.now() } = parts
  const { issuer, refreshLeewayMilliseconds, refreshWaitMilliseconds: mostWaitMilliseconds } = config.provider
  const { find, findAnew, renewed, replaceGrant, holdGrant, storedVersions } = sessions
  const { lease: leaseKey, grant: grantKey } = sessions.keys
  const inBackground = sessions.background.run
  const freshnessOf = createFreshnessOf(refreshLeewayMilliseconds)
  const gate = createProviderGate({
    now: steady,
    told: (state, reason) => report('token_endpoint_state', { issuer, state, ...(reason && { reason }) }),
  })
  const writeLater = createWriteLater({ replaceGrant, now })
  const keeping = { replaceGrant, writeLater, holdGrant, renewed, findAnew, revokeTokens, inBackground, report }
  const keepRenewed = createKeepRenewed(keeping)
  const renew = createRenew({
    provider,
    gate,
    keepRenewed,
    findAnew,
    endSession: sessions.end,
    grantOf: createGrantOf(config.provider.claims, config.session.rules),
    freshnessOf,
    report,
    now,
  })
  const refreshSession = createRefreshSession({
    findSession: find,
    findAnew,
    takeLease: createTakeLease({ store, leaseKey, now }),
    awaitTurn: createAwaitTurn({ store, leaseKey, grantKey }),
    renew,
    freshnessOf,
    isHeld: renewed.isHeld,
    providerRest: gate.restMilliseconds,
    endWithoutRefreshToken,
    link: store.link,
    mostWaitMilliseconds,
    now,
  })
  restoreGrants({ store, lately: renewed.lately, storedVersions, replaceGrant, inBackground })
  const accessTokens = createAccessTokens({
    refreshSession,
    endWithoutRefreshToken,
    freshnessOf,
    backoff: createBackoff({ now: steady }),
    inBackground,
    mostWaitMilliseconds,
    now,
    steady,
    pause,
  })
  return { get: accessTokens.get, renewRefused: createRenewRefused(accessTokens) }

  async function endWithoutRefreshToken(session: LiveSession): Promise<RefreshOutcome> {
    // Another session has taken its place, and the grant with it.
    if (session.successor !== undefined) return { kind: 'ended', reason: 'replaced' }
    if (config.session.withoutRefreshToken === 'login') return { kind: 'ended', reason: 'expired' }
    return outcomeOf(await sessions.end(session, 'expired'))
  }
}
