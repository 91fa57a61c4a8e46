import { html } from './html.ts'
import type { Page } from './page.ts'

/** Asks before it ends anything: opening an address must never sign anybody out. */
export function logoutPage(prefix: string): Page {
  return {
    title: 'Sign out?',
    body: html`<p>This ends your session here and at the sign-in service.</p>
      <form class="actions" method="post" action="${prefix}/logout">
        <button class="button" type="submit">Sign out</button>
        <a class="button is-plain" href="/">Stay signed in</a>
      </form>`,
  }
}

/** After a form: the session is over here; the link goes on to the provider. `next` is a path of our own. */
export function signedOutHerePage(next: string): Page {
  return {
    title: 'You are signed out here',
    body: html`<p>One more step signs you out at the sign-in service too.</p>
      <p class="actions"><a class="button" href="${next}">Continue</a></p>`,
  }
}

export function signedOutPage(prefix: string): Page {
  return {
    title: 'You are signed out',
    body: html`<p>Your session has ended. You can close this page.</p>
      <p class="actions">
        <a class="button" href="${prefix}/login">Sign in again</a>
        <a class="button is-plain" href="/">Go to the application</a>
      </p>`,
  }
}

/** After a way back from the sign-in service that did not begin here, or has been walked before. */
export function strangeReturnPage(prefix: string): Page {
  return {
    title: 'Nothing was changed',
    body: html`<p>
        This does not belong to a sign-out of this browser, or to one that is over. Whether you are signed out, the application
        shows.
      </p>
      <p class="actions">
        <a class="button" href="/">Go to the application</a>
        <a class="button is-plain" href="${prefix}/logout">Sign out</a>
      </p>`,
  }
}
