import type { RouteConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { MeetsLevel } from '../session/authentication-level.ts'
import type { LiveSession } from '../session/records.ts'
import { askedLevel } from './asked-level.ts'

/** Refuses a session whose sign-in is not of the kind that its route demands. Throws `step_up_required`. */
export function requireLevel({ grant }: LiveSession, { level }: Pick<RouteConfig, 'level'>, meetsLevel: MeetsLevel): void {
  if (level !== undefined && !meetsLevel(grant, level)) throw new GatewayError('step_up_required', { level })
}

/**
 * What becomes of a 401 by which an API asks for another sign-in; undefined where it asks for none. One that the session has already
 * is not asked for again: person and page would go round in a circle.
 */
export function refusedLevel(
  session: LiveSession | undefined,
  challenge: string | readonly string[] | undefined,
  meetsLevel: MeetsLevel,
): GatewayError | undefined {
  const level = session && askedLevel(challenge)
  if (!level) return undefined
  return meetsLevel(session.grant, level)
    ? new GatewayError('step_up_refused')
    : new GatewayError('step_up_required', { level, note: 'the API asks for it' })
}
