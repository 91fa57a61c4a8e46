import type { Request, Response } from 'express'
import type { RefuseForgedRequest } from '../security/refuse-forged-request.ts'
import type { LiveSession } from '../session/records.ts'
import type { RecordActivity } from '../session/record-activity.ts'
import { requireLive, type SessionOf } from './require-session.ts'

interface Steps {
  readonly prefix: string
  readonly refuseForgedRequest: RefuseForgedRequest
  readonly sessionOf: SessionOf
  readonly activity: RecordActivity
  readonly now: () => number
}

/** Tells a page who is signed in, and until when; answers 200 either way, and asking extends nothing. */
export function createSessionEndpoint({ prefix, refuseForgedRequest, sessionOf, activity, now }: Steps) {
  return async function session(request: Request, response: Response): Promise<void> {
    refuseForgedRequest(request, 'header')
    const verdict = await sessionOf(request)
    if (verdict.kind === 'ended') {
      response.json({ authenticated: false, reason: verdict.reason, loginUrl: `${prefix}/login`, now: iso(now()) })
      return
    }
    response.json(shownSession(verdict.session, await activity.idleDeadline(verdict.session), now()))
  }
}

/** Somebody is still there: what a page calls when the person answers "stay signed in". */
export function createExtendEndpoint({ refuseForgedRequest, sessionOf, activity, now }: Steps) {
  return async function extend(request: Request, response: Response): Promise<void> {
    refuseForgedRequest(request, 'header')
    const live = requireLive(await sessionOf(request))
    response.json(shownSession(live, await activity.extended(live), now()))
  }
}

function shownSession({ record, grant }: LiveSession, idleExpiresAt: number, at: number) {
  return {
    authenticated: true,
    user: grant.claims,
    createdAt: iso(record.createdAt),
    idleExpiresAt: iso(idleExpiresAt),
    absoluteExpiresAt: iso(record.absoluteExpiresAt),
    now: iso(at),
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
