import { GatewayError } from '../errors.ts'
import { amendAnswer } from './amend-answer.ts'
import { isEventStream } from './event-stream-type.ts'
import { isFollowedLink } from './followed-link.ts'
import type { HeaderPlan } from './header-plan.ts'
import { nominatedNames, withoutNominated } from './nominated-names.ts'
import { type LocationBase, publicLocation } from './public-location.ts'
import { judgeResponseHeader, type ResponseVerdict } from './response-header-verdict.ts'
import { createVerdictMemo } from './verdict-memo.ts'

/** What an upstream's headers come to. */
export interface UpstreamHeaders {
  readonly status: number
  /** Names and values in turns, ours included. */
  headers: string[]
  /** Octets of the body; undefined: the answer ends when it ends. */
  contentLength: number | undefined
  isEventStream: boolean
}

/** Headers by lower-case name; those that came more than once hold their values in order. */
export type HeadersByName = Readonly<Record<string, string | string[] | undefined>>

/** What the answer belongs to. */
export interface AnswerBase extends LocationBase {
  readonly requestId: string
  readonly plan: HeaderPlan
}

export type ReadUpstreamHeaders = (status: number, given: HeadersByName, base: AnswerBase) => UpstreamHeaders

// A browser would open its own dialog, on our origin (RFC 9110 §11.6.1).
const BROWSER_CHALLENGE = /(?:^|[\s,])(?:basic|digest|negotiate|ntlm|kerberos|mutual|hoba|scram-[\w-]+)(?:[\s,]|$)/i
/**
 * Strips what an upstream may not say, and adds ours.
 *
 * The reader throws `upstream_answer_invalid` for a redirect that leaves the route, and for framing that could be read in two ways.
 */
export function createReadUpstreamHeaders(): ReadUpstreamHeaders {
  const verdictOn = createVerdictMemo(judgeResponseHeader)

  return function readUpstreamHeaders(status, given, base) {
    const read: UpstreamHeaders = { status, headers: [], contentLength: undefined, isEventStream: false }
    let nominated: Set<string> | undefined
    for (const name in given) {
      const value = given[name]
      const verdict = verdictOn(name)
      if (verdict === 'dropped' || value === undefined) continue
      if (verdict === 'connection') nominated = nominatedNames(String(value))
      else if (typeof value !== 'string') readRepeated(verdict, name, value, read, base)
      else if (verdict === 'passed') read.headers.push(name, value)
      else readSpecial(verdict, name, value, read, base)
    }
    // Before ours are added: an upstream cannot nominate them either.
    if (nominated !== undefined) read.headers = withoutNominated(read.headers, nominated)
    if (base.plan.amendsAnswers) read.headers = amendAnswer(read.headers, given, base.route, base.plan)
    read.headers.push('X-Request-Id', base.requestId, ...base.plan.addedToAnswers)
    return read
  }
}

function readRepeated(verdict: ResponseVerdict, name: string, values: string[], read: UpstreamHeaders, base: AnswerBase): void {
  if (verdict === 'length' || verdict === 'coding' || verdict === 'location') {
    throw new GatewayError('upstream_answer_invalid', { note: `${name} came more than once` })
  }
  const counted = verdict === 'date' || verdict === 'type' ? values.slice(0, 1) : values
  for (const value of counted) readSpecial(verdict, name, value, read, base)
}

function readSpecial(verdict: ResponseVerdict, name: string, value: string, read: UpstreamHeaders, base: AnswerBase): void {
  if (verdict === 'length') return readLength(value, read)
  if (verdict === 'location') return readLocation(name, value, read, base)
  if (verdict === 'challenge' && BROWSER_CHALLENGE.test(value)) return
  if (verdict === 'link' && isFollowedLink(value)) return
  if (verdict === 'vary') return readVary(name, value, read)
  if (verdict === 'coding') {
    if (value.toLowerCase() === 'chunked') return
    throw new GatewayError('upstream_answer_invalid', { note: 'the transfer coding is not chunked' })
  }
  if (verdict === 'type') read.isEventStream = isEventStream(value)
  read.headers.push(name, value)
}

/** What depended on the token depends on the cookie here, and ours says so (RFC 9111 §4.1). */
function readVary(name: string, value: string, read: UpstreamHeaders): void {
  const kept = value.split(',').filter((member) => !['cookie', 'authorization', ''].includes(member.trim().toLowerCase()))
  if (kept.length > 0) read.headers.push(name, kept.join(',').trim())
}

function readLength(value: string, read: UpstreamHeaders): void {
  // RFC 9110 §8.6: never in a 204.
  if (read.status === 204) return
  read.contentLength = Number(value)
  read.headers.push('Content-Length', value)
}

function readLocation(name: string, value: string, read: UpstreamHeaders, base: AnswerBase): void {
  const location = publicLocation(value, base)
  if (location !== undefined) read.headers.push(name, location)
  else if (read.status >= 300 && read.status < 400 && name === 'location') {
    throw new GatewayError('upstream_answer_invalid', { note: 'the redirect leaves the route' })
  }
}
