import { setTimeout as pause } from 'node:timers/promises'
import { FAILURES, GatewayError } from '../errors.ts'
import type { LiveSession } from '../session/records.ts'
import type { GrantReplacement, ReplaceGrant } from '../session/replace-grant.ts'

const FIRST_PAUSE_MILLISECONDS = 100
const LONGEST_PAUSE_MILLISECONDS = 1_000

/**
 * Writes a renewed grant that the store did not take: the old refresh token is spent, so it is tried again, with growing pauses,
 * until it is written or the session has ended. Answers what became of it; rejects only with what is no weather.
 */
export type WriteLater = (renewed: LiveSession) => Promise<GrantReplacement>

export function createWriteLater({
  replaceGrant,
  now,
}: {
  readonly replaceGrant: ReplaceGrant
  readonly now: () => number
}): WriteLater {
  return async function writeLater(renewed) {
    for (let longest = FIRST_PAUSE_MILLISECONDS; ; longest = Math.min(2 * longest, LONGEST_PAUSE_MILLISECONDS)) {
      // Shortened at random: when the store comes back, not everything that waits for it is written at once.
      await pause(longest * (1 - Math.random() / 2))
      if (now() >= renewed.record.absoluteExpiresAt) return 'absent'
      try {
        return await replaceGrant(renewed)
      } catch (error) {
        if (!(error instanceof GatewayError) || FAILURES[error.code].blame !== 'store') throw error
      }
    }
  }
}
