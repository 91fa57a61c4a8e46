import { join } from 'node:path'
import { findFreePort } from '../test/support/free-port.ts'
import { jsonOf } from './carrying.ts'
import {
  type Contender,
  NAMES,
  startBareNginx,
  startCoatcheck,
  startEmptyProxy,
  startExpress,
  startOpenidConnect,
} from './contenders.ts'
import type { Goal } from './goals.ts'
import { BROWSER_HEADERS } from './measure-turn.ts'
import { median } from './median.ts'
import { answeringNginx, startNginx } from './nginx.ts'
import { getRequest, runOnSchedule } from './open-loop/run-on-schedule.ts'
import type { OnSchedule } from './open-loop/send-on-schedule.ts'
import { percent, sayBars, toMilliseconds } from './results.ts'
import { type Bench, CORES, type Section } from './section.ts'
import { idleShare, readCoreTime } from './usage.ts'

const PER_SECOND = 1_000
const CONNECTIONS = 32
const USUAL = { turns: 7, warmUpSeconds: 1, seconds: 5 } as const
const QUICK = { turns: 2, warmUpSeconds: 1, seconds: 1 } as const

/** One turn of a contender. */
export interface LatencyTurn extends OnSchedule {
  readonly loadIdle: number
}

/** What carrying adds to the time of a request, at a fixed rate that all contenders manage. */
export async function measureLatency(bench: Bench): Promise<Section> {
  const { isQuick, folder, processes, provider, nodeFlags, tell } = bench
  const { turns, warmUpSeconds, seconds } = isQuick ? QUICK : USUAL
  const upstreamPort = await findFreePort()
  const place = { folder: join(folder, 'upstream'), port: upstreamPort, core: CORES.loadCore }
  await startNginx(processes, place, answeringNginx(upstreamPort, provider.accessToken, jsonOf(200)))
  const surroundings = { processes, folder, ...CORES, provider, upstreamPort, nodeFlags }
  const coatcheck = await startCoatcheck(surroundings)
  const contenders = [
    coatcheck,
    await startExpress(surroundings),
    await startOpenidConnect(surroundings),
    await startEmptyProxy(surroundings, coatcheck),
    await startBareNginx(surroundings, coatcheck),
  ]

  const measured = new Map<string, LatencyTurn[]>(contenders.map(({ name }) => [name, []]))
  // The first turn warms up and is dropped.
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const contender of contenders) {
      const before = readCoreTime(CORES.loadCore)
      const schedule = scheduleOf(contender)
      const counted = await runOnSchedule({ processes, folder, core: CORES.loadCore }, { ...schedule, warmUpSeconds, seconds })
      const loadIdle = idleShare(before, readCoreTime(CORES.loadCore))
      if (turn > 0) measured.get(contender.name)?.push({ ...counted, loadIdle })
      tell(`turn ${turn} of ${turns}: p50 ${toMilliseconds(counted.p50)}, p99 ${toMilliseconds(counted.p99)}, ${contender.name}`)
    }
  }
  return latencySection(measured)
}

function scheduleOf({ port, path, headers }: Contender) {
  // What the contender needs, `Host` above all, wins.
  const request = getRequest(path, { Host: `127.0.0.1:${port}`, ...BROWSER_HEADERS, ...headers })
  return { host: '127.0.0.1', port, requests: [request], perSecond: PER_SECOND, connections: CONNECTIONS }
}

/** What the turns came to, in medians. */
export function latencySection(turns: ReadonlyMap<string, readonly LatencyTurn[]>): Section {
  const rows = [...turns].map(([name, each]) => {
    const of = (measure: (turn: LatencyTurn) => number) => median(each.map(measure))
    const p99s = each.map(({ p99 }) => p99)
    return {
      name,
      p50: of(({ p50 }) => p50),
      p99: of(({ p99 }) => p99),
      spread: [Math.min(...p99s), Math.max(...p99s)] as const,
      late: of(({ lateP50 }) => lateP50),
      lateP99: of(({ lateP99 }) => lateP99),
      loadIdle: of(({ loadIdle }) => loadIdle),
      failed: each.reduce((sum, { refused, broken }) => sum + refused + broken, 0),
    }
  })
  const base = rows.find(({ name }) => name === NAMES.nginx)
  const ours = rows.find(({ name }) => name === NAMES.coatcheck)
  if (base === undefined || ours === undefined) throw new Error('Coatcheck and bare nginx were not both measured.')
  const bars = rows.map(({ name, p99, spread }) => ({
    name,
    value: p99,
    label: toMilliseconds(p99),
    spread,
    ours: name === NAMES.coatcheck,
  }))
  return {
    title: 'Latency at a fixed rate',
    plot: { title: `p99 at ${PER_SECOND} signed-in requests a second`, says: sayBars(bars), bars },
    table: {
      columns: ['', 'p50', 'p99', 'p99, least to most', 'p50 added', 'p99 added', 'sent late, p50', 'p99', 'load idle', 'errors'],
      rows: rows.map((row) => [
        row.name,
        toMilliseconds(row.p50),
        toMilliseconds(row.p99),
        row.spread.map(toMilliseconds).join(' – '),
        row === base ? '–' : toMilliseconds(row.p50 - base.p50),
        row === base ? '–' : toMilliseconds(row.p99 - base.p99),
        toMilliseconds(row.late),
        toMilliseconds(row.lateP99),
        percent(row.loadIdle),
        String(row.failed),
      ]),
    },
    says: `The carrying lane's request, ${PER_SECOND} times a second over ${CONNECTIONS} connections, sent at fixed times whatever becomes of those before
([open-loop](open-loop/send-on-schedule.ts)) and timed from the moment at which it was to be sent: what waits to be sent counts. *Sent late* is how much of
that is the generator's own. Medians of ${turns.get(NAMES.coatcheck)?.length ?? 0} turns of each contender; *added* is the difference of medians to bare nginx's.`,
    remarks: [],
    goals: judgeLatency(ours.p50 - base.p50, ours.p99 - base.p99),
    faults: rows.flatMap(({ name, failed }) => (failed > 0 ? [`${name}: ${failed} requests failed`] : [])),
  }
}

const MOST_P50_MICROSECONDS = 350
const MOST_P99_MICROSECONDS = 2_000

/** Judges what Coatcheck adds to bare nginx, in microseconds. */
export function judgeLatency(p50: number, p99: number): readonly Goal[] {
  return [
    {
      says: `adds at most ${toMilliseconds(MOST_P50_MICROSECONDS)} to the p50 of bare nginx, at ${PER_SECOND} requests a second`,
      measured: toMilliseconds(p50),
      held: p50 <= MOST_P50_MICROSECONDS,
    },
    {
      says: `adds at most ${toMilliseconds(MOST_P99_MICROSECONDS)} to its p99`,
      measured: toMilliseconds(p99),
      held: p99 <= MOST_P99_MICROSECONDS,
    },
  ]
}
