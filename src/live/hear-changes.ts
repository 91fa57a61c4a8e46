import type { SessionKeys } from '../session/keys.ts'
import type { SessionId } from '../session/records.ts'
import type { Store } from '../store/port.ts'

interface Steps {
  readonly store: Pick<Store, 'watch'>
  readonly keys: Pick<SessionKeys, 'staleId' | 'seenId' | 'endedId'>
  /** Any session may have changed. */
  readonly onAny: () => void
  /** Records of a session changed, once however many they were, and no ending was left. */
  readonly onChanged: (id: SessionId) => void
  /** Somebody was seen. */
  readonly onSeen: (id: SessionId) => void
}

/**
 * Sorts what the store tells. An ending removes several records and leaves its reason in one step, and the news of them come together:
 * waiting for the end of the turn makes one question of what would be several, and none of an ending, which is heard by its reason
 * (`session/hear-endings.ts`). It matters where thousands of sessions end at once.
 */
export function hearChanges({ store, keys, onAny, onChanged, onSeen }: Steps): void {
  const changed = new Set<SessionId>()
  const ended = new Set<SessionId>()

  store.watch((key) => {
    if (key === undefined) return onAny()
    const id = keys.staleId(key)
    if (id === undefined) {
      const seen = keys.seenId(key)
      if (seen !== undefined) onSeen(seen)
      return
    }
    if (changed.size === 0) setImmediate(tell)
    changed.add(id)
    if (keys.endedId(key) !== undefined) ended.add(id)
  })

  function tell(): void {
    const all = [...changed].filter((id) => !ended.has(id))
    changed.clear()
    ended.clear()
    all.forEach(onChanged)
  }
}
