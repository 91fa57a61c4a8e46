import type { z } from 'zod'
import { describeSetting, keysAt, listSettings } from './list-settings.ts'
import { nearestName } from './nearest-name.ts'
import { MAKE_A_KEY } from './parse-secrets.ts'
import type { Refusal } from './refusal.ts'
import { hintFor } from './refused-names.ts'

type Issue = z.core.$ZodIssue

/** A refusal and the path of what is refused. */
export type Finding = Refusal & { readonly path: readonly PropertyKey[] }

const TYPES = new Map([
  ['string', { refused: 'is not text.', write: 'text; put quotes around it' }],
  ['int', { refused: 'is not a whole number.', write: 'a whole number, without unit' }],
  ['number', { refused: 'is not a whole number.', write: 'a whole number, without unit' }],
  ['boolean', { refused: 'is neither true nor false.', write: 'true or false' }],
  ['array', { refused: 'is not a list.', write: 'a list' }],
  ['tuple', { refused: 'is not a list.', write: 'a list' }],
  ['object', { refused: 'is not a group of settings.', write: 'keys and values below it, indented' }],
])

/** What the schema found, in our words; its own words may quote the value. */
export function describeIssue(issue: Issue): readonly Finding[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], ...describeUnknown(path, key) }))
  return [{ path, ...describeValue(issue) }]
}

function describeValue(issue: Issue): Refusal {
  if (issue.input === undefined && issue.code !== 'custom') return { refused: 'is missing.', write: exampleOf(issue.path) }
  if (issue.input === null)
    return { refused: 'has no value.', write: `a value, or leave out the line; for example ${exampleOf(issue.path)}` }
  if (issue.code === 'custom') return { refused: issue.message, write: String(issue.params?.['write'] ?? exampleOf(issue.path)) }
  if (issue.code === 'invalid_type')
    return TYPES.get(issue.expected) ?? { refused: 'is of the wrong kind.', write: exampleOf(issue.path) }
  if (issue.code === 'invalid_value') return describeChoice(issue)
  const isNumber = 'origin' in issue && (issue.origin === 'number' || issue.origin === 'int')
  if (issue.code === 'too_small' && isNumber)
    return { refused: 'is too little.', write: `a whole number of at least ${issue.minimum}` }
  if (issue.code === 'too_big' && isNumber)
    return { refused: 'is too much.', write: `a whole number of at most ${issue.maximum}` }
  return { refused: issue.code === 'too_small' ? 'is empty.' : 'is not valid.', write: exampleOf(issue.path) }
}

function describeChoice({ values, input }: z.core.$ZodIssueInvalidValue): Refusal {
  const choices = values.map(String)
  const near = typeof input === 'string' ? nearestName(input, choices) : undefined
  const write = `one of ${choices.join(', ')}`
  return { refused: 'is none of the possible values.', write: near === undefined ? write : `${near}, if that is meant; ${write}` }
}

function describeUnknown(path: readonly PropertyKey[], key: string): Refusal {
  const refused =
    path.length === 0 ? 'is not a setting.' : `is not a setting of ${path.filter((step) => typeof step === 'string').join('.')}.`
  const near = nearestName(key, keysAt(path))
  if (near !== undefined) return { refused, write: `${near}, if that is meant` }
  const elsewhere = listSettings().find((setting) => setting.path.split('.').at(-1) === key)
  if (elsewhere !== undefined) return { refused, write: `${elsewhere.path}, if that is meant` }
  return { refused, write: hintFor(key) ?? `one of ${keysAt(path).join(', ')}` }
}

function exampleOf(path: readonly PropertyKey[]): string {
  if (path[0] === 'secrets') return MAKE_A_KEY
  if (path.join('.') === 'store.url') return 'redis://localhost:6379, or memory: to try it out (sessions end with the process)'
  const { example } = describeSetting(path)
  return example === undefined
    ? 'a value as in config/coatcheck.yaml'
    : typeof example === 'string'
      ? example
      : JSON.stringify(example)
}
