import type { Report } from '../report/events.ts'
import { explainFailure, isOfEverything } from './redis-meanings.ts'

const QUIET_MILLISECONDS = 2_000

/** Refusals of writes as such. */
const OF_EVERY_WRITE = new Set(['OOM', 'READONLY', 'MISCONF', 'NOREPLICAS', 'FULL'])

/** Answers that came about only by a write for which room was needed; what merely removes is taken by a full server too. */
const SHOWS_ROOM: Readonly<Record<string, (answer: unknown) => boolean>> = {
  write: () => true,
  writeAll: () => true,
  addMember: () => true,
  swap: (answer) => answer === 'written',
  lease: (answer) => answer === true,
  count: (answer) => Number(answer) > 0,
}

/**
 * Tells how the store is, once per change and not per request: `lost` (each cause once), `refusing` (it answers, and does not do
 * what it is asked), `connected`. It refuses no longer when what it refused has been done, and nothing was refused for two
 * seconds: a server at the brink of its memory takes one write and refuses the next.
 */
export interface StoreState {
  readonly connected: () => void
  /** The connection went, or an attempt failed. */
  readonly lost: (code: string) => void
  /** An operation was refused. */
  readonly refused: (operation: string, code: string) => void
  /** An operation was answered. */
  readonly answered: (operation: string, answer: unknown) => void
}

interface Refusal {
  readonly operation: string
  readonly at: number
}

export function createStoreState(report: Report, now: () => number): StoreState {
  /** Why it was said to be lost, and what it was said to refuse, by code. */
  const losses = new Set<string>()
  const refusals = new Map<string, Refusal>()

  return {
    connected() {
      losses.clear()
      if (refusals.size === 0) report('store_state', { state: 'connected' })
    },
    lost(code) {
      // A replica is left at once for whoever is at its address now; that it refuses writes has been told.
      if (code === 'READONLY' && refusals.has(code)) return
      refusals.clear()
      if (losses.has(code)) return
      losses.add(code)
      report('store_state', { state: 'lost', note: explainFailure(code) })
    },
    refused(operation, code) {
      const isTold = refusals.has(code)
      refusals.set(code, { operation, at: now() })
      if (!isTold) report('store_state', { state: 'refusing', note: explainFailure(code) })
    },
    answered(operation, answer) {
      if (refusals.size === 0) return
      for (const [code, refusal] of refusals) {
        const isQuiet = now() >= refusal.at + QUIET_MILLISECONDS
        if (isQuiet && isUndone(code, refusal.operation, operation, answer)) refusals.delete(code)
      }
      if (refusals.size === 0) report('store_state', { state: 'connected' })
    },
  }
}

/** Whether an answer shows that what was refused is done again; a lack of permission is one of its operation alone. */
function isUndone(code: string, refused: string, answered: string, answer: unknown): boolean {
  if (code === 'LATE' || isOfEverything(code)) return true
  const showsRoom = SHOWS_ROOM[answered]?.(answer)
  return OF_EVERY_WRITE.has(code) ? showsRoom === true : answered === refused && showsRoom !== false
}
