import type { Request } from 'express'
import { GatewayError } from '../errors.ts'
import { parseSessionSecret, sessionIdOf } from '../security/session-secret.ts'
import type { Ticket } from './records.ts'

/** Gives a request a session under a new id, not saved yet. */
export async function newTicket(request: Request): Promise<Ticket> {
  await new Promise<void>((resolve, reject) => {
    request.session.regenerate((error: unknown) => (error ? reject(error) : resolve()))
  })
  const secret = parseSessionSecret(request.sessionID)
  if (!secret) throw new GatewayError('internal', { note: 'a session began without a secret of ours' })
  return Object.freeze({ secret, id: sessionIdOf(secret) })
}

/** Writes the record that makes it a session. */
export async function saved(request: Request): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request.session.save((error: unknown) => (error ? reject(error) : resolve()))
  })
}
