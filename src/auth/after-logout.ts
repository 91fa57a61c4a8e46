import type { Request, Response } from 'express'
import { signedOutPage, strangeReturnPage } from '../pages/logout-pages.ts'
import type { SendPage } from '../pages/send-page.ts'
import { initiatorOf } from '../security/fetch-metadata.ts'
import { requireNavigation } from '../security/require-navigation.ts'
import type { LogoutContinuations } from './logout-continuations.ts'
import { onlyValueOf, queryOf, valueOf } from './parameters.ts'

interface Steps {
  readonly prefix: string
  readonly continuations: LogoutContinuations
  readonly sendPage: SendPage
}

/** Goes on to the provider's logout, once, in the browser that asked for it; anybody else ends on our own last page. */
export function createLogoutContinue({ prefix, continuations, sendPage }: Steps) {
  return async function continueLogout(request: Request, response: Response): Promise<void> {
    requireNavigation(request)
    const url = await continuations.take(request, onlyValueOf(queryOf(request), 'handle') ?? '')
    if (url) response.status(303).set('Location', url.href).end()
    else sendPage(request, response, signedOutPage(prefix))
  }
}

/**
 * Back from the provider. The session ended before anybody left; what comes back changes nothing but the binding's cookie.
 * Who comes with another `state` than this browser left with, or with none, is not told that anything ended (RP-Initiated Logout §2).
 */
export function createLogoutCallback({ prefix, continuations, sendPage }: Steps) {
  return function loggedOut(request: Request, response: Response): void {
    requireNavigation(request)
    const state = valueOf(queryOf(request), 'state')
    const isExpected = isSentHere(request, state) || continuations.close(request, response, state)
    sendPage(request, response, isExpected ? signedOutPage(prefix) : strangeReturnPage(prefix))
  }
}

/** Whether our own page sent its browser here, after a sign-out that had nowhere to go on to: an earlier one may still be under way. */
function isSentHere(request: Request, state: string | undefined): boolean {
  return state === undefined && initiatorOf(request) === 'same-origin'
}
