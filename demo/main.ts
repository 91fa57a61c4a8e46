/*
 * `npm run demo`: a provider, an API, a page and Coatcheck between them, in one process, until Ctrl-C.
 *
 *   COATCHECK_DEMO_PORT=8081        another port for the app
 *   COATCHECK_STORE=redis://…       sessions in Redis instead of the embedded store
 *   COATCHECK_LOG_LEVEL=info        what the gateway logs, on the same terminal
 */
import { whyNotStarted } from '../src/commands/not-started.ts'
import { readPort } from './command/read-port.ts'
import { requireFreePort } from './command/require-free-port.ts'
import { startParts } from './command/start-parts.ts'
import { waitUntilReady } from './command/wait-until-ready.ts'

const stopped = new AbortController()
const ends: (() => Promise<void>)[] = []

async function run(): Promise<void> {
  const port = readPort(process.env['COATCHECK_DEMO_PORT'])
  await requireFreePort(port)
  const { env, stdout } = process
  const parts = await startParts({ env, port, output: stdout, onEnd: (end) => ends.unshift(end) })
  await waitUntilReady(parts, stopped.signal)
  if (stopped.signal.aborted) return
  stdout.write(greeting(`http://localhost:${port}`))
  await new Promise((resolve) => stopped.signal.addEventListener('abort', resolve))
}

function greeting(url: string): string {
  return `
  Coatcheck is ready:  ${url}

  Sign in as one of the demo people, call the API, and see which headers it received.
  Open a second tab and sign out in one of them. Look for the one cookie in the developer tools.
  Ctrl-C ends everything.

`
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopped.abort())

try {
  await run()
} catch (error) {
  process.exitCode = 1
  process.stderr.write(
    `${whyNotStarted(error) ?? `The demo could not start: ${error instanceof Error ? error.stack : String(error)}`}\n`,
  )
}
// One after the other, the gateway first: its logout calls to the provider may still be under way.
for (const end of ends) await end()
