import type { ReturnTo } from '../security/return-to.ts'
import { html } from './html.ts'
import type { Page } from './page.ts'

/**
 * Where a login ends up that another site began, or whose callback came late, twice or from a bookmark: its script asks, from our
 * own origin, whether somebody is signed in and goes on to the application, or offers to sign in. A link, not a form:
 * `form-action` would block the redirect to the provider.
 */
export function continuePage(prefix: string, returnTo: ReturnTo): Page {
  return {
    title: 'Sign in to continue',
    script: 'continue.js',
    body: html`<p data-waiting>Looking whether you are signed in already…</p>
      <p class="actions">
        <a class="button" href="${prefix}/login?returnTo=${encodeURIComponent(returnTo)}">Sign in</a>
        <a class="button is-plain" data-continue data-session="${prefix}/session" href="${returnTo}">Go to the application</a>
      </p>`,
  }
}

/** Goes on to a carried address from our own origin: straight from the provider, browsers would leave the Strict cookie out. */
export function reloadPage(returnTo: ReturnTo): Page {
  return {
    title: 'You are signed in',
    script: 'reload.js',
    body: html`<p>Taking you to where you wanted to go…</p>
      <p class="actions"><a class="button" data-continue href="${returnTo}">Continue</a></p>`,
  }
}
