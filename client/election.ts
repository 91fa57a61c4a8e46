import { NAME } from './tabs.ts'

interface Election {
  /** Elected: from now on this tab watches for all. */
  readonly onElected: () => void
  /** Another one does, or nobody: this tab left, or its place was taken. */
  readonly onOver: () => void
}

export type Candidate = ReturnType<typeof createCandidate>

/**
 * Elects one of the tabs by a lock that the browser keeps, and gives to the next in line when a tab is closed or crashes.
 * A tab that is frozen leaves by itself; from one that hangs, `takeOver` takes the place.
 */
export function createCandidate({ onElected, onOver }: Election) {
  let standing: AbortController | undefined

  return {
    stand: () => stand(),
    takeOver() {
      leave()
      stand(true)
    },
    leave,
  }

  function stand(steal = false): void {
    const own = new AbortController()
    standing = own
    let elected = false
    const held = () =>
      new Promise<void>((resolve) => {
        // Chosen at the very moment of leaving: the lock is given back at once.
        if (own.signal.aborted) return resolve()
        elected = true
        own.signal.addEventListener('abort', () => resolve())
        onElected()
      })
    const request = steal ? { steal } : { signal: own.signal }
    navigator.locks.request(NAME, request, held).catch(() => {
      if (own.signal.aborted) return
      // Without having been elected: the browser gives no locks here, as in a sandboxed frame, so that each watches for itself.
      if (!elected) return onElected()
      onOver()
      stand()
    })
  }

  function leave(): void {
    standing?.abort()
    standing = undefined
    onOver()
  }
}
