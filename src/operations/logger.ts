import type { Writable } from 'node:stream'
import { pino } from 'pino'
import type { LogConfig } from '../config/operation-config.ts'
import { Secret } from '../config/secret.ts'
import type { EventName, Events } from '../report/events.ts'
import type { RequestLine } from '../report/request-line.ts'
import { cleanText } from './clean-text.ts'

/** How loud a line is; who is to blame decides. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

type NamesOf<Fields> = Fields extends unknown ? keyof Fields : never

/** Every field that an event or a request line has. */
type FieldName = NamesOf<Events[EventName]> | keyof RequestLine

/** The only fields that are ever written, each with the most characters it may take. */
const FIELDS = {
  aborted: 0,
  acr: 200,
  administrator: 128,
  authorizeUrl: 300,
  blame: 16,
  code: 64,
  ended: 0,
  endpoint: 64,
  handle: 64,
  inFlight: 0,
  issuer: 300,
  kind: 16,
  lane: 16,
  limit: 16,
  method: 32,
  milliseconds: 0,
  name: 64,
  note: 500,
  outcome: 32,
  path: 500,
  place: 200,
  predecessor: 64,
  privateUrl: 300,
  provider: 300,
  providerSession: 300,
  reason: 32,
  remembered: 0,
  requestId: 128,
  route: 200,
  session: 64,
  stack: 4000,
  state: 32,
  status: 0,
  subject: 256,
  upstream: 300,
  url: 300,
  worker: 0,
  why: 500,
} as const satisfies Record<FieldName, number>

const MOST_CHARACTERS: ReadonlyMap<string, number> = new Map(Object.entries(FIELDS))

/** Writes one line of JSON; never throws, whatever the fields hold. */
export interface Logger {
  /** Whether a line of this level is written at all. */
  has(level: LogLevel): boolean
  /** Writes the fields of the allow list as bounded plain values; anything else in `fields` stays unwritten. */
  line(level: LogLevel, event: string, fields: object): void
  /** The same, marked by `audit: true`, and whatever the level of the log is, but for `silent`. */
  audit(level: LogLevel, event: string, fields: object): void
}

/** A logger that writes JSON lines to `destination`: `level`, `time` (ISO 8601), `event`, then the fields. */
export function createLogger(config: Pick<LogConfig, 'level'>, destination: Writable): Logger {
  const log = pino(
    {
      level: config.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // The default serializer of `err` would write messages of foreign errors.
      serializers: {},
    },
    destination,
  )

  // What must not be lost is not up to how loud a log is.
  const audit = log.child({ audit: true }, { level: config.level === 'silent' ? 'silent' : 'debug' })

  return {
    has: (level) => log.isLevelEnabled(level),
    line: (level, event, fields) => {
      if (log.isLevelEnabled(level)) log[level](written(event, fields))
    },
    audit: (level, event, fields) => audit[level](written(event, fields)),
  }
}

type Plain = string | number | boolean

function written(event: string, fields: object): Record<string, Plain> {
  const line: Record<string, Plain> = { event }
  for (const [name, value] of Object.entries(fields)) {
    const most = MOST_CHARACTERS.get(name)
    if (most === undefined) continue
    const plain = asPlain(value, most)
    if (plain !== undefined) line[name] = plain
  }
  return line
}

function asPlain(value: unknown, most: number): Plain | undefined {
  if (typeof value === 'string') return cleanText(value, most)
  if (typeof value === 'number') return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : undefined
  if (typeof value === 'boolean') return value
  return value instanceof Secret ? String(value) : undefined
}
