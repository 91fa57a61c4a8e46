import { z } from 'zod'
import { parseDuration } from './parse-duration.ts'
import { parseSize } from './parse-size.ts'
import { isRefusal } from './refusal.ts'
import type { Refusal } from './refusal.ts'

/** A setting written as text; what `parse` refuses becomes a problem with its own advice. */
export function text<Value>(parse: (text: string) => Value | Refusal) {
  return z.string().transform((value, context): Value => {
    const outcome = parse(value)
    if (!isRefusal(outcome)) return outcome
    context.issues.push({ code: 'custom', message: outcome.refused, params: { write: outcome.write }, input: undefined })
    return z.NEVER
  })
}

/** A duration from `least` to `most`, both written as durations; milliseconds once parsed. */
export function duration(least: string, most: string) {
  return text((value) =>
    within(parseDuration(value), parseDuration(least), parseDuration(most), `a duration from ${least} to ${most}`),
  )
}

/** A size up to `most`; bytes once parsed. */
export function size(most: string) {
  return text((value) => within(parseSize(value), 0, parseSize(most), `a size from 0B to ${most}`))
}

/** A whole number; digits in text count too, since variables hold nothing else. */
export function integer(least: number, most: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
    z.int().min(least).max(most),
  )
}

/** How many processes: a whole number up to 64, or `auto`. */
export function workerCount() {
  return z.preprocess(
    (value) => (typeof value === 'number' ? String(value) : value),
    text((value): number | 'auto' | Refusal => {
      if (value === 'auto') return value
      if (/^(?:[1-9]|[1-5]\d|6[0-4])$/.test(value)) return Number(value)
      return { refused: 'is no number of processes.', write: 'a whole number from 1 to 64, or auto for one per processor' }
    }),
  )
}

/** `true` or `false`. */
export function flag() {
  return z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean())
}

/** Several words, as a list or as one text with commas or spaces between them; none twice. */
export function words(parse: (word: string) => string | Refusal, least = 0) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? splitWords(value) : value),
    z
      .array(text(parse))
      .min(least)
      .transform((all) => [...new Set(all)]),
  )
}

/** The parts of a comma-separated text, without the white space around them. */
export function splitList(value: string): readonly string[] {
  return value.split(',').map((part) => part.trim())
}

/** A list that is written as JSON, as variables hold it; what is no such text is left for the schema to judge. */
export function listInJson(value: unknown): unknown {
  if (typeof value !== 'string' || !value.trimStart().startsWith('[')) return value
  try {
    return JSON.parse(value)
  } catch {
    // Left as it is, so that the schema says that this is no list.
    return value
  }
}

function splitWords(value: string): readonly string[] {
  const trimmed = value.trim()
  return trimmed === '' ? [] : trimmed.split(/\s*,\s*|\s+/)
}

function within(value: number | Refusal, least: number | Refusal, most: number | Refusal, write: string): number | Refusal {
  if (isRefusal(value)) return value
  if (!isRefusal(least) && value < least) return { refused: 'is too little.', write }
  if (!isRefusal(most) && value > most) return { refused: 'is too much.', write }
  return value
}
