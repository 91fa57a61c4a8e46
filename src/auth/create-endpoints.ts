import type { Request } from 'express'
import type { Config } from '../config/config.ts'
import type { Provider } from '../oidc/port.ts'
import { loadAssets } from '../pages/assets.ts'
import { createSendPage } from '../pages/send-page.ts'
import type { Report } from '../report/events.ts'
import type { CookieNames } from '../security/cookie-names.ts'
import { createLimit } from '../security/limits.ts'
import type { ReadTicket } from '../security/read-ticket.ts'
import type { RefuseForgedRequest } from '../security/refuse-forged-request.ts'
import type { RequestIdOf } from '../security/request-id.ts'
import type { ReturnTo } from '../security/return-to.ts'
import type { Sessions } from '../session/create-sessions.ts'
import type { Store } from '../store/port.ts'
import { createSealer } from '../store/sealing.ts'
import { createLogoutCallback, createLogoutContinue } from './after-logout.ts'
import { createCallback } from './callback.ts'
import { createLoginBindings } from './login-binding.ts'
import { createLoginTransactions } from './login-transactions.ts'
import { createLogin } from './login.ts'
import { createLogoutContinuations } from './logout-continuations.ts'
import { createLogout, createLogoutPage } from './logout.ts'
import { createAssets, createReload } from './page-parts.ts'
import { createSessionOf } from './require-session.ts'
import { createRevokeTokens } from './revoke-tokens.ts'
import { createExtendEndpoint, createSessionEndpoint } from './session.ts'

interface Parts {
  readonly config: Config
  readonly store: Store
  readonly namespace: string
  readonly names: CookieNames
  readonly provider: Provider
  readonly sessions: Sessions
  readonly readTicket: ReadTicket
  readonly refuseForgedRequest: RefuseForgedRequest
  readonly accountableAddress: (request: Request) => string | undefined
  /** Whether a place in the application is carried to an upstream. */
  readonly isCarried: (returnTo: ReturnTo) => boolean
  readonly requestIdOf: RequestIdOf
  readonly report: Report
  readonly now: () => number
}

export type Endpoints = ReturnType<typeof createEndpoints>

/** Every endpoint of the counter lane, put together; where they are mounted is said in `gateway.ts`. */
export function createEndpoints(parts: Parts) {
  const { config, store, namespace, names, provider, sessions, readTicket, requestIdOf, report, now } = parts
  const { origin, prefix, secure } = config.baseUrl
  const sealer = createSealer({ secrets: config.secrets, namespace })
  const sendPage = createSendPage(prefix)
  const sessionOf = createSessionOf(readTicket, sessions.find)
  const lifetimeMilliseconds = config.login.timeoutMilliseconds
  const limit = (of: 'address' | 'browser', most: number) =>
    createLimit({ store, name: `${namespace}:limit:${of}`, most, now, onReached: () => report('limit_reached', { limit: of, endpoint: 'login' }) })

  const login = {
    ...parts,
    origin,
    prefix,
    issuer: config.provider.issuer,
    transactions: createLoginTransactions({ store, sealer, namespace, lifetimeMilliseconds }),
    bindings: createLoginBindings({ names, secure, mostOpen: config.login.mostOpen, lifetimeMilliseconds }),
    addressLimit: limit('address', config.login.mostPerMinutePerAddress),
    browserLimit: limit('browser', config.login.mostPerMinutePerBrowser),
    findSession: sessions.find,
    beginSession: sessions.begin,
    endSession: sessions.end,
    sendPage,
    landing: (returnTo: ReturnTo) =>
      parts.isCarried(returnTo) ? `${prefix}/login/continue?returnTo=${encodeURIComponent(returnTo)}` : returnTo,
  }
  const asked = { ...parts, prefix, sessionOf, activity: sessions.activity }
  const continuations = createLogoutContinuations({ store, sealer, namespace, cookieName: names.logout, secure })

  return {
    login: createLogin(login),
    reload: createReload(origin, prefix, sendPage),
    callback: createCallback(login),
    session: createSessionEndpoint(asked),
    extend: createExtendEndpoint(asked),
    logout: createLogout({
      ...asked,
      cookieName: names.session,
      secure,
      endSession: sessions.end,
      revokeTokens: createRevokeTokens(provider, report, sessions.background.run),
      continuations,
      sendPage,
    }),
    logoutPage: createLogoutPage(prefix, sendPage),
    logoutContinue: createLogoutContinue({ prefix, continuations, sendPage }),
    logoutCallback: createLogoutCallback({ prefix, continuations, sendPage }),
    asset: createAssets(loadAssets()),
    sessionOf,
    requestIdOf,
  }
}
