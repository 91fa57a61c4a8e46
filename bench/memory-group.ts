import { join } from 'node:path'
import { findFreePort } from '../test/support/free-port.ts'
import { jsonOf } from './carrying.ts'
import { coatcheckProgram } from './coatcheck-program.ts'
import { collectGarbage } from './collect-garbage.ts'
import type { Goal } from './goals.ts'
import { makeSessions } from './make-sessions.ts'
import { BROWSER_HEADERS } from './measure-turn.ts'
import { answeringNginx, startNginx } from './nginx.ts'
import { getRequest, runOnSchedule } from './open-loop/run-on-schedule.ts'
import { readMetric } from './read-metric.ts'
import { startRedis } from './redis.ts'
import { sayBars, whole } from './results.ts'
import { type Bench, CORES, type Section } from './section.ts'
import { signIn } from './sign-in.ts'
import { readUsage } from './usage.ts'

const USUAL = { cached: 100_000, perSecond: 3_000 } as const
const QUICK = { cached: 5_000, perSecond: 1_000 } as const
const CONNECTIONS = 50
const WARM_UP_REQUESTS = 10_000
const MEBIBYTE = 2 ** 20

/** What the process held at a moment. */
export interface Held {
  readonly when: string
  readonly residentBytes: number
  readonly heapBytes: number
}

/** What sessions cost in the process: as many as are cached at most, and as many again, for which there is no room. */
export async function measureMemory(bench: Bench): Promise<Section> {
  const { isQuick, folder, processes, provider, nodeFlags, tell } = bench
  const { cached, perSecond } = isQuick ? QUICK : USUAL
  const upstreamPort = await findFreePort()
  const place = { folder: join(folder, 'upstream'), port: upstreamPort, core: CORES.loadCore }
  await startNginx(processes, place, answeringNginx(upstreamPort, provider.accessToken, jsonOf(200)))
  const redis = await startRedis(processes, CORES.loadCore)
  const inspectorPort = await findFreePort()
  const program = await coatcheckProgram({
    script: 'src/main.ts',
    provider,
    store: redis.url,
    routes: `/api/=http://127.0.0.1:${upstreamPort}/`,
    nodeFlags: [...nodeFlags, `--inspect=127.0.0.1:${inspectorPort}`],
    settings: { COATCHECK_SESSION_MOST_CACHED: String(cached) },
  })
  const gateway = processes.start({ ...program, core: CORES.gatewayCore })
  await gateway.answers(program.readyUrl)
  const first = await signIn(program.origin)
  tell(`${whole.format(2 * cached)} sessions are made`)
  const cookies = await makeSessions({ program, store: redis.url, issued: provider.lastIssued(), many: 2 * cached })

  async function ask(each: readonly string[], many = each.length): Promise<void> {
    const headers = { Host: new URL(program.origin).host, ...BROWSER_HEADERS }
    const requests = each.map((Cookie) => getRequest('/api/item', { ...headers, Cookie }))
    const schedule = { host: '127.0.0.1', port: program.port, perSecond, connections: CONNECTIONS, warmUpSeconds: 0 }
    const where = { processes, folder, core: CORES.loadCore }
    const { refused, broken } = await runOnSchedule(where, { ...schedule, requests, seconds: many / perSecond })
    if (refused + broken > 0) throw new Error(`${refused + broken} requests failed.`)
  }
  async function look(when: string): Promise<Held> {
    // What is garbage was collected only where V8 felt like it.
    await collectGarbage(inspectorPort)
    const heapBytes = await readMetric(program.metricsUrl, 'nodejs_heap_size_used_bytes')
    const { residentBytes } = readUsage(gateway.pid)
    tell(`${when}: ${whole.format(residentBytes / MEBIBYTE)} MiB`)
    return { when, residentBytes, heapBytes }
  }

  await ask([first], WARM_UP_REQUESTS)
  const before = await look('one session')
  await ask(cookies.slice(0, cached))
  const full = await look(`${whole.format(cached)} sessions, all of them cached`)
  await ask(cookies.slice(cached))
  const beyond = await look(`${whole.format(2 * cached)} sessions, half of them cached`)
  return memorySection([before, full, beyond], cached)
}

const MOST_BEYOND = 1.15

/** What was held. */
export function memorySection(held: readonly [Held, Held, Held], cached: number): Section {
  const [before, full, beyond] = held
  const each = (of: (moment: Held) => number): string => `${((of(full) - of(before)) / cached / 1024).toFixed(1)} KiB`
  const bars = held.map(({ when, residentBytes }) => ({
    name: when,
    value: residentBytes,
    label: mebibytes(residentBytes),
    ours: true,
  }))
  return {
    title: 'Memory',
    plot: { title: 'Resident memory of one gateway', says: sayBars(bars), bars },
    table: {
      columns: ['', 'resident', 'JavaScript heap in use'],
      rows: held.map(({ when, residentBytes, heapBytes }) => [when, mebibytes(residentBytes), mebibytes(heapBytes)]),
    },
    says: `One gateway with \`session.mostCached\` at ${whole.format(cached)}, and sessions that hold what a login issues (about 2 kB): after ${whole.format(WARM_UP_REQUESTS)} requests
of one session, after a request of each of as many sessions as are cached, and after one of each of as many again; garbage is collected before each look.`,
    remarks: [
      `Each cached session takes ${each((moment) => moment.residentBytes)} of resident memory, ${each((moment) => moment.heapBytes)} of the heap.`,
    ],
    goals: [judgeBound(full.heapBytes, beyond.heapBytes)],
    faults: [],
  }
}

/** Whether sessions for which there is no room leave the heap as it is, but for what else moves in it. */
export function judgeBound(full: number, beyond: number): Goal {
  return {
    says: `keeps no more sessions than \`session.mostCached\`: twice as many take at most ${MOST_BEYOND} times the heap`,
    measured: `${(beyond / full).toFixed(2)} times`,
    held: beyond / full <= MOST_BEYOND,
  }
}

function mebibytes(bytes: number): string {
  return `${whole.format(bytes / MEBIBYTE)} MiB`
}
