import type { Request, Response } from 'express'
import { GatewayError } from '../errors.ts'
import type { RefuseForgedRequest } from '../security/refuse-forged-request.ts'
import type { Lifetimes } from '../session/lifetimes.ts'
import type { LiveSession, Verdict } from '../session/records.ts'
import type { RecordActivity } from '../session/record-activity.ts'
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

type OpenUntil =
  | Extract<Verdict, { kind: 'ended' }>
  | { readonly kind: 'live'; readonly session: LiveSession; readonly until: number }

/** The verdict, and until when it stands. A session that turns out to be idle while its deadline is asked for is judged again. */
async function openUntil(
  request: Request,
  sessionOf: SessionOf,
  deadline: (session: LiveSession) => Promise<number | undefined>,
): Promise<OpenUntil> {
  const verdict = await sessionOf(request)
  if (verdict.kind === 'ended') return verdict
  const until = await deadline(verdict.session)
  if (until !== undefined) return { ...verdict, until }
  const again = await sessionOf(request)
  if (again.kind === 'ended') return again
  throw new GatewayError('store_unavailable', { note: 'a session is live and idle at once' })
}

function shownSession({ record, grant }: LiveSession, idleExpiresAt: number, lifetimes: Pick<Lifetimes, 'endsAt'>, at: number) {
  return {
    authenticated: true,
    user: grant.claims,
    createdAt: iso(record.createdAt),
    idleExpiresAt: iso(idleExpiresAt),
    absoluteExpiresAt: iso(lifetimes.endsAt(record, grant)),
    now: iso(at),
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
