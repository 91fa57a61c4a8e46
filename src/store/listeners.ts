/** Told of the key of a changed record; `undefined` means that any record may have changed. Must not throw. */
export type ChangeListener = (key: string | undefined) => void

/** Who wants to hear of changes. They are told before `tell` returns, so that nothing later can overtake the news. */
export interface Listeners {
  readonly add: (listener: ChangeListener) => void
  readonly tell: ChangeListener
}

export function createListeners(): Listeners {
  const listeners: ChangeListener[] = []
  return {
    add: (listener) => void listeners.push(listener),
    tell(key) {
      for (const listener of listeners) listener(key)
    },
  }
}
