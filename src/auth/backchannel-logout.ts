import type { Request, Response } from 'express'
import { asGatewayError, type FailureCode } from '../errors.ts'
import type { LogoutToken, Provider } from '../oidc/port.ts'
import { noteOf } from '../report/describe-error.ts'
import type { BackchannelOutcome, Report } from '../report/events.ts'
import type { FailureLimit } from '../security/failure-limit.ts'
import type { RequestIdOf } from '../security/request-id.ts'
import type { ApplyLogout } from './apply-logout.ts'
import type { KeptLogouts } from './kept-logouts.ts'
import { readLogoutToken } from './read-logout-token.ts'

interface Steps {
  readonly provider: Pick<Provider, 'verifyLogoutToken'>
  readonly applyLogout: ApplyLogout
  readonly keptLogouts: Pick<KeptLogouts, 'keep'>
  readonly failureLimit: FailureLimit
  readonly accountableAddress: (request: Request) => string | undefined
  readonly requestIdOf: RequestIdOf
  readonly report: Report
  readonly now: () => number
}

/**
 * The provider's own word that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0). No cookie and no proof of origin:
 * only the token decides.
 *
 * 200 where it is done, or was done before; 400 for a token that is not good; 503 where it cannot be done now: a verified one is kept and
 * applied as soon as it can be, whether or not the provider comes again.
 */
export function createBackchannelLogout(steps: Steps) {
  const { provider, applyLogout, keptLogouts, failureLimit, accountableAddress, requestIdOf, report, now } = steps

  return async function backchannelLogout(request: Request, response: Response): Promise<void> {
    const requestId = requestIdOf(request)
    const address = accountableAddress(request)
    let whose = {}
    try {
      failureLimit.refuse(address)
      const token = await readLogoutToken(request, response)
      const logout = await provider.verifyLogoutToken(token)
      whose = namesOf(logout)
      const ended = await apply(logout)
      const outcome = ended === 'repeated' ? ended : ended === 0 ? 'nothing' : 'ended'
      report('backchannel_logout', { requestId, outcome, ...whose, ...(ended !== 'repeated' && { ended }) })
      response.status(200).end()
    } catch (error) {
      const { code } = asGatewayError(error)
      if (code === 'logout_token_invalid') failureLimit.count(address)
      report('backchannel_logout', { requestId, outcome: OUTCOMES[code] ?? 'failed', ...whose, note: noteOf(error) })
      throw error
    }
  }

  async function apply(logout: LogoutToken) {
    const at = now()
    try {
      return await applyLogout(logout, at)
    } catch (error) {
      if (asGatewayError(error).code === 'store_unavailable') keptLogouts.keep(logout, at)
      throw error
    }
  }
}

function namesOf({ subject, providerSession }: LogoutToken) {
  return { ...(subject !== undefined && { subject }), ...(providerSession !== undefined && { providerSession }) }
}

const OUTCOMES: { readonly [Code in FailureCode]?: BackchannelOutcome } = {
  logout_token_invalid: 'refused',
  body_too_large: 'refused',
  request_timed_out: 'refused',
  too_many_requests: 'limited',
  provider_unavailable: 'unverifiable',
  store_unavailable: 'kept',
}
