import { GatewayError } from '../errors.ts'
import type { Events } from './events.ts'

const MOST_CAUSES = 4
const FRAME = /^ {4}at [^\n]*$/gm

/**
 * What may be told of anything thrown: names and codes along the chain of causes, and where it was thrown. Messages are left
 * out, since those of foreign errors may hold tokens, URLs with passwords or what a client sent; our own notes are kept.
 */
export function describeError(thrown: unknown): Events['unexpected_error'] {
  const stack = thrown instanceof Error ? framesOf(thrown) : ''
  return { name: nameOf(thrown), note: noteOf(thrown), ...(stack === '' ? {} : { stack }) }
}

/** Names and codes only, outermost first: `TypeError, caused by Error ECONNREFUSED`. */
export function noteOf(thrown: unknown): string {
  const parts: string[] = []
  let current = thrown
  while (current !== undefined && current !== null && parts.length < MOST_CAUSES) {
    parts.push(oneNote(current))
    current = current instanceof Error ? current.cause : undefined
  }
  return parts.join(', caused by ')
}

/** What is behind an error of ours, beyond its code; undefined where there is nothing more to tell. */
export function backgroundOf({ detail }: GatewayError): string | undefined {
  const behind = detail.cause === undefined ? undefined : noteOf(detail.cause)
  return [detail.note, behind].filter((part) => part !== undefined).join(', caused by ') || undefined
}

function oneNote(thrown: unknown): string {
  if (thrown instanceof GatewayError) return [thrown.code, thrown.detail.note].filter(Boolean).join(': ')
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' || typeof code === 'number' ? `${nameOf(thrown)} ${code}` : nameOf(thrown)
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : `a thrown ${typeof thrown}`
}

function framesOf(error: Error): string {
  // The stack begins with the message: cut off where it is known, so that no line of it can pass for a frame.
  const stack = error.stack ?? ''
  const at = error.message === '' ? 0 : stack.indexOf(error.message)
  const frames = at < 0 ? stack : stack.slice(at + error.message.length)
  return (frames.match(FRAME) ?? []).join('\n')
}
