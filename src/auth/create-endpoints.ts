import type { Config } from '../config/config.ts'
import type { Provider } from '../oidc/port.ts'
import { loadAssets } from '../pages/assets.ts'
import { createSendPage } from '../pages/send-page.ts'
import type { Report } from '../report/events.ts'
import type { Security } from '../security/create-security.ts'
import { createLimit } from '../security/limits.ts'
import type { ReturnTo } from '../security/return-to.ts'
import { createFailureLimit } from '../security/failure-limit.ts'
import type { Sessions } from '../session/create-sessions.ts'
import type { WithoutCookie } from '../session/without-cookie.ts'
import type { Store } from '../store/port.ts'
import { createSealer } from '../store/sealing.ts'
import { createApplyLogout } from './apply-logout.ts'
import { createBackchannelLogout } from './backchannel-logout.ts'
import { createFrontchannelLogout } from './frontchannel-logout.ts'
import { createKeptLogouts } from './kept-logouts.ts'
import { createMySessions } from './my-sessions.ts'
import { createLogoutCallback, createLogoutContinue } from './after-logout.ts'
import { createCallback } from './callback.ts'
import { createLoginBindings } from './login-binding.ts'
import { createLoginTransactions } from './login-transactions.ts'
import { createLogin } from './login.ts'
import { createLogoutContinuations } from './logout-continuations.ts'
import { createLogout, createLogoutPage } from './logout.ts'
import { createAssets, createReload } from './page-parts.ts'
import { createSessionOf } from './require-session.ts'
import type { RevokeTokens } from './revoke-tokens.ts'
import { createExtendEndpoint, createSessionEndpoint } from './session.ts'

interface Parts {
  readonly config: Config
  readonly store: Store
  readonly namespace: string
  readonly provider: Provider
  readonly sessions: Sessions
  readonly security: Security
  /** Whether a place in the application is carried to an upstream. */
  readonly isCarried: (target: ReturnTo) => boolean
  readonly revokeTokens: RevokeTokens
  readonly withoutCookie: WithoutCookie
  readonly report: Report
  readonly now: () => number
}

/** Logout tokens that are not good, and frames that end nothing, from one address. */
const MOST_FAILURES_PER_MINUTE = 60

export type Endpoints = ReturnType<typeof createEndpoints>

/** Every endpoint of the counter lane, put together; where they are mounted is said in `gateway.ts`. */
export function createEndpoints(parts: Parts) {
  const { config, store, namespace, security, provider, sessions, revokeTokens, report, now } = parts
  const { names, readTicket, refuseForgedRequest, requestIdOf, peers } = security
  const { origin, prefix, secure } = config.baseUrl
  const sealer = createSealer({ secrets: config.secrets, namespace })
  const sendPage = createSendPage(prefix)
  const sessionOf = createSessionOf(readTicket, sessions.find)
  const lifetimeMilliseconds = config.login.timeoutMilliseconds
  const limit = (of: 'address' | 'browser', most: number) =>
    createLimit({
      store,
      name: `${namespace}:limit:${of}`,
      most,
      now,
      onReached: () => report('limit_reached', { limit: of, endpoint: 'login' }),
    })

  const login = {
    origin,
    prefix,
    provider,
    readTicket,
    requestIdOf,
    accountableAddress: peers.accountableAddress,
    report,
    now,
    issuer: config.provider.issuer,
    transactions: createLoginTransactions({ store, sealer, namespace, lifetimeMilliseconds }),
    bindings: createLoginBindings({ names, secure, mostOpen: config.login.mostOpen, lifetimeMilliseconds }),
    addressLimit: limit('address', config.login.mostPerMinutePerAddress),
    browserLimit: limit('browser', config.login.mostPerMinutePerBrowser),
    findSession: sessions.find,
    beginSession: sessions.begin,
    endSession: sessions.end,
    revokeTokens,
    sendPage,
    landing: (returnTo: ReturnTo) =>
      parts.isCarried(returnTo) ? `${prefix}/login/continue?returnTo=${encodeURIComponent(returnTo)}` : returnTo,
  }
  const asked = { prefix, refuseForgedRequest, sessionOf, activity: sessions.activity, lifetimes: sessions.lifetimes, now }
  const continuations = createLogoutContinuations({ store, sealer, namespace, cookieName: names.logout, secure })

  const { endListed, endWithoutCookie } = parts.withoutCookie
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
    backchannelLogout: createBackchannelLogout({ ...byProvider, provider, applyLogout, keptLogouts }),
    frontchannelLogout: createFrontchannelLogout({ ...byProvider, endListed }),
    mySessions: createMySessions({
      refuseForgedRequest,
      sessionOf,
      readList: sessions.readList,
      endSession: sessions.end,
      endWithoutCookie,
      endListed,
      revokeTokens,
      keys: sessions.keys,
      cookieName: names.session,
      secure,
      now,
    }),
    stopKeeping: keptLogouts.stop,
    login: createLogin(login),
    reload: createReload(origin, prefix, sendPage),
    callback: createCallback(login),
    session: createSessionEndpoint(asked),
    extend: createExtendEndpoint(asked),
    logout: createLogout({
      prefix,
      refuseForgedRequest,
      sessionOf,
      provider,
      cookieName: names.session,
      secure,
      endSession: sessions.end,
      revokeTokens,
      continuations,
      sendPage,
      report,
    }),
    logoutPage: createLogoutPage(prefix, sendPage),
    logoutContinue: createLogoutContinue({ prefix, continuations, sendPage }),
    logoutCallback: createLogoutCallback({ prefix, continuations, sendPage }),
    asset: createAssets(loadAssets()),
    sessionOf,
  }
}
