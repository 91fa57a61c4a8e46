import type { IncomingMessage } from 'node:http'
import type { RecordActivity } from '../session/record-activity.ts'
import type { LiveSession, Verdict } from '../session/records.ts'
import { requireLive, type SessionOf } from './require-session.ts'

/** The live session of a request that uses it, noted as activity; throws `session_missing` where there is none. */
export type UsedSession = (request: IncomingMessage) => LiveSession | Promise<LiveSession>

export function createUsedSession(sessionOf: SessionOf, activity: RecordActivity): UsedSession {
  return function usedSession(request) {
    const verdict = sessionOf(request)
    return verdict instanceof Promise ? verdict.then(used) : used(verdict)
  }

  function used(verdict: Verdict): LiveSession {
    const session = requireLive(verdict)
    activity.noted(session)
    return session
  }
}
