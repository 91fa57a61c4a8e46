import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { serve, type Running } from '../../src/commands/serve.ts'
import { findFreePort } from './free-port.ts'
import { metricOf } from './metric-of.ts'

/** A line of the gateway's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly event: string }

/** A gateway that runs in the process of the test. */
export interface TestGateway {
  /** The base URL, which is also where it listens: `http://localhost:<port>`. */
  readonly origin: string
  readonly privateUrl: string
  readonly port: number
  /** The configuration it was started with; hand it to `startGateway` again for a second instance (with `COATCHECK_LISTEN: '127.0.0.1:0'`). */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Every line logged so far, oldest first; `event` picks those of one event. */
  readonly logs: (event?: string) => readonly LogLine[]
  /** Everything logged, as text: for tests that search it for what must not be there. */
  readonly logText: () => string
  /** The value of a metric, 0 where it was never counted: `await gateway.metric('coatcheck_logins_total', { outcome: 'signed_in' })`. */
  readonly metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>
  /** The whole text of `/metrics`. */
  readonly metrics: () => Promise<string>
  /** Resolves once `/readyz` says 200; rejects with what it said last after ten seconds. */
  readonly ready: () => Promise<void>
  /** Drains it, without delay. */
  readonly stop: () => Promise<void>
}

/**
 * Starts the whole gateway on free ports, as `npm start` would: memory store, generated secrets, no delay at the end.
 *
 * @param clock Its own, for tests that put it forward.
 * @param overrides Variables to set besides, or to unset (`undefined`). Without `COATCHECK_ISSUER` the provider is one that is down.
 */
export async function startGateway(
  overrides: Readonly<Record<string, string | undefined>> = {},
  { now = Date.now }: { readonly now?: () => number } = {},
): Promise<TestGateway> {
  const chunks: string[] = []
  const output = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk))
      done()
    },
  })
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const env = {
    COATCHECK_BASE_URL: origin,
    COATCHECK_LISTEN: `127.0.0.1:${port}`,
    COATCHECK_PRIVATE_LISTEN: '127.0.0.1:0',
    COATCHECK_ISSUER: 'http://127.0.0.1:1',
    COATCHECK_CLIENT_ID: 'coatcheck',
    COATCHECK_CLIENT_SECRET: randomBytes(32).toString('base64url'),
    COATCHECK_SECRETS: randomBytes(32).toString('base64url'),
    COATCHECK_STORE: 'memory:',
    COATCHECK_DRAIN_DELAY: '0s',
    ...overrides,
  }
  const running = await serve({ env, output, now })
  return describe(running, new URL(env.COATCHECK_BASE_URL ?? origin).origin, env, () => chunks.join(''))
}

function describe(running: Running, origin: string, env: TestGateway['env'], logText: () => string): TestGateway {
  const metrics = async (): Promise<string> => (await fetch(`${running.privateUrl}/metrics`)).text()

  return {
    origin,
    privateUrl: running.privateUrl,
    port: running.publicPort,
    env,
    logs: (event) => linesOf(logText()).filter((line) => event === undefined || line.event === event),
    logText,
    metric: async (name, labels = {}) => metricOf(await metrics(), name, labels),
    metrics,
    ready: async () => {
      const deadline = Date.now() + 10_000
      for (;;) {
        const answer = await fetch(`${running.privateUrl}/readyz`)
        const said = await answer.text()
        if (answer.status === 200) return
        if (Date.now() > deadline) throw new Error(`The gateway is not ready: ${said}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    stop: () => running.drain(),
  }
}

function linesOf(text: string): readonly LogLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
    .filter(isLogLine)
}

function isLogLine(value: unknown): value is LogLine {
  return typeof value === 'object' && value !== null && 'level' in value && 'event' in value
}
