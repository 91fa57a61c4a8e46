import type { Request, Response } from 'express'
import { GatewayError } from '../errors.ts'
import type { Provider } from '../oidc/port.ts'
import { logoutPage, signedOutHerePage, signedOutPage } from '../pages/logout-pages.ts'
import type { SendPage } from '../pages/send-page.ts'
import { describeError } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import type { RefuseForgedRequest } from '../security/refuse-forged-request.ts'
import type { EndSession } from '../session/end-session.ts'
import { sessionCookieAttributes } from '../session/express-session.ts'
import type { LiveSession } from '../session/records.ts'
import type { LogoutContinuations } from './logout-continuations.ts'
import type { SessionOf } from './require-session.ts'
import type { RevokeTokens } from './revoke-tokens.ts'

interface Steps {
  readonly prefix: string
  readonly cookieName: string
  readonly secure: boolean
  readonly refuseForgedRequest: RefuseForgedRequest
  readonly sessionOf: SessionOf
  readonly endSession: EndSession
  readonly revokeTokens: RevokeTokens
  readonly provider: Pick<Provider, 'endSessionUrl'>
  readonly continuations: LogoutContinuations
  readonly sendPage: SendPage
  readonly report: Report
}

/**
 * Signs out: here first, whatever the provider does, then there.
 * Signing out without a session is no error; where the store cannot say, nothing is touched and 503 says so.
 */
export function createLogout(steps: Steps) {
  const {
    prefix,
    cookieName,
    secure,
    refuseForgedRequest,
    sessionOf,
    endSession,
    revokeTokens,
    continuations,
    sendPage,
    report,
  } = steps
  const lastPage = `${prefix}/logout/callback`

  return async function logout(request: Request, response: Response): Promise<void> {
    refuseForgedRequest(request, 'form')
    const verdict = await sessionOf(request)
    if (verdict.kind === 'live') await endSession(verdict.session, 'signed_out')
    response.clearCookie(cookieName, sessionCookieAttributes(secure))
    if (verdict.kind === 'live') revokeTokens(verdict.session)
    const next = verdict.kind === 'live' ? await continueAtProvider(response, verdict.session) : lastPage

    if (request.get('x-csrf') !== undefined) response.json({ continue: next })
    // Where there is nothing to go on to, a page must not say that there is.
    else sendPage(request, response, next === lastPage ? signedOutPage(prefix) : signedOutHerePage(next))
  }

  /** Where the page goes on: through a handle to the provider, or at once to our own last page where the provider has none. */
  async function continueAtProvider(response: Response, { grant }: LiveSession): Promise<string> {
    const binding = continuations.makeBinding()
    const hint = grant.claims['email'] ?? grant.claims['preferred_username']
    try {
      const url = await steps.provider.endSessionUrl({
        idToken: grant.idToken,
        state: continuations.stateOf(binding),
        logoutHint: typeof hint === 'string' ? hint : undefined,
      })
      return url ? `${prefix}/logout/continue?handle=${await continuations.keep(response, url, binding)}` : lastPage
    } catch (error) {
      // What is no weather is a fault of ours, and has to be seen.
      if (!(error instanceof GatewayError)) report('unexpected_error', describeError(error))
      // Who is signed out here is told so, although the provider cannot be asked or the way there cannot be kept.
      return lastPage
    }
  }
}

/** `GET` asks, and changes nothing. */
export function createLogoutPage(prefix: string, sendPage: SendPage) {
  return function askForLogout(request: Request, response: Response): void {
    // With `no-referrer`, browsers send this page's form with `Origin: null`, which proves nothing (Fetch §3.2.4).
    response.set('Referrer-Policy', 'same-origin')
    sendPage(request, response, logoutPage(prefix))
  }
}
