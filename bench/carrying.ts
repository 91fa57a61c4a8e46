import { join } from 'node:path'
import { findFreePort } from '../test/support/free-port.ts'
import { startCarryingNginx } from './carrying-nginx.ts'
import {
  behindNginx,
  type Contender,
  NAMES,
  startBareNginx,
  startCoatcheck,
  startEmptyProxy,
  startExpress,
  startOpenidConnect,
  type Surroundings,
} from './contenders.ts'
import { judgeBehindNginx, judgeCarrying } from './goals.ts'
import { CONNECTIONS, measureTurn } from './measure-turn.ts'
import { answeringNginx, startNginx } from './nginx.ts'
import { carryingPlot, carryingRemarks, carryingTable, faultsOf } from './results.ts'
import { type Bench, CORES, type Section } from './section.ts'
import { type Row, summarise, type Turn } from './summarise.ts'

const ANSWER_BYTES = 200
const USUAL = { turns: 5, seconds: 5 } as const
const QUICK = { turns: 2, seconds: 1 } as const

const HOW = `A signed-in GET of a JSON answer of ${ANSWER_BYTES} bytes, over ${CONNECTIONS} connections that are kept, with the headers that a browser sends. Each contender
runs on one core (\`taskset -c 0\`). The load (wrk with one thread), Redis and the API share the other core (\`taskset -c 1\`). Contenders take
turns (A, B, C, D, A, B …): ${USUAL.turns} of ${USUAL.seconds} seconds each, after a warm-up that is dropped; each number is the median of the turns, Redis commands are
those of all turns together. CPU is user and system time of all that runs on the contender's core for it; memory is what is resident after a
turn; *load idle* is the share of a turn in which the other core had nothing to do. Where that is less than 10 % the load was the limit and not
the contender: its throughput stands in brackets, and it is compared by CPU per request alone.`

/** Measures a signed-in GET of a small JSON answer. */
export async function measureCarrying(bench: Bench): Promise<Section> {
  const rows = await measure(bench, async (surroundings) => {
    // Comes first: what its sign-in was issued is what the usual stack is given.
    const coatcheck = await startCoatcheck(surroundings)
    return [
      coatcheck,
      await startExpress(surroundings),
      await startOpenidConnect(surroundings),
      await startEmptyProxy(surroundings, coatcheck),
      await startBareNginx(surroundings, coatcheck),
    ]
  })
  return {
    title: 'The carrying lane',
    plot: carryingPlot('Signed-in requests carried per second, on one core', rows),
    table: carryingTable(rows),
    says: `${HOW}

All contenders attach the same access token of 600 characters and keep the browser's cookie back: the API answers 401 or 400 otherwise, and counts
requests, so that an answer that did not come from it makes the row invalid. The sessions of Coatcheck and of express-openid-connect come
from a real sign-in and hold what the provider issued (about 2 kB); the usual stack's holds the same. Each of the three has a Redis of its own,
so that commands can be counted. What the contenders do besides:

- **Coatcheck** (\`src/main.ts serve\`, its defaults): proof of origin, both deadlines of the session, freshness of the token, the
  hygiene of headers both ways, metrics.
- **The usual Express stack**, express + express-session + connect-redis + http-proxy-middleware
  ([express-proxy.ts](alternatives/express-proxy.ts)): the header \`X-CSRF\`, the session and the token's expiry; an
  agent that keeps connections. It extends the session in Redis with each request, which idle sessions need there.
- **express-openid-connect** with connect-redis as its session store, and http-proxy-middleware
  ([openid-connect-proxy.ts](alternatives/openid-connect-proxy.ts)): the same checks; its rolling sessions are its default.
- **Bare node:http + undici** ([empty-proxy.ts](alternatives/empty-proxy.ts)) and **bare nginx**: nothing but carrying. They are the limits of the
  runtime and of the machine.`,
    remarks: carryingRemarks(rows),
    goals: judgeCarrying(rows),
    faults: faultsOf(rows),
  }
}

/** Measures the same with an nginx in front, which runs on the contender's core. */
export async function measureBehindNginx(bench: Bench): Promise<Section> {
  const rows = await measure(bench, async (surroundings) => {
    const coatcheck = await startCoatcheck(surroundings)
    return [
      await behindNginx(surroundings, coatcheck),
      await behindNginx(surroundings, await startExpress(surroundings)),
      await behindNginx(surroundings, await startOpenidConnect(surroundings)),
      await startCarryingNginx(surroundings),
      await startBareNginx(surroundings, coatcheck),
    ]
  })
  return {
    title: 'The carrying lane behind nginx',
    plot: carryingPlot('Signed-in requests carried per second, nginx included, on one core', rows),
    table: carryingTable(rows),
    says: `As above, but through an nginx in front of each contender, on the contender's core, that forwards as the shipped
[nginx.conf](../nginx.conf) does, without TLS and log; and an nginx that carries by itself and asks Coatcheck, whose answer it keeps for a
second ([nginx-auth-request.conf](../config/nginx-auth-request.conf), filled in as it is but for TLS, log and an end to kept connections).`,
    remarks: carryingRemarks(rows),
    goals: judgeBehindNginx(rows),
    faults: faultsOf(rows),
  }
}

/** A first turn warms up and is dropped; upstream, Redis and load share a core, whoever has its turn has the other one. */
async function measure(
  { isQuick, folder, processes, provider, nodeFlags, tell }: Bench,
  start: (surroundings: Surroundings) => Promise<readonly Contender[]>,
): Promise<readonly Row[]> {
  const { turns, seconds } = isQuick ? QUICK : USUAL
  const upstreamPort = await findFreePort()
  const answer = jsonOf(ANSWER_BYTES)
  const place = { folder: join(folder, 'upstream'), port: upstreamPort, core: CORES.loadCore }
  await startNginx(processes, place, answeringNginx(upstreamPort, provider.accessToken, answer))
  const contenders = await start({ processes, folder, ...CORES, provider, upstreamPort, nodeFlags })

  const measured = new Map<string, Turn[]>(contenders.map(({ name }) => [name, []]))
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const contender of contenders) {
      const result = await measureTurn(contender, { processes, seconds, ...CORES, upstreamPort, answer })
      if (turn > 0) measured.get(contender.name)?.push(result)
      const says = turn === 0 ? 'warm-up' : `turn ${turn} of ${turns}`
      tell(`${says}: ${Math.round(result.requests / result.seconds)} requests/s, ${contender.name}`)
    }
  }
  const base = contenders.find(({ name }) => name.endsWith(NAMES.express))
  return summarise(measured, base?.name ?? NAMES.express)
}

/** A JSON object of so many bytes. */
export function jsonOf(bytes: number): string {
  const empty = JSON.stringify({ id: 'item', text: '' })
  return JSON.stringify({ id: 'item', text: 'x'.repeat(bytes - empty.length) })
}
