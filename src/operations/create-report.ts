import type { LogConfig } from '../config/operation-config.ts'
import { FAILURES } from '../errors.ts'
import type { EventName, Events, Report } from '../report/events.ts'
import type { ReportRequest } from '../report/request-line.ts'
import type { ObserveStore } from '../report/store-observation.ts'
import { EVENT_TABLE } from './event-table.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import { requestLevel } from './request-log.ts'

interface Steps {
  readonly logger: Logger
  readonly metrics: Metrics
  /** Which carried requests get a line. */
  readonly carried: LogConfig['carried']
}

/** The three ways in which the rest of the gateway tells what happened: each becomes a log line, a metric, or both. */
export interface Reports {
  readonly report: Report
  readonly reportRequest: ReportRequest
  readonly observeStore: ObserveStore
}

/** Renders events and finished requests as log lines and metrics. */
export function createReport({ logger, metrics, carried }: Steps): Reports {
  return {
    report: function report<Name extends EventName>(name: Name, fields: Events[Name]) {
      const { level, count, audit } = EVENT_TABLE[name]
      count?.(metrics, fields)
      const isAudit = typeof audit === 'function' ? audit(fields) : audit
      const loudness = typeof level === 'function' ? level(fields) : level
      if (isAudit === true) logger.audit(loudness, name, fields)
      else logger.line(loudness, name, fields)
    },

    reportRequest: function reportRequest(line) {
      metrics.requestFinished(line)
      if (line.code !== undefined) metrics.requestRefused(line.code)
      const level = requestLevel(line, carried)
      if (level === undefined) return
      logger.line(level, 'request', line.code === undefined ? line : { ...line, blame: FAILURES[line.code].blame })
    },

    observeStore: metrics.storeAnswered,
  }
}
