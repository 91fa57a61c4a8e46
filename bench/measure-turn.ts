import { request } from 'node:http'
import type { Contender } from './contenders.ts'
import type { Processes } from './processes.ts'
import { readWrk, type WrkAnswer } from './read-wrk.ts'
import { commandsBetween, countRedisCommands } from './redis.ts'
import type { Turn } from './summarise.ts'
import { foreignShare, idleShare, readCoreTime, readOwnCpuMicroseconds, readUsageOfAll } from './usage.ts'

/** Connections of the load, all of them kept. */
export const CONNECTIONS = 50

/** What Chromium sends with a `fetch` of the page, beside cookie and `Host`. */
export const BROWSER_HEADERS = {
  'X-CSRF': '1',
  Accept: 'application/json',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9',
  Referer: 'http://localhost/',
  'Sec-Fetch-Dest': 'empty',
  'Sec-Fetch-Mode': 'cors',
  'Sec-Fetch-Site': 'same-origin',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36',
} as const

/** What is measured with. */
export interface Load {
  readonly processes: Processes
  readonly seconds: number
  readonly gatewayCore: number
  readonly loadCore: number
  readonly upstreamPort: number
  /** What every answer must be. */
  readonly answer: string
}

/** Puts load on one contender for some seconds, and measures what it does and what it costs. */
export async function measureTurn(contender: Contender, load: Load): Promise<Turn> {
  const wrong = await findWrongAnswer(contender, load.answer)
  const before = await read(contender, load)
  const answer = await runWrk(contender, load)
  const after = await read(contender, load)
  return {
    requests: answer.requests,
    seconds: answer.seconds,
    p50Milliseconds: answer.p50Milliseconds,
    p99Milliseconds: answer.p99Milliseconds,
    cpuMicroseconds: after.usage.cpuMicroseconds - before.usage.cpuMicroseconds,
    residentBytes: after.usage.residentBytes,
    redisCommands: before.commands && after.commands && commandsBetween(before.commands, after.commands),
    loadIdle: idleShare(before.loadCore, after.loadCore),
    foreign: foreignShare([before.gatewayCore, before.loadCore], [after.gatewayCore, after.loadCore], after.own - before.own),
    faults: [...wrong, ...findFaults(answer, after.carried - before.carried)],
  }
}

/**
 * Why a run does not count: an answer that is an error, a broken connection, or answers that did not come from the upstream.
 *
 * @param carried Requests that the upstream has seen.
 */
export function findFaults(answer: WrkAnswer, carried: number): readonly string[] {
  const faults: string[] = []
  if (answer.refused > 0) faults.push(`${answer.refused} answers were errors`)
  if (answer.socketErrors > 0) faults.push(`${answer.socketErrors} connections failed`)
  if (answer.requests === 0) faults.push('nothing was answered')
  // What is on its way when a load ends was carried, but nobody waits for its answer; it may also be counted in the next turn.
  if (carried < answer.requests || carried > answer.requests + 2 * CONNECTIONS + 2) {
    faults.push(`${answer.requests} answers for ${carried} requests at the upstream`)
  }
  return faults
}

function findWrongAnswer(contender: Contender, expected: string): Promise<readonly string[]> {
  const { port, path, headers } = contender
  return new Promise((resolve, reject) => {
    const about = { host: '127.0.0.1', port, path, headers: { ...BROWSER_HEADERS, ...headers }, agent: false }
    const asking = request(about, (response) => {
      let text = ''
      response.on('data', (piece) => (text += String(piece)))
      response.on('end', () => {
        const right = response.statusCode === 200 && text === expected
        resolve(right ? [] : [`answered ${response.statusCode}: ${text.slice(0, 200)}`])
      })
    })
    asking.once('error', reject).end()
  })
}

async function read({ pids, redisPort }: Contender, { gatewayCore, loadCore, upstreamPort }: Load) {
  const commands = redisPort === undefined ? undefined : await countRedisCommands(redisPort)
  const status = await (await fetch(`http://127.0.0.1:${upstreamPort}/count`)).text()
  const [, carried = '0'] = /^ \d+ \d+ (\d+)/m.exec(status) ?? []
  const cores = { gatewayCore: readCoreTime(gatewayCore), loadCore: readCoreTime(loadCore) }
  return { commands, carried: Number(carried), usage: readUsageOfAll(pids), own: readOwnCpuMicroseconds(), ...cores }
}

async function runWrk({ port, path, headers, script }: Contender, { seconds, loadCore, processes }: Load): Promise<WrkAnswer> {
  const lines = Object.entries({ ...BROWSER_HEADERS, ...headers }).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const words = [
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '--latency',
    ...(script === undefined ? [] : ['-s', script]),
    ...lines,
    `http://127.0.0.1:${port}${path}`,
  ]
  return readWrk(await processes.start({ command: 'wrk', words, core: loadCore }).ended())
}
