import type { Blame } from '../errors.ts'
import type { AdministrationOutcome, BackchannelOutcome, LiveOutcome, LoginOutcome, RefreshOutcome } from '../report/events.ts'
import type { LogLevel } from './logger.ts'

/** Who is to blame decides how loud a line is: what a browser did is news, our own fault is an error. */
export const LEVEL_BY_BLAME = {
  browser: 'info',
  provider: 'warn',
  upstream: 'warn',
  store: 'warn',
  gateway: 'error',
} as const satisfies Record<Blame, LogLevel>

export const LEVEL_BY_LOGIN = {
  signed_in: 'info',
  denied: 'info',
  not_started: 'info',
  refused: 'warn',
  answer_invalid: 'warn',
  unavailable: 'warn',
  failed: 'error',
} as const satisfies Record<LoginOutcome, LogLevel>

// A refresh that went well happens to every session every few minutes.
export const LEVEL_BY_REFRESH = {
  refreshed: 'debug',
  taken_over: 'debug',
  ended: 'info',
  unavailable: 'warn',
} as const satisfies Record<RefreshOutcome, LogLevel>

// That a WebSocket is closed is its everyday end; event streams have a request's line for what went wrong.
export const LEVEL_BY_TUNNEL = {
  client_closed: 'debug',
  client_lost: 'info',
  upstream_closed: 'debug',
  upstream_lost: 'warn',
  idle: 'info',
  session_ended: 'info',
  going_away: 'info',
  session_unknown: 'warn',
} as const satisfies Record<LiveOutcome, LogLevel>

export const LEVEL_BY_BACKCHANNEL = {
  ended: 'info',
  nothing: 'info',
  repeated: 'info',
  kept: 'warn',
  refused: 'warn',
  unverifiable: 'warn',
  limited: 'info',
  failed: 'error',
} as const satisfies Record<BackchannelOutcome, LogLevel>

export const LEVEL_BY_ADMINISTRATION = {
  listed: 'info',
  ended: 'info',
  refused: 'warn',
  failed: 'warn',
} as const satisfies Record<AdministrationOutcome, LogLevel>
