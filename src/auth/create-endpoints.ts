import type { Config } from '../config/config.ts'
import type { LiveConnections } from '../live/live-connection.ts'
import type { Provider } from '../oidc/port.ts'
import { loadAssets, loadClient } from '../pages/assets.ts'
import { createSendPage } from '../pages/send-page.ts'
import type { Report } from '../report/events.ts'
import type { Security } from '../security/create-security.ts'
import { createLimit } from '../security/limits.ts'
import type { ReturnTo } from '../security/return-to.ts'
import type { MeetsLevel } from '../session/authentication-level.ts'
import type { Sessions } from '../session/sessions.ts'
import type { WithoutCookie } from '../session/without-cookie.ts'
import type { Store } from '../store/port.ts'
import { createSealer } from '../store/sealing.ts'
import { createClientScript } from './client-script.ts'
import { createMySessions } from './my-sessions.ts'
import { createCallback } from './callback.ts'
import { createEvents } from './events.ts'
import { createLoginBindings } from './login-binding.ts'
import { createLoginTransactions } from './login-transactions.ts'
import { createLogin } from './login.ts'
import { createLogoutEndpoints } from './create-logout-endpoints.ts'
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
  readonly live: Pick<LiveConnections, 'enter' | 'pagesOf'>
  readonly meetsLevel: MeetsLevel
  readonly report: Report
  readonly now: () => number
}

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
    rememberMe: config.session.rememberMe,
    beginSession: sessions.begin,
    endSession: sessions.end,
    retireSession: sessions.retire,
    standingSession: sessions.standing,
    revokeTokens,
    sendPage,
    landing: (returnTo: ReturnTo) =>
      parts.isCarried(returnTo) ? `${prefix}/login/continue?returnTo=${encodeURIComponent(returnTo)}` : returnTo,
  }
  const asked = { prefix, refuseForgedRequest, sessionOf, activity: sessions.activity, lifetimes: sessions.lifetimes, now }
  const { endListed, endWithoutCookie } = parts.withoutCookie

  return {
    ...createLogoutEndpoints({ ...parts, sealer, sendPage, sessionOf }),
    mySessions: createMySessions({
      refuseForgedRequest,
      sessionOf,
      readList: sessions.readList,
      standingSession: sessions.standing,
      endSession: sessions.end,
      endWithoutCookie,
      endListed,
      revokeTokens,
      keys: sessions.keys,
      meetsLevel: parts.meetsLevel,
      endOthersMaxAgeMilliseconds: config.session.endOthersMaxAgeMilliseconds,
      cookieName: names.session,
      secure,
      now,
    }),
    login: createLogin(login),
    reload: createReload(origin, prefix, sendPage),
    callback: createCallback(login),
    session: createSessionEndpoint(asked),
    extend: createExtendEndpoint(asked),
    events: createEvents({ ...asked, config: config.events, live: parts.live, requestIdOf, report }),
    asset: createAssets(loadAssets()),
    client: createClientScript(loadClient()),
    sessionOf,
  }
}
