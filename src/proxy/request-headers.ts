import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'
import { acceptsEventStream } from './event-stream-type.ts'
import { nominatedNames, withoutNominated } from './nominated-names.ts'
import { judgeRequestHeader, type RequestVerdict } from './request-header-verdict.ts'
import { type TraceContext, validTrace } from './trace-context.ts'
import { createVerdictMemo } from './verdict-memo.ts'

/** What a client's headers come to. */
export interface ClientHeaders {
  /** What may be carried, names and values in turns, in the order and number in which they came; ours are added to it. */
  headers: string[]
  /** Octets of the body; undefined: chunked where `hasBody`. */
  contentLength: number | undefined
  hasBody: boolean
  expectsContinue: boolean
  /** The client asks for an event stream: its connection will be held for long. */
  isStream: boolean
  /** The request may go no further than here (RFC 9110 §7.6.2). */
  isLastHop: boolean
}

// No way is longer; a larger number is lowered to it, as §7.6.2 allows.
const MOST_HOPS = 1000

export type ReadClientHeaders = (request: IncomingMessage) => ClientHeaders

/**
 * Strips what a client may not say: hop-by-hop headers and those that `Connection` nominates (RFC 9110 §7.6.1), credentials, identity,
 * forwarding. It happens before ours are added, so that nobody can nominate ours.
 *
 * The reader throws `upstream_loop` where our own name is in `Via` already (RFC 9110 §7.6.3), `expectation_failed` for any other
 * expectation than `100-continue` (§10.1.1), `request_invalid` for a transfer coding besides chunked.
 */
export function createReadClientHeaders(viaName: string): ReadClientHeaders {
  const verdictOn = createVerdictMemo(judgeRequestHeader)

  /** The rare ones, apart from the loop over the common ones. */
  function readSpecial(
    verdict: RequestVerdict,
    name: string,
    value: string,
    read: ClientHeaders,
    request: IncomingMessage,
  ): void {
    if (verdict === 'via') {
      if (hasPassed(viaName, value)) throw new GatewayError('upstream_loop')
      read.headers.push(name, value)
    } else if (verdict === 'length') {
      read.contentLength = Number(value)
      read.hasBody ||= read.contentLength > 0
    } else if (verdict === 'coding') {
      // A body in a coding that nobody here undoes would reach the upstream as something else (RFC 9112 §6.1).
      if (value.toLowerCase() !== 'chunked')
        throw new GatewayError('request_invalid', { note: 'the transfer coding is not chunked' })
      read.hasBody = true
    } else if (verdict === 'expect') {
      if (request.httpVersionMinor === 0) return
      if (value.toLowerCase() !== '100-continue') throw new GatewayError('expectation_failed')
      read.expectsContinue = true
    } else if (verdict === 'hops') {
      read.headers.push(name, request.method === 'OPTIONS' ? fewerHops(value, read) : value)
    } else if (verdict === 'accept') {
      read.isStream ||= acceptsEventStream(value)
      read.headers.push(name, value)
    }
  }

  return function readClientHeaders(request) {
    const raw = request.rawHeaders
    const read: ClientHeaders = {
      headers: [],
      contentLength: undefined,
      hasBody: false,
      expectsContinue: false,
      isStream: false,
      isLastHop: false,
    }
    let nominated: Set<string> | undefined
    let trace: TraceContext | undefined
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at] ?? ''
      const value = raw[at + 1] ?? ''
      const verdict = verdictOn(name)
      if (verdict === 'carried') read.headers.push(name, value)
      else if (verdict === 'dropped') continue
      else if (verdict === 'connection') nominated = addNominated(nominated, value)
      else if (verdict === 'trace') trace = addTrace(trace, name, value)
      else readSpecial(verdict, name, value, read, request)
    }
    if (trace !== undefined) read.headers.push(...validTrace(trace))
    if (nominated !== undefined) read.headers = withoutNominated(read.headers, nominated)
    return read
  }
}

/** Whether a `Via` value names us: protocol, pseudonym and perhaps a comment, member by member (RFC 9110 §7.6.3). */
function hasPassed(viaName: string, via: string): boolean {
  return via.split(',').some((member) => member.trim().split(/\s+/, 2)[1]?.toLowerCase() === viaName)
}

function addNominated(nominated: Set<string> | undefined, connection: string): Set<string> | undefined {
  const names = nominatedNames(connection)
  return nominated === undefined || names === undefined ? (nominated ?? names) : new Set([...nominated, ...names])
}

function addTrace(trace: TraceContext | undefined, name: string, value: string): TraceContext {
  const grown = trace ?? { parents: 0, parent: '', states: [] }
  if (name.toLowerCase() === 'tracestate') grown.states.push(value)
  else {
    grown.parents += 1
    grown.parent = value
  }
  return grown
}

/** RFC 9110 §7.6.2; it concerns OPTIONS alone here, since TRACE is refused. */
function fewerHops(value: string, read: ClientHeaders): string {
  if (!/^\d+$/.test(value)) throw new GatewayError('request_invalid', { note: 'Max-Forwards is not a number' })
  const hops = Math.min(Number(value), MOST_HOPS)
  read.isLastHop ||= hops === 0
  return String(hops - 1)
}
