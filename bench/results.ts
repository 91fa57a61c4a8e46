import type { StartRow } from './cold-start.ts'
import { NAMES } from './contenders.ts'
import { type Goal, LEAST_IDLE } from './goals.ts'
import type { Plot } from './plot.ts'
import type { Row } from './summarise.ts'
import type { Table } from './table.ts'

const MOST_FOREIGN = 0.1
/** Numbers without a fraction. */
export const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** What the carrying lane measured, as a table. */
export function carryingTable(rows: readonly Row[]): Table {
  return {
    columns: [
      '',
      'requests/s',
      'ratio',
      'CPU/request',
      'ratio by CPU',
      'p50',
      'p99',
      'memory',
      'Redis/request',
      'load idle',
      'errors',
    ],
    rows: rows.map((row) => [
      row.name,
      ...(isLimitedByLoad(row)
        ? [`(${whole.format(row.requestsPerSecond)})`, '–']
        : [whole.format(row.requestsPerSecond), `${row.ratio.toFixed(2)}x`]),
      `${row.cpuMicrosecondsPerRequest.toFixed(0)} µs`,
      `${row.ratioByCpu.toFixed(2)}x`,
      `${row.p50Milliseconds.toFixed(1)} ms`,
      `${row.p99Milliseconds.toFixed(1)} ms`,
      `${row.residentMegabytes.toFixed(0)} MiB`,
      row.redisCommands === undefined ? '–' : row.redisPerRequest.toFixed(4),
      percent(row.loadIdle),
      row.faults.length === 0 ? '0' : 'INVALID',
    ]),
  }
}

/** What needs saying beside the table, one sentence each. */
export function carryingRemarks(rows: readonly Row[]): readonly string[] {
  const sent = rows.flatMap(({ name, redisCommands }) => {
    if (redisCommands === undefined) return []
    const list = redisCommands.map(([command, count]) => `${whole.format(count)} ${command}`).join(', ')
    return [`Redis commands of ${name} in all turns together: ${list === '' ? 'none' : list}.`]
  })
  const limited = rows.flatMap(({ name, foreign, ...row }) =>
    foreign < MOST_FOREIGN && isLimitedByLoad(row)
      ? [`The core of the load had no time left for ${name}: it can do more than this.`]
      : [],
  )
  return [...sent, ...limited]
}

/** What has to be said where other programs took so much of the cores' time (0 to 1) that the numbers are not to be trusted. */
export function disturbance(foreign: number): readonly string[] {
  if (foreign < MOST_FOREIGN) return []
  return [`DISTURBED: other programs took ${percent(foreign)} of the two cores; repeat this on a quiet machine.`]
}

/** Why rows do not count, one sentence each. */
export function faultsOf(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}.`))
}

function isLimitedByLoad({ loadIdle }: Pick<Row, 'loadIdle'>): boolean {
  return loadIdle < LEAST_IDLE
}

/** What cold starts measured, as a table. */
export function coldStartTable(rows: readonly StartRow[]): Table {
  return {
    columns: ['', 'median', 'least', 'most'],
    rows: rows.map(({ name, milliseconds, spread }) => [
      name,
      ...[milliseconds, ...spread].map((each) => `${whole.format(each)} ms`),
    ]),
  }
}

/** What was promised, and what came of it. */
export function goalsTable(goals: readonly Goal[]): Table {
  return {
    columns: ['Coatcheck', 'measured', ''],
    rows: goals.map(({ says, measured, held }) => [says, measured, held ? 'held' : 'MISSED']),
  }
}

/** The carrying lane's throughput, as a plot. */
export function carryingPlot(title: string, rows: readonly Row[]): Plot {
  const bars = rows.map(({ name, requestsPerSecond, ratio, spread, loadIdle }) => ({
    name: name.endsWith(NAMES.express) ? `${name}: express-session, connect-redis, http-proxy-middleware` : name,
    value: requestsPerSecond,
    label: `${whole.format(requestsPerSecond)} (${isLimitedByLoad({ loadIdle }) ? 'limited by the load' : `${ratio.toFixed(2)}x`})`,
    spread,
    ours: name.includes(NAMES.coatcheck),
  }))
  return { title, says: sayBars(bars), bars }
}

/** The cold starts, as a plot. */
export function coldStartPlot(rows: readonly StartRow[]): Plot {
  const bars = rows.map(({ name, milliseconds, spread }) => ({
    name,
    value: milliseconds,
    label: `${whole.format(milliseconds)} ms`,
    spread,
    ours: name.includes('serve'),
  }))
  return { title: 'Cold start on the memory store', says: sayBars(bars), bars }
}

/** A plot in words. */
export function sayBars(bars: readonly { readonly name: string; readonly label: string }[]): string {
  return `${bars.map(({ name, label }) => `${name}: ${label}`).join('; ')}.`
}

/** A share, 0 to 1, as it is shown. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

/** A time in microseconds, as it is shown. */
export function toMilliseconds(microseconds: number): string {
  return `${(microseconds / 1_000).toFixed(2)} ms`
}
