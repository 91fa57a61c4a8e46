import type { Report } from '../report/events.ts'
import { explainFailure } from './redis-meanings.ts'
import { isUndone } from './is-undone.ts'

const QUIET_MILLISECONDS = 2_000

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
  /** Looks whether it has been quiet for long enough; called every second or so. */
  readonly settle: () => void
}

interface Refusal {
  readonly operation: string
  readonly at: number
  /** Whether it was done since. */
  readonly undone: boolean
}

export function createStoreState(report: Report, now: () => number): StoreState {
  /** Why it was said to be lost, and what it was said to refuse, by code. */
  const losses = new Set<string>()
  const refusals = new Map<string, Refusal>()

  function settle(): void {
    if (refusals.size === 0) return
    for (const [code, { undone, at }] of refusals) if (undone && now() >= at + QUIET_MILLISECONDS) refusals.delete(code)
    if (refusals.size === 0) report('store_state', { state: 'connected' })
  }

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
      refusals.set(code, { operation, at: now(), undone: false })
      if (!isTold) report('store_state', { state: 'refusing', note: explainFailure(code) })
    },
    answered(operation, answer) {
      if (refusals.size === 0) return
      for (const [code, refusal] of refusals) {
        if (isUndone(code, refusal.operation, operation, answer)) refusals.set(code, { ...refusal, undone: true })
      }
      settle()
    },
    settle,
  }
}
