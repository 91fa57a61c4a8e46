import { FAILURES } from '../errors.ts'
import type { EventName, Events } from '../report/events.ts'
import {
  LEVEL_BY_BLAME,
  LEVEL_BY_LOGIN,
  LEVEL_BY_REFRESH,
  LEVEL_BY_TUNNEL,
  LEVEL_BY_BACKCHANNEL,
  LEVEL_BY_ADMINISTRATION,
} from './event-levels.ts'
import type { LogLevel } from './logger.ts'
import type { Metrics } from './metrics.ts'

interface EventRow<Name extends EventName> {
  readonly level: LogLevel | ((fields: Events[Name]) => LogLevel)
  /** Whether its line belongs to the audit log: who came in, who went, and by whose hand. */
  readonly audit?: true | ((fields: Events[Name]) => boolean)
  readonly count?: (metrics: Metrics, fields: Events[Name]) => void
}

/** What becomes of each event: how loud its line is and what it counts. */
export const EVENT_TABLE: { readonly [Name in EventName]: EventRow<Name> } = {
  login_started: { level: 'info', count: (metrics) => metrics.loginStarted() },
  login_finished: {
    level: ({ outcome }) => LEVEL_BY_LOGIN[outcome],
    audit: true,
    count: (metrics, { outcome }) => metrics.loginFinished(outcome),
  },
  return_target_refused: { level: 'info' },
  session_began: { level: 'info', audit: true, count: (metrics) => metrics.sessionBegan() },
  session_rotated: { level: 'info', audit: true },
  session_ended: { level: 'info', audit: true, count: (metrics, { reason }) => metrics.sessionEnded(reason) },
  token_refreshed: {
    level: ({ outcome }) => LEVEL_BY_REFRESH[outcome],
    audit: ({ outcome }) => outcome === 'ended',
    count: (metrics, { outcome, reason, milliseconds }) => metrics.tokenRefreshed(outcome, reason, milliseconds),
  },
  claims_changed: { level: 'info', audit: true },
  renewed_grant: {
    level: ({ state }) => (state === 'held' ? 'warn' : 'info'),
    count: (metrics, { state }) => metrics.grantHeld(state === 'held' ? 1 : -1),
  },
  token_endpoint_state: {
    level: ({ state }) => (state === 'resting' ? 'warn' : 'info'),
    count: (metrics, { state }) => metrics.tokenEndpointResting(state === 'resting'),
  },
  backchannel_logout: {
    level: ({ outcome }) => LEVEL_BY_BACKCHANNEL[outcome],
    audit: true,
    count: (metrics, { outcome }) => metrics.backchannelLogout(outcome),
  },
  kept_logout: {
    level: ({ state }) => (state === 'applied' ? 'info' : 'warn'),
    audit: true,
    count: (metrics, { state }) => metrics.logoutKept(state === 'kept' ? 1 : -1),
  },
  frontchannel_logout: {
    level: 'info',
    audit: true,
    count: (metrics, { outcome }) => metrics.frontchannelLogout(outcome),
  },
  administered: {
    level: ({ outcome }) => LEVEL_BY_ADMINISTRATION[outcome],
    audit: true,
    count: (metrics, { outcome }) => metrics.administered(outcome),
  },
  token_revocation_failed: { level: 'warn', audit: true, count: (metrics) => metrics.revocationFailed() },
  request_refused: {
    level: ({ code }) => LEVEL_BY_BLAME[FAILURES[code].blame],
    count: (metrics, { code }) => metrics.requestRefused(code),
  },
  live_connection_closed: {
    level: ({ kind, outcome }) => (kind === 'tunnel' ? LEVEL_BY_TUNNEL[outcome] : 'debug'),
    count: (metrics, { kind, route, outcome }) => metrics.liveConnectionClosed(kind, route, outcome),
  },
  limit_reached: { level: 'info', audit: true, count: (metrics, { limit, endpoint }) => metrics.limitReached(limit, endpoint) },
  forwarding_untrusted: { level: 'warn' },
  provider_state: { level: ({ state }) => (state === 'ready' ? 'info' : 'warn') },
  upstream_configured: { level: 'debug', count: (metrics, { upstream }) => metrics.upstreamState(upstream, 'reachable') },
  // One of many where an upstream is down; that it is, is told once.
  upstream_connection_failed: { level: 'debug', count: (metrics, { upstream }) => metrics.upstreamConnectionFailed(upstream) },
  upstream_state: {
    level: ({ state }) => (state === 'reachable' ? 'info' : 'warn'),
    count: (metrics, { upstream, state }) => metrics.upstreamState(upstream, state),
  },
  store_state: {
    level: ({ state }) => (state === 'connected' ? 'info' : 'warn'),
    count: (metrics, { state }) => metrics.storeStateChanged(state),
  },
  store_warning: { level: 'warn' },
  configuration_warning: { level: 'warn' },
  listening: { level: 'info' },
  worker_began: { level: 'info' },
  worker_ended: { level: 'error' },
  draining: { level: 'info' },
  stopped: { level: 'info' },
  unexpected_error: { level: 'error', count: (metrics) => metrics.unexpectedError() },
}
