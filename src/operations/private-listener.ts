import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { LiveConnections } from '../live/live-connection.ts'
import type { Provider } from '../oidc/port.ts'
import type { Report } from '../report/events.ts'
import { describeError } from '../report/describe-error.ts'
import type { Store } from '../store/port.ts'
import type { Administer } from './administration.ts'
import type { Authorize } from './authorize.ts'
import { type Colleagues, type Readiness, readinessOfAll } from './colleagues.ts'
import { renderSnapshots } from './merge-snapshots.ts'
import type { Gauges, Metrics } from './metrics.ts'
import { AUTHORIZE } from './original-request.ts'

interface Steps {
  readonly store: Pick<Store, 'link'>
  readonly provider: Pick<Provider, 'state'>
  readonly isDraining: () => boolean
  readonly inFlight: { readonly count: number }
  readonly live: Pick<LiveConnections, 'count'>
  readonly metrics: Metrics
  readonly report: Report
  /** Forward-auth, where it is on and has no listener of its own. */
  readonly authorize?: Authorize | undefined
  /** The other processes of this machine, where there are some: health and metrics are those of all. */
  readonly colleagues?: Colleagues
  /** Everything below `/admin/`; undefined where that is off. */
  readonly administer?: Administer | undefined
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * What machines of the operator ask, on a listener of its own: `/healthz` (this process is alive), `/readyz` (it should be sent
 * requests: store and provider are there, and it is not shutting down), `/metrics`, `/authorize`, and
 * `/admin/` where that is on. Nothing else, whatever the `Host`.
 */
export function createPrivateListener(steps: Steps): RequestListener {
  const { store, provider, isDraining, inFlight, live, metrics, report, authorize, colleagues, administer } = steps
  colleagues?.answerBy({ readiness, metrics: () => metrics.snapshot(gauges()) })
  const endpoints = new Map<string, () => Answer | Promise<Answer>>([
    ['/healthz', () => json(200, { status: 'alive' })],
    ['/readyz', readyz],
    ['/metrics', renderMetrics],
  ])

  return function answerPrivately(request, response) {
    if (authorize !== undefined && isAuthorize(request)) return authorize(request, response)
    answer(request).then(
      (made) => send(request, response, made),
      (error: unknown) => {
        report('unexpected_error', describeError(error))
        send(request, response, json(500, { status: 'error' }))
      },
    )
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { method, url = '' } = request
    if (administer && url.startsWith('/admin/')) {
      const { status, body, headers } = await administer(request)
      return { ...json(status, body), ...(headers && { headers }) }
    }
    const endpoint = endpoints.get(url.split('?', 1)[0] ?? '')
    if (endpoint === undefined) return json(404, { status: 'not found' })
    if (method === 'GET' || method === 'HEAD') return endpoint()
    return { ...json(405, { status: 'method not allowed' }), headers: { Allow: 'GET, HEAD' } }
  }

  function readiness(): Readiness {
    return { store: store.link.live ? 'ready' : 'unavailable', provider: provider.state, draining: isDraining() }
  }

  function gauges(): Gauges {
    const { store: stored, provider: provided, draining } = readiness()
    const open = { inFlight: inFlight.count, tunnels: live.count('tunnel'), streams: live.count('stream') }
    return { ...open, providerReady: provided === 'ready', storeLive: stored === 'ready', draining }
  }

  /** Tells apart what is missing, so that an alarm says where to look. */
  async function readyz(): Promise<Answer> {
    const { ready, ...missing } = readinessOfAll(colleagues === undefined ? [readiness()] : await colleagues.readiness())
    return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', ...missing })
  }

  async function renderMetrics(): Promise<Answer> {
    const body = await (colleagues === undefined ? metrics.render(gauges()) : renderSnapshots(await colleagues.metrics()))
    return { status: 200, type: metrics.contentType, body }
  }
}

/** The one endpoint that has others below it: there the rest of the target is the original's. */
function isAuthorize({ url = '' }: IncomingMessage): boolean {
  return url === AUTHORIZE || url.startsWith(`${AUTHORIZE}/`)
}

/** A listener that answers `/authorize` alone. */
export function answerOnlyAuthorize(authorize: Authorize | undefined): RequestListener {
  return function answerOnly(request, response) {
    if (authorize !== undefined && isAuthorize(request)) authorize(request, response)
    else send(request, response, json(404, { status: 'not found' }))
  }
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` }
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers }: Answer): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
