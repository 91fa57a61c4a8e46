import { FAILURES, type GatewayError } from '../errors.ts'
import { html } from './html.ts'
import type { Page } from './page.ts'

const TITLE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'That did not work',
  401: 'You are not signed in',
  403: 'That is not allowed',
  404: 'Nothing here',
  429: 'One moment',
  502: 'That did not work',
  503: 'One moment',
  504: 'That took too long',
}

const LOGIN_FAILURES: ReadonlySet<string> = new Set([
  'login_denied',
  'login_interaction_required',
  'login_refused',
  'login_not_started',
  'provider_answer_invalid',
  'provider_unavailable',
  'too_many_requests',
  'session_missing',
])

/** Says in plain words what happened and what can be done; holds nothing that anybody else wrote. */
export function errorPage(prefix: string, { code, detail }: GatewayError, requestId: string): Page {
  const { status, says } = FAILURES[code]
  const again = LOGIN_FAILURES.has(code)
    ? html`<a class="button" href="${loginUrl(prefix, detail.returnTo)}">Sign in again</a>`
    : html``
  return {
    title: TITLE_BY_STATUS[status] ?? 'Something went wrong',
    body: html`<p>${says}</p>
      <p class="actions">${again}<a class="button is-plain" href="/">Go to the application</a></p>
      <p class="small">If you ask for help, mention <code>${requestId}</code> (${code}).</p>`,
  }
}

function loginUrl(prefix: string, returnTo: string | undefined): string {
  return returnTo === undefined ? `${prefix}/login` : `${prefix}/login?returnTo=${encodeURIComponent(returnTo)}`
}
