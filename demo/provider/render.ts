import type { Context } from './oidc-provider.ts'
import { html, page, trusted } from './page.ts'

/** Asks the provider's own logout form to be sent: by a script at once, by a button where scripts are off. */
export function renderLeaving(context: Context, form: string): void {
  context.type = 'html'
  context.body = page({
    title: 'Signing out',
    script: '/assets/leave.js',
    main: html` <h1>Signing you out</h1>
      <p class="about">
        The app has ended your session. Front Desk ends its own too, so that the next person is asked who they are.
      </p>
      ${trusted(form)}
      <p class="back">
        <button class="button" type="submit" form="op.logoutForm" name="logout" value="yes" data-leave>Sign out</button>
      </p>`,
  })
}

/** The end of a logout that no app asked for. */
export function renderSignedOut(context: Context): void {
  context.type = 'html'
  context.body = page({
    title: 'Signed out',
    main: html`<h1>You are signed out</h1>
      <p class="about">Front Desk no longer knows you in this browser. You can close this page.</p>`,
  })
}

/** An error that cannot be told to an app: said here, in plain words, with the standard’s code below. */
export function renderError(context: Context, out: { readonly error: string; readonly error_description?: string }): void {
  context.type = 'html'
  context.body = errorPage(out.error, out.error_description ?? '')
}

/** An address that means nothing here. */
export function renderNotFound(context: Context): void {
  context.status = 404
  context.type = 'html'
  context.body = errorPage('not_found', 'There is nothing at this address.')
}

/** The one error page of the sign-in service. */
export function errorPage(code: string, description: string): string {
  return page({
    title: 'Not possible',
    main: html` <h1>That did not work</h1>
      <p class="about">
        Front Desk could not do what it was asked. Most often a page was left open for too long, or opened a second time. Go back
        to the app and start again.
      </p>
      <p class="small"><code>${code}</code> ${description}</p>`,
  })
}
