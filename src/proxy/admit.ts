import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'
import type { AccessToken, LiveSession } from '../session/records.ts'
import { isPending } from './is-pending.ts'
import { type MatchedRoute, upstreamTarget } from './match-route.ts'
import { requireLevel } from './require-level.ts'
import type { CarrySteps } from './steps.ts'

/** What is found out about a request on the way to a decision; it is filled in as far as the steps come. */
export interface Admission {
  readonly request: IncomingMessage
  /** What the upstream is to be asked for. */
  target: string
  session: LiveSession | undefined
}

/**
 * Decides on a request of a matched route, in the one order that both the carrying lane and forward-auth keep: path, method, proof,
 * session, level of its sign-in, token. Answers the access token to attach, undefined where the route has none; no promise where nothing is waited for.
 * Throws, or rejects with, the `GatewayError` of the first step that says no.
 */
export type Admit = (admission: Admission, matched: MatchedRoute) => AccessToken | undefined | Promise<AccessToken>

export type AdmitSteps = Pick<CarrySteps, 'refuseForgedRequest' | 'findSession' | 'meetsLevel' | 'accessToken'>

export function createAdmit({ refuseForgedRequest, findSession, meetsLevel, accessToken }: AdmitSteps): Admit {
  return function admit(admission, matched) {
    const { request } = admission
    admission.target = upstreamTarget(request.url ?? '', matched)
    refuseMethod(request, matched)
    refuseForgedRequest(request, matched.config.proof)
    if (matched.config.token === 'none') return undefined

    const session = findSession(request)
    if (isPending(session)) return tokenOf(admission, session, matched)
    return tokenNow(admission, session, matched)
  }

  async function tokenOf(admission: Admission, pending: Promise<LiveSession>, matched: MatchedRoute): Promise<AccessToken> {
    return tokenNow(admission, await pending, matched)
  }

  function tokenNow(admission: Admission, session: LiveSession, { config }: MatchedRoute): AccessToken | Promise<AccessToken> {
    admission.session = session
    requireLevel(session, config, meetsLevel)
    return accessToken(session)
  }
}

function refuseMethod({ method = '' }: IncomingMessage, { methods, allow }: MatchedRoute): void {
  if (!methods.has(method)) throw new GatewayError('method_not_allowed', { allow })
}
