/** One line of what a check found out. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail'
  readonly about: string
  readonly says: string
}

/** A finding as a line for people and for `grep`. */
export function writeFinding({ level, about, says }: Finding): string {
  // Answers of others end up here too; none of them may write a second line or move the cursor.
  return `${level.padEnd(4)}  ${about.padEnd(13)}  ${says.replaceAll(/\p{Cc}+/gu, ' ')}\n`
}
