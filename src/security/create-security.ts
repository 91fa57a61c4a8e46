import type { Config } from '../config/config.ts'
import type { Report } from '../report/events.ts'
import { deriveCookieKeys } from './cookie-keys.ts'
import { type CookieNames, cookieNames } from './cookie-names.ts'
import { createPeers, type Peers } from './peers.ts'
import { createReadTicket, type ReadTicket } from './read-ticket.ts'
import { createRefuseForeignTarget, type RefuseForeignTarget } from './refuse-foreign-target.ts'
import { createRefuseForgedRequest, type RefuseForgedRequest } from './refuse-forged-request.ts'
import { createRequestIdOf, type RequestIdOf } from './request-id.ts'
import { createSetPageHeaders, createSetResponseHeaders, type SetResponseHeaders } from './response-headers.ts'

/** What both lanes judge requests by. */
export interface Security {
  readonly names: CookieNames
  /** Newest first. */
  readonly cookieKeys: readonly string[]
  readonly readTicket: ReadTicket
  readonly refuseForeignTarget: RefuseForeignTarget
  readonly refuseForgedRequest: RefuseForgedRequest
  readonly peers: Peers
  readonly requestIdOf: RequestIdOf
  readonly setResponseHeaders: SetResponseHeaders
  readonly setPageHeaders: SetResponseHeaders
}

export function createSecurity(
  config: Pick<Config, 'baseUrl' | 'secrets' | 'network' | 'session'>,
  namespace: string,
  report: Report,
): Security {
  const { origin, host, secure } = config.baseUrl
  const names = cookieNames(secure)
  const cookieKeys = deriveCookieKeys(config.secrets, namespace)
  const peers = createPeers(
    config.network.trustedProxies,
    once(() => tellUntrusted(report)),
  )
  return {
    names,
    cookieKeys,
    readTicket: createReadTicket(names.session, cookieKeys, config.session.mostCached),
    refuseForeignTarget: createRefuseForeignTarget({ origin, host, secure, isTrustedPeer: peers.isTrusted }),
    refuseForgedRequest: createRefuseForgedRequest(origin),
    peers,
    requestIdOf: createRequestIdOf(peers.isTrusted),
    setResponseHeaders: createSetResponseHeaders(secure),
    setPageHeaders: createSetPageHeaders(secure),
  }
}

function tellUntrusted(report: Report): void {
  report('forwarding_untrusted', {
    note: 'a peer that is no trusted proxy sends forwarding headers: limits per address are off for what it forwards; name it in COATCHECK_TRUSTED_PROXIES',
  })
}

function once(work: () => void): () => void {
  let left = 1
  return () => {
    if (left-- > 0) work()
  }
}
