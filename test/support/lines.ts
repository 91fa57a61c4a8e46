import { Writable } from 'node:stream'

/** A place for log lines that gives them back, as text and parsed. */
export interface Lines {
  readonly output: Writable
  readonly text: () => string
  readonly parsed: () => readonly Record<string, unknown>[]
}

/** Collects what is written, in memory. */
export function collectLines(): Lines {
  let text = ''
  const output = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const parsed = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return { output, text: () => text, parsed }
}
