const PLAIN = /^[\u0020-\u007e]*$/
// Controls (C0, DEL, C1), line and paragraph separators, marks that reorder or hide text, and halves of surrogate pairs.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * A text that may stand in a log: at most `most` characters, and nothing in it that a terminal, a line-based tool or a reader's
 * eye would take for something else (CWE-117). What was removed leaves U+FFFD, what was cut leaves an ellipsis.
 */
export function cleanText(text: string, most: number): string {
  const bounded = text.length > most ? `${text.slice(0, most)}…` : text
  return PLAIN.test(bounded) ? bounded : bounded.replaceAll(HIDDEN, '\u{fffd}')
}
