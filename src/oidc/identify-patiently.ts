import { setTimeout as pause } from 'node:timers/promises'

import type { Identification } from './identify.ts'
import type { Identity } from './port.ts'

/** Between attempts. The whole stays short: nobody has stored the new tokens yet. */
const PAUSES_MILLISECONDS = [100, 400, 1_600]
/** However long a refresh may take, keys that do not come are not waited for longer than this. */
const MOST_MILLISECONDS = 10_000

/**
 * Identifies, and once more after each of a few pauses while the keys cannot be had; `undefined` when the attempts or the
 * milliseconds are used up. Rejects as soon as an attempt does: what is wrong stays wrong.
 */
export async function identifyPatiently(
  attempt: () => Promise<Identification>,
  milliseconds: number,
): Promise<Identity | undefined> {
  const { promise: timeUp, resolve } = Promise.withResolvers<undefined>()
  let isOver = false
  const timer = setTimeout(() => resolve(undefined), Math.min(milliseconds, MOST_MILLISECONDS))
  try {
    return await Promise.race([attemptRepeatedly(), timeUp])
  } finally {
    isOver = true
    clearTimeout(timer)
  }

  async function attemptRepeatedly(): Promise<Identity | undefined> {
    for (const wait of [0, ...PAUSES_MILLISECONDS]) {
      if (wait > 0) await pause(wait, undefined, { ref: false })
      if (isOver) break
      const found = await attempt()
      if (found.kind === 'identified') return found.identity
    }
    return undefined
  }
}
