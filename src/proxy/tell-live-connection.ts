import type { Blame } from '../errors.ts'
import type { LiveOutcome, Report } from '../report/events.ts'
import { sessionName } from '../session/session-name.ts'
import type { Carriage } from './carriage.ts'

const BLAME: Partial<Readonly<Record<LiveOutcome, Blame>>> = { client_lost: 'browser', upstream_lost: 'upstream' }

/** Tells, once, how a WebSocket or an event stream ended, and after how long. */
export function tellLiveConnection(
  report: Report,
  kind: 'tunnel' | 'stream',
  { requestId, session, route, call }: Carriage,
  outcome: LiveOutcome,
  milliseconds: number,
): void {
  const blame = BLAME[outcome]
  report('live_connection_closed', {
    kind,
    requestId,
    ...(session === undefined ? {} : { session: sessionName(session.ticket.id), subject: session.record.subject }),
    route: route.prefix,
    upstream: call?.address ?? '',
    outcome,
    milliseconds,
    ...(blame === undefined ? {} : { blame }),
  })
}
