import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { EndReason, FailureCode } from '../errors.ts'
import { END_REASONS } from '../report/end-reasons.ts'
import type { Weather } from '../report/weather.ts'
import type { LoginOutcome, RefreshOutcome, StoreStateName } from '../report/events.ts'
import type { ReportRequest } from '../report/request-line.ts'
import type { ObserveStore } from '../report/store-observation.ts'
import { createEndingMetrics, type EndingMetrics } from './ending-metrics.ts'
import { createLabelBound } from './label-bound.ts'
import { createLiveMetrics, type LiveMetrics, type OpenConnections } from './live-metrics.ts'
import type { MetricsSnapshot } from './merge-snapshots.ts'
import { countProcess } from './process-metrics.ts'
import { createRequestMetrics } from './request-metrics.ts'
import { secondsOf } from './seconds.ts'
import { createStoreMetrics } from './store-metrics.ts'
import { createUpstreamMetrics, type UpstreamMetrics } from './upstream-metrics.ts'

const LOGIN_OUTCOMES = {
  signed_in: true,
  denied: true,
  refused: true,
  not_started: true,
  answer_invalid: true,
  unavailable: true,
  failed: true,
} satisfies Record<LoginOutcome, true>

const REFRESH_OUTCOMES = { refreshed: true, taken_over: true, ended: true, unavailable: true } satisfies Record<
  RefreshOutcome,
  true
>

/** What is looked up at the moment of a scrape. */
export interface Gauges extends OpenConnections {
  readonly inFlight: number
  readonly providerReady: boolean
  readonly storeLive: boolean
  readonly draining: boolean
}

/** Counts what happens. No label is ever a client's text, and every label has a bounded number of values. */
export interface Metrics extends UpstreamMetrics, EndingMetrics {
  loginStarted(): void
  loginFinished(outcome: LoginOutcome): void
  sessionBegan(): void
  sessionEnded(reason: EndReason): void
  tokenRefreshed(outcome: RefreshOutcome, reason: Weather | undefined, milliseconds: number): void
  /** A renewed grant more (1) or less (-1) that the store does not hold. */
  grantHeld(by: 1 | -1): void
  tokenEndpointResting(isResting: boolean): void
  revocationFailed(): void
  requestRefused(code: FailureCode): void
  readonly liveConnectionClosed: LiveMetrics['closed']
  limitReached(limit: string, endpoint: string): void
  storeStateChanged(state: StoreStateName): void
  unexpectedError(): void
  readonly requestFinished: ReportRequest
  readonly storeAnswered: ObserveStore
  readonly contentType: string
  /** Everything counted so far, in the Prometheus text format. */
  render(gauges: Gauges): Promise<string>
  /** The same, for another process to add to its own. */
  snapshot(gauges: Gauges): Promise<MetricsSnapshot>
}

/** Metrics in a registry of their own, the runtime's included. */
export function createMetrics({ version }: { readonly version: string }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: `coatcheck_${name}`, help, labelNames, registers })
  const gauge = (name: string, help: string, aggregator: 'sum' | 'min' | 'max') =>
    new Gauge({ name: `coatcheck_${name}`, help, aggregator, registers })

  countProcess(registry, version)

  const loginsStarted = counter('logins_started_total', 'Sign-ins sent to the provider.')
  const logins = counter('logins_total', 'Sign-ins that ended, by outcome.', 'outcome')
  const began = counter('sessions_begun_total', 'Sessions begun.')
  const ended = counter('sessions_ended_total', 'Sessions ended, by reason.', 'reason')
  const refreshes = counter(
    'token_refreshes_total',
    'Token refreshes, by outcome and, where none came, by reason.',
    'outcome',
    'reason',
  )
  const refreshSeconds = new Histogram({
    name: 'coatcheck_token_refresh_seconds',
    help: 'How long token refreshes took.',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  const grantsHeld = gauge('grants_held', 'Renewed grants that are used although the store did not take them yet.', 'sum')
  const endpointResting = gauge('token_endpoint_resting', 'Whether the token endpoint is left in peace (1) or asked (0).', 'max')
  const revocations = counter('token_revocations_failed_total', 'Tokens that the provider could not be told to revoke.')
  const refused = counter('requests_refused_total', 'Requests ended early, by code.', 'code')
  const limits = counter('limits_reached_total', 'Times that a limit was reached, by limit and endpoint.', 'limit', 'endpoint')
  const unexpected = counter('unexpected_errors_total', 'Errors that nothing foresaw; each has a log line.')
  const inFlight = gauge('requests_in_flight', 'Requests being answered now.', 'sum')
  const live = createLiveMetrics(registry)
  const providerReady = gauge('provider_ready', 'Whether the metadata of the provider is known (1) or not (0).', 'min')
  const storeLive = gauge('store_live', 'Whether the store answers (1) or not (0).', 'min')
  const storeRefusing = gauge('store_refusing', 'Whether the store answers, but refuses what it is asked (1), or not (0).', 'max')
  const draining = gauge('draining', 'Whether this instance is shutting down (1) or not (0).', 'max')
  const boundEndpoint = createLabelBound(100)

  // From zero, so that the first of a kind shows up as a rate.
  for (const outcome of Object.keys(LOGIN_OUTCOMES)) logins.labels(outcome).inc(0)
  for (const outcome of Object.keys(REFRESH_OUTCOMES)) refreshes.labels(outcome, '').inc(0)
  for (const reason of END_REASONS) ended.labels(reason).inc(0)

  return {
    loginStarted: () => loginsStarted.inc(),
    loginFinished: (outcome) => logins.labels(outcome).inc(),
    sessionBegan: () => began.inc(),
    sessionEnded: (reason) => ended.labels(reason).inc(),
    tokenRefreshed: (outcome, reason, milliseconds) => {
      refreshes.labels(outcome, reason ?? '').inc()
      refreshSeconds.observe(secondsOf(milliseconds))
    },
    grantHeld: (by) => grantsHeld.inc(by),
    tokenEndpointResting: (isResting) => endpointResting.set(isResting ? 1 : 0),
    revocationFailed: () => revocations.inc(),
    requestRefused: (code) => refused.labels(code).inc(),
    liveConnectionClosed: live.closed,
    limitReached: (limit, endpoint) => limits.labels(limit, boundEndpoint(endpoint)).inc(),
    storeStateChanged: (state) => storeRefusing.set(state === 'refusing' ? 1 : 0),
    unexpectedError: () => unexpected.inc(),
    ...createEndingMetrics(registry),
    requestFinished: createRequestMetrics(registry),
    ...createUpstreamMetrics(registry),
    storeAnswered: createStoreMetrics(registry),
    contentType: registry.contentType,
    render: (gauges) => upToDate(gauges).metrics(),
    snapshot: (gauges) => upToDate(gauges).getMetricsAsJSON(),
  }

  function upToDate(gauges: Gauges): Registry {
    inFlight.set(gauges.inFlight)
    live.open(gauges)
    providerReady.set(gauges.providerReady ? 1 : 0)
    storeLive.set(gauges.storeLive ? 1 : 0)
    draining.set(gauges.draining ? 1 : 0)
    return registry
  }
}
