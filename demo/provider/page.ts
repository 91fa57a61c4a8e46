/** Markup that is safe to send: only `html` makes it. */
export interface Markup {
  readonly markup: string
}

type Piece = string | Markup | readonly Markup[]

/** Writes markup; every plain string in it is escaped. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return { markup: parts.reduce((before, part, index) => before + write(pieces[index - 1] ?? '') + part) }
}

/** Markup that came from elsewhere and is trusted as it is. */
export function trusted(markup: string): Markup {
  return { markup }
}

function write(piece: Piece): string {
  if (typeof piece === 'string') return escape(piece)
  return 'markup' in piece ? piece.markup : piece.map(({ markup }) => markup).join('')
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

interface Page {
  readonly title: string
  readonly main: Markup
  /** One of our own scripts, by its address. */
  readonly script?: string
}

/** A page of the sign-in service, in its one dress. */
export function page({ title, main, script }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · Front Desk</title>
        <link rel="icon" href="/assets/bell.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/tokens.css" />
        <link rel="stylesheet" href="/assets/provider.css" />
        ${script === undefined ? '' : html`<script type="module" src="${script}"></script>`}
      </head>
      <body>
        <div class="desk">
          <p class="brand"><img src="/assets/bell.svg" width="36" height="36" alt="" /> Front Desk</p>
          <main>${main}</main>
        </div>
        <footer>
          <p>
            Front Desk is the demo’s own sign-in service. It runs on your machine, on another site than the app, and nobody here
            is real.
          </p>
        </footer>
      </body>
    </html> `.markup
}
