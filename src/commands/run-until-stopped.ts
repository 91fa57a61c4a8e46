import { describeError } from '../report/describe-error.ts'
import { whyNotStarted } from './not-started.ts'
import { serve, type Running } from './serve.ts'

/**
 * A terminal and npm may both pass on one Ctrl-C: what follows sooner than this is the same wish, in milliseconds.
 */
const SAME_WISH = 1000

/**
 * Runs the gateway until SIGTERM or SIGINT, drains it, and answers the exit code. A second signal ends it at once.
 *
 * Errors that nothing foresaw are logged and counted, and the process lives on: each request stands alone and what must last is
 * in the store, so ending the process would turn one broken request into an outage for everybody (OWASP ASVS 16.5.4).
 */
export async function runUntilStopped(): Promise<number> {
  // Whoever reads the log may go away (a pipe); that must not take the gateway along.
  process.stdout.on('error', () => undefined)
  // Before anything else, so that a signal that comes while it starts ends it as well as any other.
  const stopped = firstSignal()

  let running: Running
  try {
    running = await serve({ env: process.env, output: process.stdout })
  } catch (error) {
    process.stderr.write(`${whyNotStarted(error) ?? unforeseen(error)}\n`)
    return 1
  }

  const { report } = running
  process.on('uncaughtException', (error) => report('unexpected_error', describeError(error)))
  process.on('unhandledRejection', (error) => report('unexpected_error', describeError(error)))

  await stopped
  await running.drain()
  return 0
}

function firstSignal(): Promise<void> {
  let since: number | undefined
  return new Promise((resolve) => {
    function stop(): void {
      if (since !== undefined && performance.now() - since > SAME_WISH) process.exit(1)
      since ??= performance.now()
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

function unforeseen(error: unknown): string {
  const { name, note, stack } = describeError(error)
  return [`Coatcheck could not start: ${note === name ? name : `${name} (${note})`}`, stack].filter(Boolean).join('\n')
}
