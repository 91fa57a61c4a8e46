import { ask } from './ask.js'

/**
 * Who is signed in: `in` with the session, `out`, or `unknown` while the counter cannot say. Unknown is not signed out: the
 * page keeps showing what it knew.
 */
export async function readSession() {
  const { kind, response } = await ask('/bff/session')
  if (kind === 'signed-out') return { state: 'out' }
  if (kind !== 'answered') return { state: 'unknown' }
  const session = await response.json()
  return session.authenticated ? { state: 'in', session } : { state: 'out' }
}

/** Tells the counter that a person is still there, which moves the idle deadline. */
export function extendSession() {
  return ask('/bff/session/extend', { method: 'POST' })
}

/**
 * Ends the session here; the address it answers ends it at the sign-in service too. The id token that this takes travels
 * behind the counter, so the page only gets a one-time address.
 */
export async function endSession() {
  const { kind, response } = await ask('/bff/logout', { method: 'POST' })
  if (kind === 'signed-out') return '/'
  if (kind !== 'answered') return undefined
  const answer = await response.json()
  return answer.continue
}
