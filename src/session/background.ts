/** Work that belongs to a session and not to a request: it goes on when the request has ended, and a drain waits for it. */
export interface Background {
  readonly run: (work: Promise<void>) => void
  /** Resolves when nothing is under way. */
  readonly idle: () => Promise<void>
}

export function createBackground(): Background {
  const underWay = new Set<Promise<void>>()
  return {
    run(work) {
      const done = work.finally(() => underWay.delete(done))
      underWay.add(done)
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}
