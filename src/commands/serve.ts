import type { Server } from 'node:http'
import type { Writable } from 'node:stream'
import { parseConfig } from '../config/parse-config.ts'
import { createGateway } from '../gateway.ts'
import { createProvider } from '../oidc/create-provider.ts'
import { createReport } from '../operations/create-report.ts'
import { createDrain } from '../operations/drain.ts'
import { createHttpServer } from '../operations/http-server.ts'
import { createInFlight } from '../operations/in-flight.ts'
import { listen } from '../operations/listen.ts'
import { createLogger } from '../operations/logger.ts'
import { createMetrics } from '../operations/metrics.ts'
import { createPrivateListener } from '../operations/private-listener.ts'
import type { Report } from '../report/events.ts'
import { createStore } from '../store/create-store.ts'
import { createMeasuredStore } from '../store/measured-store.ts'
import { notStarted } from './not-started.ts'
import { readVersion } from './version.ts'

/** A gateway that listens. */
export interface Running {
  /** Where the public listener is; browsers use the base URL instead. */
  readonly publicUrl: string
  readonly privateUrl: string
  readonly publicPort: number
  readonly privatePort: number
  readonly report: Report
  /** Ends the service in the order of `createDrain`; resolves when everything is closed. */
  readonly drain: () => Promise<void>
}

interface Surroundings {
  readonly env: Record<string, string | undefined>
  /** Where log lines go. */
  readonly output: Writable
}

/**
 * Builds the gateway from the environment and listens. It is alive at once, and ready (`/readyz`) as soon as the provider's
 * metadata is there: a provider that is down keeps nobody from starting it.
 *
 * Rejects with a `ConfigurationError`, or with what `notStarted` makes where an address cannot be listened on.
 */
export async function serve({ env, output }: Surroundings): Promise<Running> {
  const { config, warnings } = parseConfig({ env, execArgv: process.execArgv })
  const { origin, prefix } = config.baseUrl
  const now = Date.now

  const metrics = createMetrics({ version: readVersion() })
  const logger = createLogger(config.log, output)
  const { report, reportRequest, observeStore } = createReport({ logger, metrics, carried: config.log.carried })
  for (const warning of warnings) report('configuration_warning', warning)

  const store = createMeasuredStore(await createStore(config.store, { report, now }), observeStore)
  const provider = createProvider({
    config: config.provider,
    redirectUri: `${origin}${prefix}/callback`,
    postLogoutRedirectUri: `${origin}${prefix}/logout/callback`,
    report,
    now,
  })

  const isDraining = () => drain.isDraining()
  const gateway = createGateway({ config, store, provider, report, reportRequest, now })
  const inFlight = createInFlight()
  const publicServer = createHttpServer({ handle: gateway.handle, inFlight, report })
  const privateServer = createHttpServer({
    handle: createPrivateListener({ store, provider, isDraining, inFlight, metrics, report }),
    inFlight: createInFlight(),
    report,
  })
  const drain = createDrain({ config: config.drain, publicServer, inFlight, report, wait, settled: gateway.settled, release })

  async function release(): Promise<void> {
    provider.stop()
    await gateway.close()
    await store.close()
    await close(privateServer)
  }

  // The private one first: whoever sees the public port open can already ask whether it is ready.
  const privately = await listen(privateServer, config.listen.private, 'COATCHECK_PRIVATE_LISTEN')
  const publicly =
    privately.kind === 'listening' ? await listen(publicServer, config.listen.public, 'COATCHECK_LISTEN') : privately
  if (privately.kind === 'refused' || publicly.kind === 'refused') {
    await release()
    throw notStarted(publicly.kind === 'refused' ? publicly.says : '')
  }

  report('listening', { url: publicly.url, privateUrl: privately.url })
  // Not awaited: it goes on trying by itself, and tells by `provider_state`.
  void provider.start()

  return {
    publicUrl: publicly.url,
    privateUrl: privately.url,
    publicPort: publicly.port,
    privatePort: privately.port,
    report,
    drain: drain.drain,
  }
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
