import { html, type Markup, textOf } from './html.ts'

/** One of our few pages: a card with a headline, a sentence or two, and what can be done next. */
export interface Page {
  readonly title: string
  readonly body: Markup
  /** An asset's name; our pages hold no script of their own. */
  readonly script?: 'continue.js' | 'reload.js'
}

/** The whole document; `prefix` is the one of our own endpoints. */
export function renderPage(prefix: string, { title, body, script }: Page): string {
  const loaded = script === undefined ? html`` : html`<script type="module" src="${prefix}/assets/${script}"></script>`
  return textOf(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <meta name="color-scheme" content="light dark" />
          <title>${title}</title>
          <link rel="icon" href="${prefix}/assets/ticket.svg" />
          <link rel="stylesheet" href="${prefix}/assets/page.css" />
          ${loaded}
        </head>
        <body>
          <main>
            <img src="${prefix}/assets/ticket.svg" alt="" width="48" height="48" />
            <h1>${title}</h1>
            ${body}
          </main>
        </body>
      </html> `,
  )
}
