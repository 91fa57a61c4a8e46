import { dirname, resolve } from 'node:path'
import { readTextFile } from './read-text-file.ts'
import type { ReadFile } from './read-text-file.ts'
import { isRefusal } from './refusal.ts'
import type { Refusal } from './refusal.ts'

interface Sources {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: ReadFile
  /** The file that the references stand in; paths in it are relative to its folder. */
  readonly file: string
  readonly refuse: (path: readonly (string | number)[], refusal: Refusal) => unknown
}

/**
 * Replaces `${NAME}` and `${file:path}` in every text of a tree; `$${` stands for `${`. It works on parsed values, so that nothing
 * in a variable or file can add a key. Where a reference leads nowhere, the value becomes what `refuse` answers.
 */
export function expandReferences(value: unknown, sources: Sources, path: readonly (string | number)[] = []): unknown {
  if (typeof value === 'string') {
    const outcome = expandText(value, sources)
    return isRefusal(outcome) ? sources.refuse(path, outcome) : outcome.text
  }
  if (Array.isArray(value)) return value.map((item: unknown, index) => expandReferences(item, sources, [...path, index]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expandReferences(inner, sources, [...path, key])]))
}

function expandText(text: string, sources: Sources): { readonly text: string } | Refusal {
  const pieces: string[] = []
  let from = 0
  for (const { 0: found, 1: escaped, 2: reference, index } of text.matchAll(/(\$\$\{)|\$\{([^}]*)\}?/g)) {
    pieces.push(text.slice(from, index))
    from = index + found.length
    if (escaped !== undefined) {
      pieces.push('${')
      continue
    }
    if (reference === undefined || !found.endsWith('}')) return { refused: 'has a ${ without its }.', write: REFERENCE }
    const outcome = resolveReference(reference, sources)
    if (isRefusal(outcome)) return outcome
    pieces.push(outcome.text)
  }
  pieces.push(text.slice(from))
  return { text: pieces.join('') }
}

function resolveReference(reference: string, { env, readFile, file }: Sources): { readonly text: string } | Refusal {
  if (reference.startsWith('file:')) {
    const outcome = readTextFile(resolve(dirname(file), reference.slice('file:'.length)), readFile)
    return isRefusal(outcome) ? outcome : { text: trimLineEnd(outcome.text) }
  }
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(reference))
    return { refused: 'has a ${…} that is neither a variable nor a file.', write: REFERENCE }
  const value = env[reference]
  if (value === undefined)
    return { refused: `asks for the variable ${reference}, which is not set.`, write: `${reference}=… in the environment` }
  return { text: value }
}

/** A file that an editor or `echo` wrote ends with a line break that is no part of the secret. */
export function trimLineEnd(text: string): string {
  return text.replace(/[\r\n]+$/, '')
}

const REFERENCE = '${NAME} for a variable, ${file:/path} for a file, $${ for the two characters themselves'
