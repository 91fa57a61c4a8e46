import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findFreePort } from '../test/support/free-port.ts'
import { jsonOf } from './carrying.ts'
import { type CoatcheckProgram, coatcheckProgram } from './coatcheck-program.ts'
import type { Contender } from './contenders.ts'
import { compareRows, type Goal } from './goals.ts'
import { makeSessions } from './make-sessions.ts'
import { BROWSER_HEADERS, measureTurn } from './measure-turn.ts'
import { answeringNginx, startNginx } from './nginx.ts'
import { getRequest, runOnSchedule } from './open-loop/run-on-schedule.ts'
import { commandsBetween, countRedisCommands, startRedis } from './redis.ts'
import { carryingRemarks, faultsOf, percent, sayBars, whole } from './results.ts'
import { type Bench, CORES, type Section } from './section.ts'
import { signIn } from './sign-in.ts'
import { fillStore } from './store-filler.ts'
import { type Row, summarise, type Turn } from './summarise.ts'

const ACTIVE = 1_000
const USUAL = { turns: 5, seconds: 4, stored: 1_000_000 } as const
const QUICK = { turns: 2, seconds: 1, stored: 20_000 } as const
/** So few that nearly every request finds its session in Redis alone. */
const FEW_CACHED = 100
const COLD_PER_SECOND = 500

/** A Redis, and two gateways on it: one that caches all active sessions, and one that caches few. */
interface Candidates {
  readonly cached: Contender
  readonly uncached: Contender
  /** Of the active sessions, to the one that caches. */
  readonly requests: readonly string[]
  readonly redisPort: number
}

/** What Redis is asked for, and whether it matters how much it holds. */
export async function measureStore(bench: Bench): Promise<Section> {
  const { isQuick, folder, processes, provider, tell } = bench
  const { turns, seconds, stored } = isQuick ? QUICK : USUAL
  const upstreamPort = await findFreePort()
  const answer = jsonOf(200)
  const place = { folder: join(folder, 'upstream'), port: upstreamPort, core: CORES.loadCore }
  await startNginx(processes, place, answeringNginx(upstreamPort, provider.accessToken, answer))

  tell(`${whole.format(ACTIVE)} and ${whole.format(stored)} sessions are stored`)
  const few = await startCandidates(bench, ACTIVE, upstreamPort)
  const many = await startCandidates(bench, stored, upstreamPort)
  const cold = await countCold(bench, few)
  const contenders = [few.cached, many.cached, few.uncached, many.uncached]

  const measured = new Map<string, Turn[]>(contenders.map(({ name }) => [name, []]))
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const contender of contenders) {
      const result = await measureTurn(contender, { processes, seconds, ...CORES, upstreamPort, answer })
      if (turn > 0) measured.get(contender.name)?.push(result)
      tell(`turn ${turn}: ${Math.round(result.requests / result.seconds)} requests/s, ${contender.name}`)
    }
  }
  const [first] = measured.keys()
  return storeSection(summarise(measured, first ?? ''), cold)
}

async function startCandidates(bench: Bench, stored: number, upstreamPort: number): Promise<Candidates> {
  const { folder, processes, provider, nodeFlags } = bench
  const redis = await startRedis(processes, CORES.loadCore)
  const script = join(folder, `${redis.port}.lua`)

  async function start(settings: Readonly<Record<string, string>> = {}): Promise<[CoatcheckProgram, number]> {
    const routes = `/api/=http://127.0.0.1:${upstreamPort}/`
    const program = await coatcheckProgram({ script: 'src/main.ts', provider, store: redis.url, routes, nodeFlags, settings })
    const started = processes.start({ ...program, core: CORES.gatewayCore })
    await started.answers(program.readyUrl)
    return [program, started.pid]
  }
  const [program, pid] = await start()
  const headers = { Host: new URL(program.origin).host, Cookie: await signIn(program.origin) }
  const issued = provider.lastIssued()
  const cookies = await makeSessions({ program, store: redis.url, issued, many: ACTIVE })
  await writeFile(script, wrkScript(cookies))
  if (stored > ACTIVE) await fillStore(redis.url, stored - ACTIVE)
  // One more instance of the same gateway.
  const [other, otherPid] = await start({
    COATCHECK_BASE_URL: program.origin,
    COATCHECK_SECRETS: program.secret,
    COATCHECK_SESSION_MOST_CACHED: String(FEW_CACHED),
  })

  const shared = { path: '/api/item', headers, redisPort: redis.port, script }
  const name = `${whole.format(stored)} stored`
  return {
    cached: { ...shared, name: `${name}, all active ones cached`, pids: [pid], port: program.port },
    uncached: { ...shared, name: `${name}, ${FEW_CACHED} cached`, pids: [otherPid], port: other.port },
    requests: cookies.map((Cookie) => getRequest('/api/item', { ...headers, ...BROWSER_HEADERS, Cookie })),
    redisPort: redis.port,
  }
}

/** Has wrk send each session's cookie in turn. */
export function wrkScript(cookies: readonly string[]): string {
  return `
local cookies = {
${cookies.map((cookie) => `  ${JSON.stringify(cookie)},`).join('\n')}
}
local requests, n = {}, 0
init = function()
  for at, cookie in ipairs(cookies) do
    wrk.headers["Cookie"] = cookie
    requests[at] = wrk.format()
  end
end
request = function()
  n = n % #requests + 1
  return requests[n]
end
`
}

/** What each of the active sessions costs when it is asked for the first time. */
async function countCold(
  { folder, processes }: Bench,
  { requests, redisPort, cached }: Candidates,
): Promise<Readonly<Record<string, number>>> {
  const before = await countRedisCommands(redisPort)
  const schedule = { host: '127.0.0.1', port: cached.port, requests, perSecond: COLD_PER_SECOND, connections: 10 }
  const place = { processes, folder, core: CORES.loadCore }
  const { refused, broken } = await runOnSchedule(place, { ...schedule, warmUpSeconds: 0, seconds: ACTIVE / COLD_PER_SECOND })
  if (refused + broken > 0) throw new Error(`${refused + broken} of the sessions that were made do not open.`)
  return commandsBetween(before, await countRedisCommands(redisPort))
}

const LEAST_RATIO = 0.95

/** What it came to. */
export function storeSection(rows: readonly Row[], cold: Readonly<Record<string, number>>): Section {
  const [few, many] = rows
  const bars = rows.map(({ name, requestsPerSecond, spread }) => ({
    name,
    value: requestsPerSecond,
    label: whole.format(requestsPerSecond),
    spread,
    ours: true,
  }))
  const coldOnes = Object.entries(cold).filter(([name]) => name !== 'ping')
  const coldCommands = coldOnes.reduce((sum, [, count]) => sum + count, 0) / ACTIVE
  return {
    title: 'The store',
    plot: { title: `Requests a second of ${whole.format(ACTIVE)} active sessions`, says: sayBars(bars), bars },
    table: {
      columns: ['', 'requests/s', 'CPU/request', 'p50', 'p99', 'Redis/request', 'load idle', 'errors'],
      rows: rows.map((row) => [
        row.name,
        whole.format(row.requestsPerSecond),
        `${row.cpuMicrosecondsPerRequest.toFixed(0)} µs`,
        `${row.p50Milliseconds.toFixed(1)} ms`,
        `${row.p99Milliseconds.toFixed(1)} ms`,
        row.redisPerRequest.toFixed(4),
        percent(row.loadIdle),
        row.faults.length === 0 ? '0' : 'INVALID',
      ]),
    },
    says: `The carrying lane's request, sent for ${whole.format(ACTIVE)} signed-in sessions in turns, while Redis holds only them, and while it holds the records of many more
sessions, of the same number and size (four each, 5 kB). With the default of \`session.mostCached\` all active ones are cached; with
${FEW_CACHED} nearly every request reads its session from Redis. Before that, each session's first request of all is counted: the cold ones.`,
    remarks: [
      `Redis commands of ${whole.format(ACTIVE)} cold requests: ${coldOnes.map(([name, count]) => `${whole.format(count)} ${name}`).join(', ')}.`,
      ...carryingRemarks(rows),
    ],
    goals: [
      ...(few === undefined ? [] : [judgeSteady(few)]),
      {
        says: 'asks Redis once for a session that it does not know yet',
        measured: `${coldCommands.toFixed(3)} commands a request`,
        held: coldCommands <= 1.01,
      },
      ...(few && many ? [judgeSize(few, many)] : []),
    ],
    faults: faultsOf(rows),
  }
}

function judgeSteady({ redisPerRequest }: Row): Goal {
  return {
    says: 'asks Redis nothing per request in steady state, but for one small write per session and minute',
    measured: `${redisPerRequest.toFixed(4)} commands a request`,
    held: redisPerRequest < 0.01,
  }
}

function judgeSize(few: Row, many: Row): Goal {
  const { ratio, how } = compareRows(many, few)
  return {
    says: `carries with many sessions stored at least ${LEAST_RATIO} of what it does with few`,
    measured: `${ratio.toFixed(3)}${how}`,
    held: ratio >= LEAST_RATIO,
  }
}
