import type { StartRow } from './cold-start.ts'
import { NAMES } from './contenders.ts'
import type { Goal } from './goals.ts'
import type { Plot } from './plot.ts'
import type { Row } from './summarise.ts'
import type { Table } from './table.ts'

const MOST_FOREIGN = 0.1
const LEAST_IDLE = 0.05
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** What the carrying lane measured, as a table. */
export function carryingTable(rows: readonly Row[]): Table {
  return {
    columns: ['', 'requests/s', 'ratio', 'p50', 'p99', 'CPU/request', 'memory', 'Redis/request', 'load idle', 'errors'],
    rows: rows.map((row) => [
      row.name,
      whole.format(row.requestsPerSecond),
      `${row.ratio.toFixed(2)}x`,
      `${row.p50Milliseconds.toFixed(1)} ms`,
      `${row.p99Milliseconds.toFixed(1)} ms`,
      `${row.cpuMicrosecondsPerRequest.toFixed(0)} µs`,
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
  const most = Math.max(...rows.map(({ foreign }) => foreign))
  const disturbed =
    most < MOST_FOREIGN
      ? []
      : [`DISTURBED: other programs took up to ${percent(most)} of the two cores; repeat this on a quiet machine.`]
  const limited = rows.flatMap(({ name, loadIdle, foreign }) =>
    foreign < MOST_FOREIGN && loadIdle < LEAST_IDLE
      ? [`The core of the load had no time left for ${name}: it can do more than this.`]
      : [],
  )
  return [
    ...disturbed,
    ...sent,
    ...limited,
    ...rows.flatMap(({ name, faults }) => faults.map((fault) => `INVALID, ${name}: ${fault}.`)),
  ]
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
export function carryingPlot(rows: readonly Row[]): Plot {
  const bars = rows.map(({ name, requestsPerSecond, ratio, spread }) => ({
    name: name === NAMES.express ? `${name}: express-session, connect-redis, http-proxy-middleware` : name,
    value: requestsPerSecond,
    label: `${whole.format(requestsPerSecond)} (${ratio.toFixed(2)}x)`,
    spread,
    ours: name === NAMES.coatcheck,
  }))
  return { title: 'Signed-in requests carried per second, on one core', says: sayBars(bars), bars }
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

function sayBars(bars: readonly { readonly name: string; readonly label: string }[]): string {
  return `${bars.map(({ name, label }) => `${name}: ${label}`).join('; ')}.`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
