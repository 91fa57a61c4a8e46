import { describeError } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'

/** Work that belongs to a session and not to a request: it goes on when the request has ended, a drain waits for it, and a failure is told. */
export interface Background {
  readonly run: (work: Promise<void>) => void
  /** Resolves when nothing is under way. */
  readonly idle: () => Promise<void>
}

export function createBackground(report: Report): Background {
  const underWay = new Set<Promise<void>>()
  return {
    run(work) {
      const done = work
        .catch((error: unknown) => report('unexpected_error', describeError(error)))
        .finally(() => underWay.delete(done))
      underWay.add(done)
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
