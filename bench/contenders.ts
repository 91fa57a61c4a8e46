import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { findFreePort } from '../test/support/free-port.ts'
import { coatcheckProgram } from './coatcheck-program.ts'
import { fromRoot } from './from-root.ts'
import { carryingNginx, frontNginx, startNginx } from './nginx.ts'
import type { Processes } from './processes.ts'
import { startRedis } from './redis.ts'
import { type BenchProvider, signIn } from './sign-in.ts'

/** Something that carries requests to the upstream, ready for load. */
export interface Contender {
  readonly name: string
  /** All that it runs, whose processor time and memory count. */
  readonly pids: readonly number[]
  readonly port: number
  readonly path: string
  /** What a request of this contender's own needs, beside what every browser sends. */
  readonly headers: Readonly<Record<string, string>>
  /** Where its records are. */
  readonly redisPort?: number
  /** Script of wrk, for requests that differ. */
  readonly script?: string
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
  openid: 'express-openid-connect',
  empty: 'bare node:http + undici',
  nginx: 'bare nginx',
  carrying: 'nginx that asks Coatcheck',
} as const

const PATH = '/api/item'

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
  return { name: NAMES.coatcheck, pids: [started.pid], port, path: PATH, headers, redisPort: redis.port }
}

/** The usual packages, with a session that holds what Coatcheck was issued. */
export async function startExpress(surroundings: Surroundings): Promise<Contender> {
  const { loadCore, processes, provider } = surroundings
  const redis = await startRedis(processes, loadCore)
  const port = await findFreePort()
  const env = { REDIS_URL: redis.url, SESSION_SECRET: randomBytes(32).toString('base64url') }
  const started = await startAlternative(surroundings, { name: NAMES.express, script: 'express-proxy.ts', port, env })
  const login = await fetch(`http://127.0.0.1:${port}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(provider.lastIssued()),
  })
  const [cookie = ''] = login.headers.getSetCookie().map((line) => line.split(';', 1)[0] ?? '')
  return { ...started, headers: { Cookie: cookie }, redisPort: redis.port }
}

/** The package that signs people in, with a session that somebody signed in for. */
export async function startOpenidConnect(surroundings: Surroundings): Promise<Contender> {
  const { loadCore, processes, provider } = surroundings
  const redis = await startRedis(processes, loadCore)
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const env = {
    REDIS_URL: redis.url,
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    BASE_URL: origin,
    ISSUER: provider.env['COATCHECK_ISSUER'] ?? '',
    CLIENT_ID: provider.env['COATCHECK_CLIENT_ID'] ?? '',
    CLIENT_SECRET: provider.env['COATCHECK_CLIENT_SECRET'] ?? '',
  }
  const started = await startAlternative(surroundings, { name: NAMES.openid, script: 'openid-connect-proxy.ts', port, env })
  const Cookie = await signIn(origin, { path: '/login', cookieName: 'session' })
  return { ...started, headers: { Host: `localhost:${port}`, Cookie }, redisPort: redis.port }
}

/** What Node can do at most; sent the same cookie for the same work of reading it. */
export async function startEmptyProxy(surroundings: Surroundings, like: Contender): Promise<Contender> {
  const env = { ACCESS_TOKEN: surroundings.provider.accessToken }
  const port = await findFreePort()
  const started = await startAlternative(surroundings, { name: NAMES.empty, script: 'empty-proxy.ts', port, env })
  return { ...started, headers: { Cookie: like.headers['Cookie'] ?? '' } }
}

/** What this machine can do at most. */
export async function startBareNginx(surroundings: Surroundings, like: Contender): Promise<Contender> {
  const { processes, folder, gatewayCore, upstreamPort, provider } = surroundings
  const port = await findFreePort()
  const place = { folder: join(folder, 'nginx'), port, core: gatewayCore }
  const started = await startNginx(processes, place, carryingNginx(port, upstreamPort, provider.accessToken))
  const headers = { Cookie: like.headers['Cookie'] ?? '' }
  return { name: NAMES.nginx, pids: [started.pid], port, path: PATH, headers }
}

/** The same contender behind an nginx of its own, which shares its core and counts with it. */
export async function behindNginx({ processes, folder, gatewayCore }: Surroundings, contender: Contender): Promise<Contender> {
  const port = await findFreePort()
  const place = { folder: join(folder, `front-${port}`), port, core: gatewayCore }
  const started = await startNginx(processes, place, frontNginx(port, contender.port))
  // Whoever compares the host compares it with its own.
  const headers = { Host: `127.0.0.1:${contender.port}`, ...contender.headers }
  return { ...contender, name: `nginx, ${contender.name}`, pids: [started.pid, ...contender.pids], port, headers }
}

interface Alternative {
  readonly name: string
  readonly script: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
}

async function startAlternative(surroundings: Surroundings, { name, script, port, env }: Alternative) {
  const { processes, gatewayCore, upstreamPort } = surroundings
  const started = processes.start({
    command: process.execPath,
    words: [fromRoot(`bench/alternatives/${script}`)],
    core: gatewayCore,
    env: { NODE_ENV: 'production', PORT: String(port), UPSTREAM: `http://127.0.0.1:${upstreamPort}`, ...env },
  })
  await started.listens(port)
  return { name, pids: [started.pid], port, path: PATH }
}
