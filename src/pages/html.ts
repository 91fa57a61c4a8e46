const MARKUP: unique symbol = Symbol('markup')

/** Markup that is safe to send; no plain string can pass for it, and only `html` makes it. */
export interface Markup {
  readonly [MARKUP]: string
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A template whose values are text: each is escaped, for content and quoted attributes alike, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Markup)[]): Markup {
  return { [MARKUP]: parts.reduce((text, part, index) => text + render(values[index - 1] ?? '') + part) }
}

export function textOf(markup: Markup): string {
  return markup[MARKUP]
}

function render(value: string | Markup): string {
  return typeof value === 'string' ? value.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '') : textOf(value)
}
