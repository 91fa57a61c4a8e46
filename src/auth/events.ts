import type { Request, Response } from 'express'
import type { EventsConfig } from '../config/events-config.ts'
import { type EndReason, GatewayError } from '../errors.ts'
import { EventStream } from '../live/event-stream.ts'
import { beginEvents, writeEnded } from '../live/event-text.ts'
import type { LiveConnections } from '../live/live-connection.ts'
import { parseEventId, type Told } from '../live/told.ts'
import type { Report } from '../report/events.ts'
import type { RefuseForgedRequest } from '../security/refuse-forged-request.ts'
import type { RequestIdOf } from '../security/request-id.ts'
import type { Lifetimes } from '../session/lifetimes.ts'
import type { RecordActivity } from '../session/record-activity.ts'
import { sessionName } from '../session/session-name.ts'
import { openUntil } from './open-until.ts'
import { requireLive, type SessionOf } from './require-session.ts'

interface Steps {
  readonly config: EventsConfig
  readonly prefix: string
  readonly refuseForgedRequest: RefuseForgedRequest
  readonly sessionOf: SessionOf
  readonly activity: Pick<RecordActivity, 'idleDeadline'>
  readonly lifetimes: Pick<Lifetimes, 'endsAt' | 'idleTimeout'>
  readonly live: Pick<LiveConnections, 'enter' | 'pagesOf'>
  readonly requestIdOf: RequestIdOf
  readonly report: Report
  readonly now: () => number
}

/** A page that opens too many does not open fewer a second later. */
const RETRY_SECONDS = 30

/** Tells a page what becomes of its session, for as long as both last; listening extends nothing. */
export function createEvents(steps: Steps) {
  const { config, refuseForgedRequest, sessionOf, activity, live } = steps
  const loginUrl = `${steps.prefix}/login`

  return async function events(request: Request, response: Response): Promise<void> {
    refuseForgedRequest(request, 'same-origin')
    // Browsers send it when they come back by themselves (HTML, "server-sent events"); twice it is none.
    const told = parseEventId(request.get('Last-Event-ID'))
    const open = await openUntil(request, sessionOf, activity.idleDeadline)
    if (open.kind === 'ended') {
      // A browser that comes back gives up on any other answer, and its page would never learn why.
      if (told) tellEnded(response, told, open.reason)
      else requireLive(open)
      return
    }
    if (live.pagesOf(open.session.ticket.id) >= config.mostPerSession)
      throw new GatewayError('too_many_requests', { retryAfterSeconds: RETRY_SECONDS, note: 'event streams of one session' })
    // Gone while the store was asked.
    if (response.destroyed) return

    setStreamHeaders(response)
    const { session, until: idleExpiresAt } = open
    const stream = new EventStream({ ...steps, ...config, response, session, idleExpiresAt, told, loginUrl })
    const startedAt = steps.now()
    const leave = live.enter(stream)
    response.once('close', () => {
      leave()
      tellClosed(request, stream, steps.now() - startedAt)
    })
  }

  function tellEnded(response: Response, told: Told, reason: EndReason): void {
    setStreamHeaders(response)
    response.end(beginEvents(told) + writeEnded(told, reason, loginUrl))
  }

  function tellClosed(request: Request, { session, outcome }: EventStream, milliseconds: number): void {
    steps.report('live_connection_closed', {
      kind: 'stream',
      requestId: steps.requestIdOf(request),
      session: sessionName(session.ticket.id),
      subject: session.record.subject,
      route: `${steps.prefix}/events`,
      outcome,
      milliseconds,
    })
  }
}

function setStreamHeaders(response: Response): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    // For a proxy in front that would wait until its buffer is full.
    'X-Accel-Buffering': 'no',
  })
}
