import { findFreePort } from '../test/support/free-port.ts'
import { join } from 'node:path'
import type { Contender, Surroundings } from './contenders.ts'
import { NAMES, startBareNginx, startCoatcheck, startEmptyProxy, startExpress } from './contenders.ts'
import { measureTurn } from './measure-turn.ts'
import { answeringNginx, startNginx } from './nginx.ts'
import type { BenchProvider } from './sign-in.ts'
import type { Processes } from './processes.ts'
import { type Row, summarise, type Turn } from './summarise.ts'

interface Plan {
  readonly turns: number
  readonly seconds: number
  readonly folder: string
  readonly processes: Processes
  readonly provider: BenchProvider
  readonly nodeFlags: readonly string[]
  readonly tell: (progress: string) => void
}

const CORES = { gatewayCore: 0, loadCore: 1 } as const
const ANSWER_BYTES = 200

/**
 * Measures a signed-in GET of a small JSON answer, contender after contender, over and over; a first turn warms up and is dropped.
 * Each contender has a core of its own while it is measured; upstream, Redis and load share the other one.
 */
export async function measureCarrying(plan: Plan): Promise<readonly Row[]> {
  const { turns, seconds, folder, processes, provider, nodeFlags, tell } = plan
  const upstreamPort = await findFreePort()
  const answer = jsonOf(ANSWER_BYTES)
  const place = { folder: join(folder, 'upstream'), port: upstreamPort, core: CORES.loadCore }
  await startNginx(processes, place, answeringNginx(upstreamPort, provider.accessToken, answer))
  const contenders = await startContenders({
    processes,
    folder,
    ...CORES,
    provider,
    upstreamPort,
    nodeFlags,
  })

  const measured = new Map<string, Turn[]>(contenders.map(({ name }) => [name, []]))
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const contender of contenders) {
      const result = await measureTurn(contender, { processes, seconds, ...CORES, upstreamPort, answer })
      if (turn > 0) measured.get(contender.name)?.push(result)
      const says = turn === 0 ? 'warm-up' : `turn ${turn} of ${turns}`
      tell(`${says}: ${Math.round(result.requests / result.seconds)} requests/s, ${contender.name}`)
    }
  }
  return summarise(measured, NAMES.express)
}

/** Coatcheck comes first: what its sign-in was issued is what the others are given. */
async function startContenders(surroundings: Surroundings): Promise<readonly Contender[]> {
  const coatcheck = await startCoatcheck(surroundings)
  const express = await startExpress(surroundings)
  const empty = await startEmptyProxy(surroundings, coatcheck)
  const nginx = await startBareNginx(surroundings, coatcheck)
  return [coatcheck, express, empty, nginx]
}

/** A JSON object of so many bytes. */
function jsonOf(bytes: number): string {
  const empty = JSON.stringify({ id: 'item', text: '' })
  return JSON.stringify({ id: 'item', text: 'x'.repeat(bytes - empty.length) })
}
