import type { Report } from '../report/events.ts'

/** Tells when the way to the store is lost and found, once per change and not per request; while it is lost, each cause once. */
export function createStoreState(report: Report): { readonly connected: () => void; readonly lost: (note: string) => void } {
  const told = new Set<string>()
  return {
    connected() {
      told.clear()
      report('store_state', { state: 'connected' })
    },
    lost(note) {
      if (told.has(note)) return
      told.add(note)
      report('store_state', { state: 'lost', note })
    },
  }
}
