import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findFreePort } from '../../test/support/free-port.ts'
import { until } from '../../test/support/until.ts'
import { coatcheckProgram } from '../coatcheck-program.ts'
import { fromRoot } from '../from-root.ts'
import { BROWSER_HEADERS } from '../measure-turn.ts'
import { median } from '../median.ts'
import { answeringNginx, startNginx } from '../nginx.ts'
import { getRequest, runOnSchedule } from '../open-loop/run-on-schedule.ts'
import type { OnSchedule } from '../open-loop/send-on-schedule.ts'
import { readMetric } from '../read-metric.ts'
import { startRedis } from '../redis.ts'
import { percent, sayBars, toMilliseconds } from '../results.ts'
import { type Bench, CORES, type Section } from '../section.ts'
import { type BenchProvider, signIn } from '../sign-in.ts'
import { idleShare, readCoreTime } from '../usage.ts'
import { judgeLeeway } from './judge.ts'

const PER_SECOND = 1_000
const CONNECTIONS = 50
const ANSWER = JSON.stringify({ id: 'item', text: 'x'.repeat(172) })
/** Lives of the tokens that end soon; each is refreshed once half of it is over. */
const [LEAST_SECONDS, MOST_SECONDS] = [5, 15]
const USUAL = { sessions: 500, turns: 10, warmUpSeconds: 6, seconds: 6 } as const
const QUICK = { sessions: 100, turns: 2, warmUpSeconds: 3, seconds: 2 } as const
const KINDS = ['without refreshes', 'during refreshes'] as const

/** One turn. */
export interface LeewayTurn extends OnSchedule {
  readonly refreshesPerSecond: number
  readonly loadIdle: number
}

/** The latency of carried requests at a fixed rate, in turns with sessions that need no refresh and with sessions that always do. */
export async function measureLeeway(bench: Bench): Promise<Section> {
  const { isQuick, folder, processes, tell } = bench
  const { sessions, turns, warmUpSeconds, seconds } = isQuick ? QUICK : USUAL
  const provider = await startProvider(bench, sessions)
  const redis = await startRedis(processes, CORES.loadCore)
  const upstreamPort = await findFreePort()
  const place = { folder: join(folder, 'upstream'), port: upstreamPort, core: CORES.loadCore }
  await startNginx(processes, place, answeringNginx(upstreamPort, provider.accessToken, ANSWER))
  const program = await coatcheckProgram({
    script: 'src/main.ts',
    provider,
    store: redis.url,
    routes: `/api/=http://127.0.0.1:${upstreamPort}/`,
    nodeFlags: bench.nodeFlags,
    settings: { COATCHECK_LOGIN_MOST_PER_MINUTE_PER_ADDRESS: '100000' },
  })
  await processes.start({ ...program, core: CORES.gatewayCore }).answers(program.readyUrl)
  tell(`${2 * sessions} people sign in`)
  // Those whose tokens last come first: the provider counts.
  const kinds = [await signInMany(program.origin, sessions), await signInMany(program.origin, sessions)]
  const requestsOf = kinds.map((cookies) =>
    cookies.map((Cookie) => getRequest('/api/item', { Host: new URL(program.origin).host, ...BROWSER_HEADERS, Cookie })),
  )

  const refreshes = () => readMetric(program.metricsUrl, 'coatcheck_token_refreshes_total', 'refreshed')
  const measured = new Map<string, LeewayTurn[]>(KINDS.map((kind) => [kind, []]))
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [at, kind] of KINDS.entries()) {
      const [before, idleBefore] = [await refreshes(), readCoreTime(CORES.loadCore)]
      const schedule = { host: '127.0.0.1', port: program.port, perSecond: PER_SECOND, connections: CONNECTIONS }
      const counted = await runOnSchedule(
        { processes, folder, core: CORES.loadCore },
        { ...schedule, requests: requestsOf[at] ?? [], warmUpSeconds, seconds },
      )
      const refreshesPerSecond = ((await refreshes()) - before) / (warmUpSeconds + seconds)
      const loadIdle = idleShare(idleBefore, readCoreTime(CORES.loadCore))
      measured.get(kind)?.push({ ...counted, refreshesPerSecond, loadIdle })
      tell(
        `turn ${turn + 1} of ${turns}: p99 ${toMilliseconds(counted.p99)} (sent late by ${toMilliseconds(counted.lateP99)}), ${refreshesPerSecond.toFixed(0)} refreshes/s, ${kind}`,
      )
    }
  }
  return leewaySection(measured, sessions, warmUpSeconds, seconds)
}

async function startProvider({ folder, processes }: Bench, lasting: number): Promise<Pick<BenchProvider, 'env' | 'accessToken'>> {
  const file = join(folder, 'provider.json')
  const words = [fromRoot('bench/refresh/provider-program.ts'), file, ...[lasting, LEAST_SECONDS, MOST_SECONDS].map(String)]
  // It shares a core with the API and the load, whose work it would otherwise put off by a time slice of some milliseconds.
  processes.start({ command: 'chrt', words: ['--idle', '0', process.execPath, ...words], core: CORES.loadCore })
  const read = async (): Promise<string> => readFile(file, 'utf8').catch(() => '')
  await until('the provider is there', async () => (await read()) !== '')
  return JSON.parse(await read())
}

async function signInMany(origin: string, many: number): Promise<readonly string[]> {
  const cookies: string[] = []
  for (let person = 0; person < many; person += 1) cookies.push(await signIn(origin))
  return cookies
}

/** What the turns came to, in medians. */
export function leewaySection(
  turns: ReadonlyMap<string, readonly LeewayTurn[]>,
  sessions: number,
  warmUpSeconds: number,
  seconds: number,
): Section {
  const rows = [...turns].map(([name, each]) => {
    const of = (measure: (turn: LeewayTurn) => number) => median(each.map(measure))
    const p99s = each.map(({ p99 }) => p99)
    return {
      name,
      p50: of(({ p50 }) => p50),
      p90: of(({ p90 }) => p90),
      p99: of(({ p99 }) => p99),
      spread: [Math.min(...p99s), Math.max(...p99s)] as const,
      late: of(({ lateP50 }) => lateP50),
      lateP99: of(({ lateP99 }) => lateP99),
      refreshes: of(({ refreshesPerSecond }) => refreshesPerSecond),
      loadIdle: of(({ loadIdle }) => loadIdle),
      failed: each.reduce((sum, { refused, broken }) => sum + refused + broken, 0),
    }
  })
  const bars = rows.map(({ name, p99, spread }) => ({ name, value: p99, label: toMilliseconds(p99), spread, ours: true }))
  const [without, during] = rows
  return {
    title: 'Carried requests during refreshes',
    plot: { title: `p99 of carried requests at ${PER_SECOND} a second`, says: sayBars(bars), bars },
    table: {
      columns: [
        '',
        'refreshes/s',
        'p50',
        'p90',
        'p99',
        'p99, least to most',
        'sent late, p50',
        'p99 of that',
        'load idle',
        'errors',
      ],
      rows: rows.map((row) => [
        row.name,
        row.refreshes.toFixed(0),
        ...[row.p50, row.p90, row.p99].map(toMilliseconds),
        row.spread.map(toMilliseconds).join(' – '),
        toMilliseconds(row.late),
        toMilliseconds(row.lateP99),
        percent(row.loadIdle),
        String(row.failed),
      ]),
    },
    says: `One gateway (\`taskset -c 0\`); Redis, the provider, the API and the load on the other core. ${PER_SECOND} requests a second over ${CONNECTIONS} connections,
sent at fixed times whatever becomes of those before, each timed from the moment at which it was to be sent. The requests of a turn are those of
${sessions} sessions in turns: of sessions whose tokens last for an hour, and of others whose tokens live for ${LEAST_SECONDS} to ${MOST_SECONDS} seconds and are refreshed once
half of that is over. Turns alternate; each has ${warmUpSeconds} seconds that are not counted and ${seconds} that are; medians of ${turns.get(KINDS[0])?.length ?? 0} turns.`,
    remarks: [],
    goals: without && during ? [judgeLeeway(without.p99, during.p99)] : [],
    faults: rows.flatMap(({ name, failed }) => (failed > 0 ? [`${failed} requests failed ${name}`] : [])),
  }
}
