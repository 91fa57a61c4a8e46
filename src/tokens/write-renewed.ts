import { setTimeout as pause } from 'node:timers/promises'
import { FAILURES, GatewayError } from '../errors.ts'
import type { ReplaceGrant } from '../session/replace-grant.ts'

const FIRST_PAUSE_MILLISECONDS = 100
const MOST_PAUSE_MILLISECONDS = 1_000
const MOST_TRIES_MILLISECONDS = 60_000

/**
 * Writes the grant that a refresh brought. The old refresh token is spent by then: a store that fails is asked again, with growing
 * pauses, for a minute. A write whose answer was lost is met as `conflict` at the next try, and what stands is ours.
 */
export function createWriteRenewed(replaceGrant: ReplaceGrant, now: () => number): ReplaceGrant {
  return async function writeRenewed(session, next) {
    const deadline = now() + MOST_TRIES_MILLISECONDS
    for (let wait = FIRST_PAUSE_MILLISECONDS; ; wait = Math.min(2 * wait, MOST_PAUSE_MILLISECONDS)) {
      try {
        return await replaceGrant(session, next)
      } catch (error) {
        const mayPass = error instanceof GatewayError && FAILURES[error.code].blame === 'store'
        if (!mayPass || now() + wait > deadline) throw error
        await pause(wait)
      }
    }
  }
}
