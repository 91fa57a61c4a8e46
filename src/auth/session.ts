import type { Request, Response } from 'express'
import type { RefuseForgedRequest } from '../security/refuse-forged-request.ts'
import type { Lifetimes } from '../session/lifetimes.ts'
import type { LiveSession } from '../session/records.ts'
import type { RecordActivity } from '../session/record-activity.ts'
import { iso, shownTimes } from '../session/shown-times.ts'
import { openUntil } from './open-until.ts'
import { requireLive, type SessionOf } from './require-session.ts'

interface Steps {
  readonly prefix: string
  readonly refuseForgedRequest: RefuseForgedRequest
  readonly sessionOf: SessionOf
  readonly activity: RecordActivity
  readonly lifetimes: Pick<Lifetimes, 'endsAt'>
  readonly now: () => number
}

/** Tells a page who is signed in, and until when; answers 200 either way, and asking extends nothing. */
export function createSessionEndpoint({ prefix, refuseForgedRequest, sessionOf, activity, lifetimes, now }: Steps) {
  return async function session(request: Request, response: Response): Promise<void> {
    refuseForgedRequest(request, 'header')
    const open = await openUntil(request, sessionOf, activity.idleDeadline)
    if (open.kind === 'live') response.json(shownSession(open.session, open.until, lifetimes, now()))
    else response.json({ authenticated: false, reason: open.reason, loginUrl: `${prefix}/login`, now: iso(now()) })
  }
}

/** Somebody is still there: what a page calls when the person answers "stay signed in". */
export function createExtendEndpoint({ refuseForgedRequest, sessionOf, activity, lifetimes, now }: Steps) {
  return async function extend(request: Request, response: Response): Promise<void> {
    refuseForgedRequest(request, 'header')
    const open = await openUntil(request, sessionOf, activity.extended)
    if (open.kind === 'ended') requireLive(open)
    else response.json(shownSession(open.session, open.until, lifetimes, now()))
  }
}

function shownSession(session: LiveSession, idleExpiresAt: number, lifetimes: Pick<Lifetimes, 'endsAt'>, at: number) {
  return {
    authenticated: true,
    user: session.grant.claims,
    createdAt: iso(session.record.createdAt),
    ...shownTimes(session, idleExpiresAt, lifetimes, at),
  }
}
