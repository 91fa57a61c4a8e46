import { type FailureCode, FAILURES, type GatewayError } from '../errors.ts'
import { html } from './html.ts'
import { loginUrl } from './login-url.ts'
import type { Page } from './page.ts'

const TITLE_BY_CODE: { readonly [Code in FailureCode]?: string } = {
  login_denied: 'Sign-in cancelled',
  login_interaction_required: 'Sign-in needs you',
  login_refused: 'Sign-in did not work',
  provider_answer_invalid: 'Sign-in did not work',
  session_missing: 'You are not signed in',
  step_up_required: 'Please sign in again',
  step_up_failed: 'That sign-in was not enough',
}

const TITLE_BY_STATUS: Readonly<Record<number, string>> = {
  403: 'That is not allowed',
  404: 'Nothing here',
  429: 'One moment',
  502: 'That did not work',
  503: 'One moment',
  504: 'That took too long',
}

/** What a person can mend by starting the sign-in anew. */
const SIGN_IN_AGAIN: ReadonlySet<FailureCode> = new Set([
  'login_denied',
  'login_interaction_required',
  'login_refused',
  'provider_answer_invalid',
  'provider_unavailable',
  'too_many_requests',
  'session_missing',
  'step_up_required',
])

/** Says in plain words what happened and what can be done; holds nothing that anybody else wrote. */
export function errorPage(prefix: string, { code, detail }: GatewayError, requestId: string): Page {
  const { status, says } = FAILURES[code]
  const again =
    SIGN_IN_AGAIN.has(code) || detail.returnTo !== undefined
      ? html`<a class="button" href="${loginUrl(prefix, detail)}">Sign in again</a>`
      : html``
  return {
    title: TITLE_BY_CODE[code] ?? TITLE_BY_STATUS[status] ?? 'Something went wrong',
    body: html`<p>${says}</p>
      <p class="actions">${again}<a class="button is-plain" href="/">Go to the application</a></p>
      <p class="small">If you ask for help, mention <code>${requestId}</code> (${code}).</p>`,
  }
}
