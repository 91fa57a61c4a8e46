import { createHash, randomBytes } from 'node:crypto'
import type { SessionId, SessionSecret } from '../session/records.ts'

const SECRET_BYTES = 32
/** 256 bits in base64url: the only shape in which a session secret is accepted. */
const SECRET_SHAPE = /^[A-Za-z0-9_-]{43}$/

/** A new secret, from the system's random source. */
export function makeSessionSecret(): SessionSecret {
  return randomBytes(SECRET_BYTES).toString('base64url') as SessionSecret
}

/** The secret in `text`, if its alphabet and length are right; nothing else ever reaches the store. */
export function parseSessionSecret(text: string): SessionSecret | undefined {
  return SECRET_SHAPE.test(text) ? (text as SessionSecret) : undefined
}

/** What the session is called in the store: it can be known without opening anything. */
export function sessionIdOf(secret: SessionSecret): SessionId {
  return createHash('sha256').update(secret).digest('base64url') as SessionId
}
