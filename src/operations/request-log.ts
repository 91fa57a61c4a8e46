import { FAILURES } from '../errors.ts'
import type { LogConfig } from '../config/operation-config.ts'
import type { RequestLine } from '../report/request-line.ts'
import { LEVEL_BY_BLAME } from './event-levels.ts'
import type { LogLevel } from './logger.ts'

/** Endpoints of the counter lane whose good answers nobody needs to read about. */
const QUIET_ENDPOINTS: ReadonlySet<string> = new Set(['assets', 'client', 'events', 'openapi', 'static'])

/**
 * How loud a finished request is told, or undefined where it gets no line.
 *
 * The counter lane always gets one. The carrying lane gets one per request with `log.carried: all`; otherwise only for what
 * failed: refused by us, a 5xx of the upstream, or left by its client (nginx logs the others).
 * What the store could not be asked for is told once per change of its state, and counted; a line for each would be a flood.
 */
export function requestLevel(line: RequestLine, carried: LogConfig['carried']): LogLevel | undefined {
  if (line.code === 'store_unavailable') return carried === 'all' && line.lane === 'carrying' ? 'info' : 'debug'
  if (line.code !== undefined) return LEVEL_BY_BLAME[FAILURES[line.code].blame]
  if (line.lane !== 'counter') {
    if (line.status >= 500) return 'warn'
    return carried === 'all' || line.aborted ? 'info' : undefined
  }
  if (line.status >= 500) return 'error'
  return QUIET_ENDPOINTS.has(line.route) && line.status < 400 ? 'debug' : 'info'
}
