import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'redis'
import { findFreePort } from './free-port.ts'

const MOST_TRIES = 5
const START_MILLISECONDS = 10_000

export interface RedisOptions {
  /** Sets `requirepass`; the URL holds it. */
  readonly password?: string
  /** Further arguments of `redis-server`, e.g. `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[]
}

/** A real redis-server of this test's own, on loopback. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** SIGSTOP: it keeps its connections and answers nothing. */
  freeze(): void
  thaw(): void
  /** Ends it at once, its records with it. */
  kill(): Promise<void>
  /** Starts it again at the same address, with further arguments; empty, unless it was told to `SAVE`. */
  start(more?: readonly string[]): Promise<void>
  /** Sends a command on a connection of its own. */
  command(...args: readonly string[]): Promise<unknown>
  /** Sends commands that happen in one step (`MULTI`). */
  transaction(...commands: readonly (readonly string[])[]): Promise<unknown>
  /** Every record: strings as they are, hashes and sorted sets as JSON. */
  dump(): Promise<Map<string, string>>
  /** Watches the commands that clients send. */
  monitor(): Promise<RedisMonitor>
  stop(): Promise<void>
}

export interface RedisMonitor {
  /** Ends, and answers every command that was sent meanwhile, as `GET key`, but for those of `command()` and within scripts. */
  stop(): Promise<readonly string[]>
}

/** Starts a redis-server without persistence and resolves once it answers. */
export async function startRedis({ password, args = [] }: RedisOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-redis-'))
  const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const secured = password === undefined ? [] : ['--requirepass', password]
  let port = 0
  let child = await startAnywhere()

  function urlOf(at: number): string {
    return `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${at}`
  }

  async function startAt(at: number, more: readonly string[] = []): Promise<ChildProcess> {
    const started = spawn('redis-server', ['--port', String(at), ...settings, ...secured, ...args, ...more], { stdio: 'ignore' })
    const ended = Promise.withResolvers<never>()
    started.once('error', ended.reject)
    started.once('exit', (code) => ended.reject(new Error(`redis-server ended at its start with ${code}`)))
    ended.promise.catch(() => undefined)
    await Promise.race([untilItAnswers(urlOf(at), started.pid), ended.promise])
    return started
  }

  /** Another process may take the free port first, in suites that run in parallel. */
  async function startAnywhere(tries = MOST_TRIES): Promise<ChildProcess> {
    port = await findFreePort()
    try {
      return await startAt(port)
    } catch (error) {
      if (tries <= 1 || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      return startAnywhere(tries - 1)
    }
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  const command = (...words: readonly string[]) => ask(urlOf(port), words)

  return {
    url: urlOf(port),
    port,
    get pid() {
      return child.pid ?? 0
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill,
    async start(more = []) {
      child = await startAt(port, more)
    },
    command,
    transaction: (...commands) =>
      withClient(urlOf(port), async (send) => {
        for (const words of [['MULTI'], ...commands]) await send(words)
        return send(['EXEC'])
      }),
    dump: () => dumpAll(urlOf(port)),
    monitor: () => startMonitor(port, password, command),
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** It, and not another server that was given the same free port at the same instant. */
async function untilItAnswers(url: string, pid: number | undefined): Promise<void> {
  const until = Date.now() + START_MILLISECONDS
  for (;;) {
    try {
      if (String(await ask(url, ['INFO', 'server'])).includes(`process_id:${pid}\r\n`)) return
      throw new Error(`Another redis-server listens at ${url}.`)
    } catch (error) {
      if (Date.now() > until) throw error
      await pause(10)
    }
  }
}

async function withClient<Answer>(url: string, run: (send: (words: readonly string[]) => Promise<unknown>) => Promise<Answer>) {
  // RESP2 without a name or any other greeting: what is monitored stays free of this client's own words.
  const client = createClient({
    url,
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket: { reconnectStrategy: false },
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await run((words) => client.sendCommand<unknown>(words))
  } finally {
    client.destroy()
  }
}

/** Sends one command to whatever speaks Redis' protocol there, on a connection of its own. */
export function ask(url: string, words: readonly string[]): Promise<unknown> {
  return withClient(url, (send) => send(words))
}

function dumpAll(url: string): Promise<Map<string, string>> {
  return withClient(url, async (send) => {
    const keys = await send(['KEYS', '*'])
    const records = new Map<string, string>()
    for (const key of Array.isArray(keys) ? keys.map(String) : []) {
      const type = await send(['TYPE', key])
      const read = { string: ['GET', key], hash: ['HGETALL', key], zset: ['ZRANGE', key, '0', '-1', 'WITHSCORES'] }[String(type)]
      const value = read && (await send(read))
      if (value !== null && value !== undefined) records.set(key, typeof value === 'string' ? value : JSON.stringify(value))
    }
    return records
  })
}

async function startMonitor(
  port: number,
  password: string | undefined,
  command: (...words: readonly string[]) => Promise<unknown>,
): Promise<RedisMonitor> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  const greetings = [...(password === undefined ? [] : [`AUTH ${password}`]), 'MONITOR']
  const marker = `monitor-${Math.random()}`
  const began = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  let text = ''
  socket.on('error', began.reject)
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.split('+OK\r\n').length > greetings.length) began.resolve()
    if (text.includes(marker)) ended.resolve()
  })
  socket.write(greetings.map((greeting) => `${greeting}\r\n`).join(''))
  await began.promise

  return {
    async stop() {
      await command('ECHO', marker)
      await ended.promise
      socket.destroy()
      return text.split('\r\n').flatMap((line) => {
        const [, from = '', words = ''] = /^\+[\d.]+ \[\d+ (\S+)\] (.*)$/.exec(line) ?? []
        return words === '' || from === 'lua' || words.includes(marker) ? [] : [words.replaceAll('"', '')]
      })
    },
  }
}
