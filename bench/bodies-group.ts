import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { findFreePort } from '../test/support/free-port.ts'
import { runTransfer, type Transfer } from './bodies/run-transfer.ts'
import { coatcheckProgram } from './coatcheck-program.ts'
import type { Contender } from './contenders.ts'
import { fromRoot } from './from-root.ts'
import { compare, type Goal } from './goals.ts'
import { BROWSER_HEADERS } from './measure-turn.ts'
import { median } from './median.ts'
import { filesNginx, startNginx } from './nginx.ts'
import { readWrk } from './read-wrk.ts'
import { startRedis } from './redis.ts'
import { percent, sayBars, whole } from './results.ts'
import { type Bench, CORES, type Section } from './section.ts'
import { signIn } from './sign-in.ts'
import { idleShare, readCoreTime, readUsageOfAll } from './usage.ts'
import { growthDuring } from './watch-memory.ts'

const MEBIBYTE = 2 ** 20
const USUAL = { turns: 5, seconds: 4, bytes: 2 ** 30 } as const
const QUICK = { turns: 2, seconds: 1, bytes: 2 ** 27 } as const
const CONNECTIONS = 8
const NAMES = { coatcheck: 'Coatcheck', streams: "Node's own streams" } as const
const KINDS = ['answers of 1 MiB', 'one large answer', 'one large upload'] as const
type Kind = (typeof KINDS)[number]

/** One turn. */
export interface BodyTurn {
  readonly mebibytes: number
  readonly seconds: number
  readonly cpuMicroseconds: number
  readonly growthBytes: number
  readonly loadIdle: number
}

/** Large bodies, both ways, beside a proxy of Node's own streams. */
export async function measureBodies(bench: Bench): Promise<Section> {
  const { isQuick, tell } = bench
  const { turns } = isQuick ? QUICK : USUAL
  const contenders = await startContenders(bench)
  const measured = new Map<string, BodyTurn[]>()
  // The first turn warms up and is dropped.
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const kind of KINDS) {
      for (const contender of contenders) {
        const result = await measureTurn(bench, contender, kind)
        const name = `${contender.name}, ${kind}`
        if (turn > 0) measured.set(name, [...(measured.get(name) ?? []), result])
        tell(`turn ${turn} of ${turns}: ${whole.format(result.mebibytes / result.seconds)} MiB/s, ${name}`)
      }
    }
  }
  return bodiesSection(measured, (isQuick ? QUICK : USUAL).bytes)
}

async function startContenders(bench: Bench): Promise<readonly Contender[]> {
  const { folder, processes, provider, nodeFlags } = bench
  const files = join(folder, 'files')
  await mkdir(files)
  await makeSparse(join(files, 'mebibyte'), MEBIBYTE)
  await makeSparse(join(files, 'large'), (bench.isQuick ? QUICK : USUAL).bytes)
  const [upstreamPort, sinkPort] = [await findFreePort(), await findFreePort()]
  const place = { folder: join(folder, 'upstream'), port: upstreamPort, core: CORES.loadCore }
  await startNginx(
    processes,
    place,
    filesNginx({ port: upstreamPort, sinkPort, folder: files, accessToken: provider.accessToken }),
  )
  const sink = { command: process.execPath, words: [fromRoot('bench/bodies/sink-program.ts'), String(sinkPort)] }
  await processes.start({ ...sink, core: CORES.loadCore }).listens(sinkPort)

  const redis = await startRedis(processes, CORES.loadCore)
  const routes = JSON.stringify([{ prefix: '/api/', upstream: `http://127.0.0.1:${upstreamPort}/`, bodyLimit: '2GB' }])
  const program = await coatcheckProgram({ script: 'src/main.ts', provider, store: redis.url, routes, nodeFlags })
  const coatcheck = processes.start({ ...program, core: CORES.gatewayCore })
  await coatcheck.answers(program.readyUrl)

  const port = await findFreePort()
  const streams = processes.start({
    command: process.execPath,
    words: [fromRoot('bench/alternatives/stream-proxy.ts')],
    core: CORES.gatewayCore,
    env: {
      NODE_ENV: 'production',
      PORT: String(port),
      UPSTREAM: `http://127.0.0.1:${upstreamPort}`,
      ACCESS_TOKEN: provider.accessToken,
    },
  })
  await streams.listens(port)
  const headers = { ...BROWSER_HEADERS, Host: new URL(program.origin).host, Cookie: await signIn(program.origin) }
  return [
    { name: NAMES.coatcheck, pids: [coatcheck.pid], port: program.port, path: '/api/', headers },
    { name: NAMES.streams, pids: [streams.pid], port, path: '/api/', headers },
  ]
}

/** A file of zeros that takes no room. */
async function makeSparse(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.truncate(bytes)
  } finally {
    await file.close()
  }
}

async function measureTurn(bench: Bench, contender: Contender, kind: Kind): Promise<BodyTurn> {
  const { pids } = contender
  const [before, coreBefore] = [readUsageOfAll(pids), readCoreTime(CORES.loadCore)]
  const { answer, growthBytes } = await growthDuring(pids, () => transfer(bench, contender, kind))
  const [after, coreAfter] = [readUsageOfAll(pids), readCoreTime(CORES.loadCore)]
  const cpuMicroseconds = after.cpuMicroseconds - before.cpuMicroseconds
  return { ...answer, growthBytes, cpuMicroseconds, loadIdle: idleShare(coreBefore, coreAfter) }
}

async function transfer(
  { isQuick, processes, folder }: Bench,
  { name, port, path, headers }: Contender,
  kind: Kind,
): Promise<Pick<BodyTurn, 'mebibytes' | 'seconds'>> {
  const { seconds, bytes } = isQuick ? QUICK : USUAL
  const core = CORES.loadCore
  if (kind === 'answers of 1 MiB') {
    const lines = Object.entries(headers).flatMap(([header, value]) => ['-H', `${header}: ${value}`])
    const url = `http://127.0.0.1:${port}${path}mebibyte`
    const words = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', ...lines, url]
    const said = readWrk(await processes.start({ command: 'wrk', words, core }).ended())
    if (said.refused + said.socketErrors > 0) throw new Error(`${name} failed ${said.refused + said.socketErrors} answers.`)
    return { mebibytes: said.requests, seconds: said.seconds }
  }
  const direction: Transfer['direction'] = kind === 'one large upload' ? 'up' : 'down'
  const about = { port, path: `${path}${direction === 'up' ? 'sink' : 'large'}`, headers, direction, bytes }
  const came = await runTransfer({ processes, folder, core }, about)
  if (came.status !== 200 || came.bytes !== bytes) throw new Error(`${name}: ${came.status}, ${came.bytes} of ${bytes} bytes.`)
  return { mebibytes: bytes / MEBIBYTE, seconds: came.seconds }
}

/** What the turns came to, in medians. */
export function bodiesSection(turns: ReadonlyMap<string, readonly BodyTurn[]>, bytes: number): Section {
  const rows = [...turns].map(([name, each]) => {
    const of = (measure: (turn: BodyTurn) => number) => median(each.map(measure))
    const rates = each.map(({ mebibytes, seconds }) => mebibytes / seconds)
    return {
      name,
      rate: median(rates),
      spread: [Math.min(...rates), Math.max(...rates)] as const,
      cpu: of(({ cpuMicroseconds, mebibytes }) => cpuMicroseconds / mebibytes),
      growth: of(({ growthBytes }) => growthBytes) / MEBIBYTE,
      loadIdle: of(({ loadIdle }) => loadIdle),
    }
  })
  const find = (name: string, kind: Kind) => {
    const found = rows.find((row) => row.name === `${name}, ${kind}`)
    if (found === undefined) throw new Error(`${name}, ${kind}: not measured.`)
    return found
  }
  const bars = rows.map(({ name, rate, spread }) => ({
    name,
    value: rate,
    label: `${whole.format(rate)} MiB/s`,
    spread,
    ours: name.startsWith(NAMES.coatcheck),
  }))
  return {
    title: 'Large bodies',
    plot: { title: 'Large bodies, MiB a second', says: sayBars(bars), bars },
    table: {
      columns: ['', 'MiB/s', 'CPU/MiB', 'memory grows by', 'load idle'],
      rows: rows.map(({ name, rate, cpu, growth, loadIdle }) => [
        name,
        whole.format(rate),
        `${cpu.toFixed(0)} µs`,
        `${growth.toFixed(0)} MiB`,
        percent(loadIdle),
      ]),
    },
    says: `Signed-in: answers of 1 MiB over ${CONNECTIONS} connections (wrk), and one of ${bytes / MEBIBYTE} MiB down, and up. The other one is a proxy as one writes it with
\`node:http\` and \`pipe\` ([stream-proxy.ts](alternatives/stream-proxy.ts)), without session, checks and bounds. *Memory grows by* is the most that was resident
during a turn less what was before it. Medians of ${[...turns.values()][0]?.length ?? 0} turns, after one that is dropped.`,
    remarks: [],
    goals: KINDS.flatMap((kind) => judgeBody(kind, find(NAMES.coatcheck, kind), find(NAMES.streams, kind))),
    faults: [],
  }
}

const LEAST_RATIO = 0.9
const MOST_GROWTH_MEBIBYTES = 30

interface BodyRow {
  readonly rate: number
  readonly cpu: number
  readonly growth: number
  readonly loadIdle: number
}

/** Whether a body passes nearly as fast as Node can pass it, and is not kept. */
export function judgeBody(kind: string, ours: BodyRow, theirs: BodyRow): readonly Goal[] {
  const { ratio, how } = compare(ours, theirs)
  return [
    {
      says: `carries at least ${LEAST_RATIO} of what Node's own streams do (${kind})`,
      measured: `${ratio.toFixed(2)}${how}`,
      held: ratio >= LEAST_RATIO,
    },
    {
      says: `grows by at most ${MOST_GROWTH_MEBIBYTES} MiB meanwhile (${kind})`,
      measured: `${ours.growth.toFixed(0)} MiB`,
      held: ours.growth <= MOST_GROWTH_MEBIBYTES,
    },
  ]
}
