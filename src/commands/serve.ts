import type { Writable } from 'node:stream'
import { parseConfig } from '../config/parse-config.ts'
import { createGateway } from '../gateway.ts'
import { createProvider } from '../oidc/create-provider.ts'
import { createAdmin } from '../operations/create-admin.ts'
import { createReport } from '../operations/create-report.ts'
import type { Colleagues } from '../operations/colleagues.ts'
import { createDrain } from '../operations/drain.ts'
import { createHttpServer } from '../operations/http-server.ts'
import { createInFlight } from '../operations/in-flight.ts'
import { createLogger } from '../operations/logger.ts'
import { createMetrics } from '../operations/metrics.ts'
import { answerOnlyAuthorize, createPrivateListener } from '../operations/private-listener.ts'
import type { Report } from '../report/events.ts'
import { createStore } from '../store/create-store.ts'
import { createMeasuredStore } from '../store/measured-store.ts'
import { closeServer, listenAt } from './listen-at.ts'
import { readVersion } from './version.ts'

// Within a second of its session's end, whatever is open ends.
const SWEEP_MILLISECONDS = 1000

/** A gateway that listens. */
export interface Running {
  /** Where the public listener is; browsers use the base URL instead. */
  readonly publicUrl: string
  readonly privateUrl: string
  /** Where `/authorize` is, if it is anywhere. */
  readonly authorizeUrl: string
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
  /** The other processes, where several serve together. */
  readonly colleagues?: Colleagues
  /** Others serve already: this one listens only once it has looked for the provider, or when this resolves, so that it is ready from the start. */
  readonly mayWaitUntil?: Promise<void>
  /** The clock, in epoch milliseconds. */
  readonly now?: () => number
}

/**
 * Builds the gateway from the environment and listens. It is alive at once, and ready (`/readyz`) as soon as the provider's
 * metadata is there: a provider that is down keeps nobody from starting it.
 *
 * Rejects with a `ConfigurationError`, or with what `notStarted` makes where an address cannot be listened on.
 */
export async function serve({ env, output, colleagues, mayWaitUntil, now = Date.now }: Surroundings): Promise<Running> {
  const { config, warnings } = parseConfig({ env, execArgv: process.execArgv })
  const { baseUrl, listen, forwardAuth } = config
  const { origin, prefix } = baseUrl

  const metrics = createMetrics({ version: readVersion() })
  const logger = createLogger(config.log, output)
  const { report, reportRequest, observeStore } = createReport({ logger, metrics, carried: config.log.carried })
  // Where several serve together, the primary has told them once for all.
  if (colleagues === undefined) for (const warning of warnings) report('configuration_warning', warning)

  const store = createMeasuredStore(await createStore(config.store, { report, now }), observeStore)
  const provider = createProvider({
    config: config.provider,
    redirectUri: `${origin}${prefix}/callback`,
    postLogoutRedirectUri: `${origin}${prefix}/logout/callback`,
    report,
    now,
  })

  const gateway = createGateway({ config, store, provider, report, reportRequest, now })
  const administer = createAdmin({ config: config.admin, administrable: gateway.administrable, report, now })
  const inFlight = createInFlight()
  const publicServer = createHttpServer({ handle: gateway.handle, isWebSocket: gateway.isWebSocket, inFlight, report })
  const privateServer = createHttpServer({
    handle: createPrivateListener({
      store,
      provider,
      isDraining: () => drain.isDraining(),
      inFlight,
      live: gateway.live,
      metrics,
      report,
      administer,
      ...(forwardAuth.listen === undefined ? { authorize: gateway.authorize } : {}),
      ...(colleagues === undefined ? {} : { colleagues }),
    }),
    inFlight: createInFlight(),
    report,
  })
  const decidingServer = createHttpServer({ handle: answerOnlyAuthorize(gateway.authorize), inFlight: createInFlight(), report })
  const drain = createDrain({
    config: config.drain,
    publicServer,
    inFlight,
    report,
    goAway: gateway.live.goAway,
    wait,
    settled: gateway.settled,
    release,
  })
  const sweep = setInterval(gateway.live.sweep, SWEEP_MILLISECONDS)

  async function release(): Promise<void> {
    clearInterval(sweep)
    provider.stop()
    await gateway.close()
    await store.close()
    await Promise.all([closeServer(decidingServer), closeServer(privateServer)])
  }

  try {
    if (mayWaitUntil !== undefined) await Promise.race([provider.start(), mayWaitUntil])
    // The private ones first: whoever sees the public port open can already ask whether it is ready.
    const privately = await listenAt(privateServer, listen.private, 'COATCHECK_PRIVATE_LISTEN')
    const deciding = forwardAuth.listen && (await listenAt(decidingServer, forwardAuth.listen, 'COATCHECK_FORWARD_AUTH_LISTEN'))
    const publicly = await listenAt(publicServer, listen.public, 'COATCHECK_LISTEN')
    const authorizeUrl = deciding?.url ?? privately.url
    report('listening', { url: publicly.url, privateUrl: privately.url, ...(gateway.authorize ? { authorizeUrl } : {}) })
    // Not awaited: it goes on trying by itself, and tells by `provider_state`.
    void provider.start()

    return {
      publicUrl: publicly.url,
      privateUrl: privately.url,
      authorizeUrl,
      publicPort: publicly.port,
      privatePort: privately.port,
      report,
      drain: drain.drain,
    }
  } catch (error) {
    await release()
    throw error
  }
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
