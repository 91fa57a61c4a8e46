import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { askByHeaders } from '../../support/ask-authorize.ts'
import { leastEnv, startProcess, type GatewayProcess } from '../../support/gateway-process.ts'
import { openRaw } from '../../support/raw-client.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../support/scripted-provider.ts'
import { until } from '../../support/until.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'

let redis: RedisServer
let provider: ScriptedProvider
let upstream: Upstream
const processes: GatewayProcess[] = []
/** Lets the slow answers go on. */
const endings: (() => void)[] = []

beforeAll(async () => {
  redis = await startRedis()
  provider = await startScriptedProvider()
  upstream = await startUpstream({
    '/slow': (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      response.write('the first half,')
      endings.push(() => response.end('the second half'))
    },
  })
})
afterEach(async () => {
  for (const each of processes.splice(0)) await end(each)
})
afterAll(() => Promise.all([redis.stop(), provider.stop(), upstream.close()]))

async function end(started: GatewayProcess): Promise<void> {
  started.kill('SIGKILL')
  await started.ended
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  const routes = [{ prefix: '/open/', upstream: `${upstream.origin}/`, token: 'none', proof: 'none' }]
  const started = startProcess({
    ...(await leastEnv()),
    COATCHECK_ISSUER: provider.issuer,
    COATCHECK_CLIENT_ID: provider.clientId,
    COATCHECK_CLIENT_SECRET: provider.clientSecret,
    COATCHECK_STORE: redis.url,
    COATCHECK_WORKERS: '2',
    COATCHECK_ROUTES: JSON.stringify(routes),
    ...env,
  })
  processes.push(started)
  return started
}

/** With all its workers there, and ready. */
async function startReady(env: Readonly<Record<string, string>> = {}) {
  const gateway = await start(env)
  const { origin, port, privateUrl } = await gateway.listening()
  await until('both workers serve', () => gateway.logs('worker_began').length === 2)
  await until('it is ready', async () => (await fetch(`${privateUrl}/readyz`)).ok)
  return { gateway, origin, port, privateUrl }
}

/** Asks over a connection of its own; answers which process it was, by the first part of the id that it gives each request. */
async function ask(port: number): Promise<string> {
  const connection = await openRaw(port)
  connection.write(`GET /bff/session HTTP/1.1\r\nHost: localhost:${port}\r\nX-CSRF: 1\r\nConnection: close\r\n\r\n`)
  const answer = await connection.closed()
  expect(answer).toContain(' 200 OK')
  return /^x-request-id: ([\w-]{8})/im.exec(answer)?.[1] ?? ''
}

async function metric(privateUrl: string, line: RegExp): Promise<number> {
  const text = await (await fetch(`${privateUrl}/metrics`)).text()
  return Number(new RegExp(`^${line.source} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Whether a new connection is refused. */
async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const refused = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true))
  })
  socket.destroy()
  return refused
}

const SESSIONS_ASKED = /coatcheck_counter_requests_total\{route="session",status="200"\}/

/** Processes that this one began, by their ids. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return listed.trim().split(' ').map(Number)
}

describe('two workers that serve', () => {
  let shared: Awaited<ReturnType<typeof startReady>>
  beforeAll(async () => {
    shared = await startReady({ COATCHECK_FORWARD_AUTH_PEERS: '127.0.0.1', COATCHECK_FORWARD_AUTH_LISTEN: '127.0.0.1:0' })
    // Not one of those that end with their test.
    processes.length = 0
  })
  afterAll(() => end(shared.gateway))

  let asked = 0
  function askShared(): Promise<string> {
    asked += 1
    return ask(shared.port)
  }

  test('share one listener, and both serve', async () => {
    const seen = new Set<string>()
    await until('both have answered', async () => seen.add(await askShared()).size === 2)
    for (let count = 0; count < 20; count += 1) seen.add(await askShared())
    expect(seen.size).toBe(2)
  })

  test('are one to whoever scrapes: counts are added up, whichever of them is asked', async () => {
    const { privateUrl } = shared
    const seen = new Set<string>()
    await until('both have answered', async () => seen.add(await askShared()).size === 2)
    await until('all of it is counted', async () => (await metric(privateUrl, SESSIONS_ASKED)) === asked)
    for (let count = 0; count < 6; count += 1) expect(await metric(privateUrl, SESSIONS_ASKED)).toBe(asked)
    expect(await metric(privateUrl, /coatcheck_workers/)).toBe(2)
    expect(await metric(privateUrl, /coatcheck_provider_ready/)).toBe(1)
    expect(await metric(privateUrl, /coatcheck_build_info\{version="[^"]+"\}/)).toBe(1)
  })

  test('tell a configuration’s warnings once', async () => {
    const { gateway } = shared
    const notes = gateway.logs('configuration_warning').map(({ note }) => note)
    expect(notes.length).toBeGreaterThan(0)
    expect(new Set(notes).size).toBe(notes.length)
  })

  test('decide for proxies, both of them, on one listener', async () => {
    const url = String(shared.gateway.logs('listening')[0]?.['authorizeUrl'])
    const decided = () => metric(shared.privateUrl, /coatcheck_decided_requests_total\{route="\/open\/",status="204"\}/)
    for (let count = 0; count < 8; count += 1)
      expect((await askByHeaders(url, shared.origin, { target: '/open/x' })).status).toBe(204)
    await until('all of it is counted', async () => (await decided()) === 8)
  })
})

describe('two workers', () => {
  test('drain together: what is in flight in either of them is finished, nobody new is let in, one exit code', async () => {
    const { gateway, port } = await startReady()
    const connections = await Promise.all(Array.from({ length: 4 }, () => openRaw(port)))
    for (const connection of connections) {
      connection.write(`GET /open/slow HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)
      await connection.until('the first half,')
    }
    gateway.kill('SIGTERM')
    await until('both drain', () => gateway.logs('draining').length === 2)
    expect(gateway.logs('draining').reduce((sum, { inFlight }) => sum + Number(inFlight), 0)).toBe(4)
    await until('nobody is let in', () => isRefused(port))
    expect(gateway.logs('stopped')).toEqual([])
    for (const end of endings.splice(0)) end()
    for (const connection of connections) expect(await connection.closed()).toContain('the second half')
    expect((await gateway.ended).code).toBe(0)
    expect(gateway.logs('stopped')).toMatchObject([{ inFlight: 0 }, { inFlight: 0 }])
    expect(gateway.logs('worker_ended')).toEqual([])
  })

  test('are not ready while they drain, whichever of them is asked', async () => {
    const { gateway, privateUrl } = await startReady({ COATCHECK_DRAIN_DELAY: '1s' })
    gateway.kill('SIGTERM')
    await until('both drain', () => gateway.logs('draining').length === 2)
    for (let count = 0; count < 4; count += 1)
      expect(await (await fetch(`${privateUrl}/readyz`)).json()).toMatchObject({ draining: true, status: 'not ready' })
    expect((await gateway.ended).code).toBe(0)
  })
})

describe('a worker that is killed', () => {
  test('is told of and replaced, while the other one serves on, stays ready, and no count falls', async () => {
    const { gateway, port, privateUrl } = await startReady()
    let asked = 0
    const askOnce = (): Promise<string> => {
      asked += 1
      return ask(port)
    }
    const before = new Set<string>()
    await until('both have answered', async () => before.add(await askOnce()).size === 2)
    await until('all of it is counted', async () => (await metric(privateUrl, SESSIONS_ASKED)) === asked)

    const [victim = 0] = await childrenOf(gateway.pid)
    process.kill(victim, 'SIGKILL')
    await until('it is told of', () => gateway.logs('worker_ended').length === 1)
    expect((await fetch(`${privateUrl}/readyz`)).status).toBe(200)
    await askOnce()
    await until('another one serves', () => gateway.logs('worker_began').length === 3)
    expect(gateway.logs('worker_ended')).toMatchObject([{ level: 'error', note: 'SIGKILL' }])
    expect(await childrenOf(gateway.pid)).not.toContain(victim)

    const after = new Set<string>()
    await until('both serve again', async () => after.add(await askOnce()).size === 2)
    expect([...after].filter((name) => before.has(name))).toHaveLength(1)
    await until('all of it is counted still', async () => (await metric(privateUrl, SESSIONS_ASKED)) === asked)
    expect(await metric(privateUrl, /coatcheck_workers/)).toBe(2)
    gateway.kill('SIGTERM')
    expect((await gateway.ended).code).toBe(0)
  })

  test('is replaced by one that gets no requests, and makes nothing unready, before it has seen the provider', async () => {
    const { gateway, port, privateUrl } = await startReady()
    const held: (() => void)[] = []
    provider.script.metadata = (honest) => (response) => {
      held.push(() => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(honest)))
    }
    try {
      const [victim = 0] = await childrenOf(gateway.pid)
      process.kill(victim, 'SIGKILL')
      await until('the other one looks for the provider', () => held.length === 1)
      const names = new Set<string>()
      for (let count = 0; count < 6; count += 1) {
        names.add(await ask(port))
        expect((await fetch(`${privateUrl}/readyz`)).status).toBe(200)
      }
      expect(names.size).toBe(1)
      held[0]?.()
      await until('it serves', () => gateway.logs('worker_began').length === 3)
      expect((await fetch(`${privateUrl}/readyz`)).status).toBe(200)
    } finally {
      delete provider.script.metadata
    }
  })

  test('leaves nobody waiting whose connection was given to it and not yet taken', async () => {
    const { gateway, port } = await startReady()
    const [victim = 0] = await childrenOf(gateway.pid)
    process.kill(victim, 'SIGSTOP')
    const connections = await Promise.all(Array.from({ length: 4 }, () => openRaw(port)))
    for (const connection of connections)
      connection.write(`GET /bff/session HTTP/1.1\r\nHost: localhost:${port}\r\nX-CSRF: 1\r\nConnection: close\r\n\r\n`)
    const answered = () => connections.filter((connection) => connection.received().includes(' 200 OK')).length
    await until('the other one has answered what was given to it', () => answered() >= 3)
    process.kill(victim, 'SIGKILL')
    await until('everybody is answered', () => answered() === 4)
  })

  test('while all are to end makes the exit code 1, and is not replaced', async () => {
    const { gateway } = await startReady({ COATCHECK_DRAIN_DELAY: '2s' })
    gateway.kill('SIGTERM')
    await until('both drain', () => gateway.logs('draining').length === 2)
    const [victim = 0] = await childrenOf(gateway.pid)
    process.kill(victim, 'SIGKILL')
    expect((await gateway.ended).code).toBe(1)
    expect(gateway.logs('worker_began')).toHaveLength(2)
  })

  test('leaves no orphan where it is the primary that is killed', async () => {
    const { gateway } = await startReady()
    const workers = await childrenOf(gateway.pid)
    gateway.kill('SIGKILL')
    await gateway.ended
    await until('both are gone', () => !workers.some(isAlive))
  })
})

describe('what keeps them from starting', () => {
  test('an address that is taken is said once, and nothing else begins', async () => {
    const { code, stderr } = await (await start({ COATCHECK_LISTEN: `127.0.0.1:${redis.port}` })).ended
    expect(code).toBe(1)
    expect(stderr.match(/is already in use/g)).toHaveLength(1)
  })

  test('the memory store, which they could not share', async () => {
    const { code, stdout, stderr } = await (await start({ COATCHECK_STORE: 'memory:' })).ended
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('COATCHECK_WORKERS')
  })
})
