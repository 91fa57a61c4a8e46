import type { Config } from '../config/config.ts'
import type { Provider } from '../oidc/port.ts'
import type { SendPage } from '../pages/send-page.ts'
import type { Report } from '../report/events.ts'
import type { Security } from '../security/create-security.ts'
import { createFailureLimit } from '../security/failure-limit.ts'
import type { Sessions } from '../session/sessions.ts'
import type { WithoutCookie } from '../session/without-cookie.ts'
import type { Store } from '../store/port.ts'
import type { Sealer } from '../store/sealing.ts'
import { createLogoutCallback, createLogoutContinue } from './after-logout.ts'
import { createApplyLogout } from './apply-logout.ts'
import { createBackchannelLogout } from './backchannel-logout.ts'
import { createFrontchannelLogout } from './frontchannel-logout.ts'
import { createKeptLogouts } from './kept-logouts.ts'
import { createLogoutContinuations } from './logout-continuations.ts'
import { createLogout, createLogoutPage } from './logout.ts'
import type { SessionOf } from './require-session.ts'
import type { RevokeTokens } from './revoke-tokens.ts'

interface Parts {
  readonly config: Config
  readonly store: Store
  readonly namespace: string
  readonly provider: Provider
  readonly sessions: Sessions
  readonly security: Security
  readonly sealer: Sealer
  readonly sendPage: SendPage
  readonly sessionOf: SessionOf
  readonly revokeTokens: RevokeTokens
  readonly withoutCookie: WithoutCookie
  readonly report: Report
  readonly now: () => number
}

/** Logout tokens that are not good, and frames that end nothing, from one address. */
const MOST_FAILURES_PER_MINUTE = 60

/** The endpoints through which people and the provider end sessions. */
export function createLogoutEndpoints(parts: Parts) {
  const { config, store, namespace, security, provider, sessions, sealer, sendPage, report, now } = parts
  const { names, refuseForgedRequest, requestIdOf, peers } = security
  const { prefix, secure } = config.baseUrl
  const continuations = createLogoutContinuations({ store, sealer, namespace, cookieName: names.logout, secure })

  const { endListed } = parts.withoutCookie
  const applyLogout = createApplyLogout({ store, namespace, endListed, now })
  const keptLogouts = createKeptLogouts({ applyLogout, inBackground: sessions.background.run, report })
  const byProvider = {
    issuer: config.provider.issuer,
    failureLimit: createFailureLimit({ most: MOST_FAILURES_PER_MINUTE, now }),
    accountableAddress: peers.accountableAddress,
    requestIdOf,
    report,
    now,
  }

  return {
    logout: createLogout({
      prefix,
      refuseForgedRequest,
      sessionOf: parts.sessionOf,
      provider,
      cookieName: names.session,
      secure,
      endSession: sessions.end,
      revokeTokens: parts.revokeTokens,
      continuations,
      sendPage,
      report,
    }),
    logoutPage: createLogoutPage(prefix, sendPage),
    logoutContinue: createLogoutContinue({ prefix, continuations, sendPage }),
    logoutCallback: createLogoutCallback({ prefix, continuations, sendPage }),
    backchannelLogout: createBackchannelLogout({ ...byProvider, provider, applyLogout, keptLogouts }),
    frontchannelLogout: createFrontchannelLogout({ ...byProvider, endListed }),
    stopKeeping: keptLogouts.stop,
  }
}
