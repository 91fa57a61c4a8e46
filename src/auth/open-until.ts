import type { Request } from 'express'
import { GatewayError } from '../errors.ts'
import type { LiveSession, Verdict } from '../session/records.ts'
import type { SessionOf } from './require-session.ts'

/** A verdict, and for a live session the epoch milliseconds until which it stands. */
export type OpenUntil =
  | Extract<Verdict, { kind: 'ended' }>
  | { readonly kind: 'live'; readonly session: LiveSession; readonly until: number }

/** The verdict, and until when it stands. A session that turns out to be idle while its deadline is asked for is judged again. */
export async function openUntil(
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
