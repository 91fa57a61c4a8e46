import { isMessage, type ToWorker } from './worker-messages.ts'

/**
 * A terminal and npm may both pass on one Ctrl-C, and a terminal tells every process of a group besides what the primary tells its
 * workers: what follows sooner than this is the same wish, in milliseconds.
 */
const SAME_WISH = 1000

/** Resolves with the first wish that this process should end: a signal, or the primary's word. A second signal ends it at once. */
export function firstWish(): Promise<void> {
  let since: number | undefined
  return new Promise((resolve) => {
    function stop(): void {
      if (since !== undefined && performance.now() - since > SAME_WISH) process.exit(1)
      since ??= performance.now()
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    process.on('message', (message) => {
      if (!isMessage<ToWorker>(message, ['drain'])) return
      since ??= performance.now()
      resolve()
    })
  })
}
