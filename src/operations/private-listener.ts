import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Provider } from '../oidc/port.ts'
import type { Report } from '../report/events.ts'
import { describeError } from '../report/describe-error.ts'
import type { Store } from '../store/port.ts'
import type { Metrics } from './metrics.ts'

interface Steps {
  readonly store: Pick<Store, 'link'>
  readonly provider: Pick<Provider, 'state'>
  readonly isDraining: () => boolean
  readonly inFlight: { readonly count: number }
  readonly metrics: Metrics
  readonly report: Report
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly allow?: string
}

/**
 * What machines of the operator ask, on a listener of its own: `/healthz` (this process is alive), `/readyz` (it should be sent
 * requests: store and provider are there, and it is not shutting down) and `/metrics`. Nothing else, whatever the `Host`.
 */
export function createPrivateListener({ store, provider, isDraining, inFlight, metrics, report }: Steps): RequestListener {
  const endpoints = new Map<string, () => Answer | Promise<Answer>>([
    ['/healthz', () => json(200, { status: 'alive' })],
    ['/readyz', readyz],
    ['/metrics', renderMetrics],
  ])

  return function answerPrivately(request, response) {
    answer(request).then(
      (made) => send(request, response, made),
      (error: unknown) => {
        report('unexpected_error', describeError(error))
        send(request, response, json(500, { status: 'error' }))
      },
    )
  }

  async function answer({ method, url = '' }: IncomingMessage): Promise<Answer> {
    const endpoint = endpoints.get(url.split('?', 1)[0] ?? '')
    if (endpoint === undefined) return json(404, { status: 'not found' })
    if (method === 'GET' || method === 'HEAD') return endpoint()
    return { ...json(405, { status: 'method not allowed' }), allow: 'GET, HEAD' }
  }

  /** Tells apart what is missing, so that an alarm says where to look. */
  function readyz(): Answer {
    const draining = isDraining()
    const storeLive = store.link.live
    const ready = storeLive && provider.state === 'ready' && !draining
    return json(ready ? 200 : 503, {
      status: ready ? 'ready' : 'not ready',
      store: storeLive ? 'ready' : 'unavailable',
      provider: provider.state,
      draining,
    })
  }

  async function renderMetrics(): Promise<Answer> {
    const body = await metrics.render({
      inFlight: inFlight.count,
      providerReady: provider.state === 'ready',
      storeLive: store.link.live,
      draining: isDraining(),
    })
    return { status: 200, type: metrics.contentType, body }
  }
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` }
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, allow }: Answer): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(allow === undefined ? {} : { Allow: allow }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
