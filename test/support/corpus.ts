import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../corpus/smuggling/', import.meta.url)

/** A hostile message of the corpus. */
export interface HostileMessage {
  readonly name: string
  /** Its bytes, latin1, for a host and a path of its own; a request for `/api/ghost` is hidden in most of them. */
  readonly bytes: (host: string, path: string) => string
}

/** The corpus by class; its README says what the files look like. */
export function readCorpus(): ReadonlyMap<string, readonly HostileMessage[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))
  return new Map(
    files.toSorted().map((file) => [file.replace('.txt', ''), messagesIn(readFileSync(new URL(file, FOLDER), 'latin1'))]),
  )
}

function messagesIn(text: string): readonly HostileMessage[] {
  return [...text.matchAll(/^=== (.*)\n([\s\S]*?)^---$/gm)].map(([, name = '', lines = '']) => ({
    name,
    bytes: (host, path) => fillIn(lines, host, path),
  }))
}

function fillIn(lines: string, host: string, path: string): string {
  const ghost = `GET /api/ghost HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  return lines
    .replaceAll('\\\n', '')
    .replaceAll('\n', '\r\n')
    .replaceAll(/\\(?:x([0-9a-f]{2})|([rnt0\\]))/g, (_all, digits: string | undefined, letter: string) =>
      digits === undefined ? (ESCAPES[letter] ?? '') : String.fromCharCode(Number.parseInt(digits, 16)),
    )
    .replaceAll(/\{(.)\*(\d+)\}/g, (_all, what: string, times: string) => what.repeat(Number(times)))
    .replaceAll('{ghost-length}', String(ghost.length))
    .replaceAll('{ghost}', ghost)
    .replaceAll('{host}', host)
    .replaceAll('{path}', path)
}

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' }
