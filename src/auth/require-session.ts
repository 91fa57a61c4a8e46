import type { IncomingMessage } from 'node:http'
import { type EndReason, GatewayError } from '../errors.ts'
import type { ReadTicket } from '../security/read-ticket.ts'
import type { FindSession } from '../session/find-session.ts'
import type { LiveSession, Verdict } from '../session/records.ts'

/** Whose session a request comes with. Throws `request_invalid` for two cookies of our name, and what `FindSession` throws. */
export type SessionOf = (request: IncomingMessage) => Verdict | Promise<Verdict>

const NOBODY: Verdict = Object.freeze({ kind: 'ended', reason: 'none' })

export function createSessionOf(readTicket: ReadTicket, findSession: FindSession): SessionOf {
  return function sessionOf(request) {
    const reading = readTicket(request.headers.cookie)
    switch (reading.kind) {
      case 'ticket':
        return findSession(reading.ticket)
      case 'none':
        return NOBODY
      case 'duplicated':
        throw new GatewayError('request_invalid', { note: 'two session cookies' })
      default:
        return reading satisfies never
    }
  }
}

/** The session, or `session_missing` with the reason: for what cannot be done without one. */
export function requireLive(verdict: Verdict): LiveSession {
  if (verdict.kind === 'live') return verdict.session
  throw missing(verdict.reason)
}

function missing(reason: EndReason): GatewayError {
  return new GatewayError('session_missing', { reason })
}
