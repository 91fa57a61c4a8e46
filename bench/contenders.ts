import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { findFreePort } from '../test/support/free-port.ts'
import { coatcheckProgram } from './coatcheck-program.ts'
import { fromRoot } from './from-root.ts'
import { carryingNginx, startNginx } from './nginx.ts'
import type { Processes } from './processes.ts'
import { type BenchProvider, signIn } from './sign-in.ts'
import { startRedis } from './redis.ts'

/** Something that carries requests to the upstream, ready for load. */
export interface Contender {
  readonly name: string
  readonly pid: number
  /** What is asked. */
  readonly url: string
  /** What a request of this contender's own needs, beside what every browser sends. */
  readonly headers: Readonly<Record<string, string>>
  /** Where its records are. */
  readonly redisPort?: number
}

/** Where contenders run, and what they share. */
export interface Surroundings {
  readonly processes: Processes
  readonly folder: string
  readonly gatewayCore: number
  readonly loadCore: number
  readonly provider: BenchProvider
  readonly upstreamPort: number
  /** Flags of Node for Coatcheck, to profile it. */
  readonly nodeFlags: readonly string[]
}

export const NAMES = {
  coatcheck: 'Coatcheck',
  express: 'usual Express stack',
  empty: 'bare node:http + undici',
  nginx: 'bare nginx',
} as const

/** Coatcheck as `npm start` runs it, with a session that somebody signed in for. */
export async function startCoatcheck(surroundings: Surroundings): Promise<Contender> {
  const { processes, gatewayCore, loadCore, provider, upstreamPort, nodeFlags } = surroundings
  const redis = await startRedis(processes, loadCore)
  const routes = `/api/=http://127.0.0.1:${upstreamPort}/`
  const program = await coatcheckProgram({ script: 'src/main.ts', provider, store: redis.url, routes, nodeFlags })
  const started = processes.start({ ...program, core: gatewayCore })
  await started.answers(program.readyUrl)
  const { port, origin } = program
  const headers = { Host: `localhost:${port}`, Cookie: await signIn(origin) }
  return { name: NAMES.coatcheck, pid: started.pid, url: `http://127.0.0.1:${port}/api/item`, headers, redisPort: redis.port }
}

/** The usual packages, with a session that holds what Coatcheck was issued. */
export async function startExpress(surroundings: Surroundings): Promise<Contender> {
  const { loadCore, processes, provider } = surroundings
  const redis = await startRedis(processes, loadCore)
  const env = { REDIS_URL: redis.url, SESSION_SECRET: randomBytes(32).toString('base64url') }
  const { port, ...started } = await startAlternative(surroundings, 'express-proxy.ts', env)
  const login = await fetch(`http://127.0.0.1:${port}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(provider.lastIssued()),
  })
  const [cookie = ''] = login.headers.getSetCookie().map((line) => line.split(';', 1)[0] ?? '')
  return { name: NAMES.express, ...started, headers: { Cookie: cookie }, redisPort: redis.port }
}

/** What Node can do at most; sent the same cookie for the same work of reading it. */
export async function startEmptyProxy(surroundings: Surroundings, like: Contender): Promise<Contender> {
  const started = await startAlternative(surroundings, 'empty-proxy.ts', { ACCESS_TOKEN: surroundings.provider.accessToken })
  return { name: NAMES.empty, pid: started.pid, url: started.url, headers: { Cookie: like.headers['Cookie'] ?? '' } }
}

/** What this machine can do at most. */
export async function startBareNginx(surroundings: Surroundings, like: Contender): Promise<Contender> {
  const { processes, folder, gatewayCore, upstreamPort, provider } = surroundings
  const port = await findFreePort()
  const place = { folder: join(folder, 'nginx'), port, core: gatewayCore }
  const started = await startNginx(processes, place, carryingNginx(port, upstreamPort, provider.accessToken))
  const headers = { Cookie: like.headers['Cookie'] ?? '' }
  return { name: NAMES.nginx, pid: started.pid, url: `http://127.0.0.1:${port}/api/item`, headers }
}

async function startAlternative(surroundings: Surroundings, script: string, own: Readonly<Record<string, string>>) {
  const { processes, gatewayCore, upstreamPort } = surroundings
  const port = await findFreePort()
  const started = processes.start({
    command: process.execPath,
    words: [fromRoot(`bench/alternatives/${script}`)],
    core: gatewayCore,
    env: { NODE_ENV: 'production', PORT: String(port), UPSTREAM: `http://127.0.0.1:${upstreamPort}`, ...own },
  })
  await started.listens(port)
  return { pid: started.pid, port, url: `http://127.0.0.1:${port}/api/item` }
}
