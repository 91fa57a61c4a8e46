import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from './free-port.ts'
import { programPath } from './programs.ts'
import { ask, startRedis } from './redis-server.ts'
import type { RedisServer } from './redis-server.ts'
import { until } from './until.ts'

/** The primary, as the sentinels call it. */
const NAME = 'main'

/** A primary with replicas, and sentinels that watch them and take a second to believe that one is gone. */
export interface WatchedRedis {
  /** `redis+sentinel://…`, the first address in it one where nobody listens. */
  readonly url: string
  readonly sentinels: readonly number[]
  /** The server that was the primary at the start, and the others. */
  readonly primary: RedisServer
  readonly replicas: readonly RedisServer[]
  /** The port of the primary, on the sentinels' word. */
  readonly primaryPort: () => Promise<number>
  /** Resolves once another server than `port` takes writes, and the sentinels say so. */
  readonly failedOver: (port: number) => Promise<RedisServer>
  readonly stop: () => Promise<void>
}

interface WatchedOptions {
  readonly replicas?: number
  readonly sentinels?: number
  /** Sets `requirepass` and `masterauth` of the servers, and that of the sentinels. */
  readonly password?: string
  readonly sentinelPassword?: string
}

/** Starts all of them on free ports and resolves once every sentinel knows every replica. */
export async function startWatchedRedis(options: WatchedOptions = {}): Promise<WatchedRedis> {
  const { replicas: replicaCount = 1, sentinels: sentinelCount = 1, password, sentinelPassword } = options
  const secured = password === undefined ? {} : { password }
  const args = [...(password === undefined ? [] : ['--masterauth', password]), '--repl-diskless-sync-delay', '0']
  const primary = await startRedis({ ...secured, args })
  const following = [...args, '--replicaof', `127.0.0.1 ${primary.port}`]
  const replicas = await Promise.all(Array.from({ length: replicaCount }, () => startRedis({ ...secured, args: following })))
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-sentinels-'))
  const children: ChildProcess[] = []
  const nobody = await findFreePort()

  async function startSentinel(): Promise<number> {
    const port = await findFreePort()
    const file = join(folder, `${port}.conf`)
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      ...(sentinelPassword === undefined ? [] : [`requirepass ${JSON.stringify(sentinelPassword)}`]),
      `sentinel monitor ${NAME} 127.0.0.1 ${primary.port} ${Math.floor(sentinelCount / 2) + 1}`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${NAME} ${JSON.stringify(password)}`]),
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 5000`,
    ]
    await writeFile(file, `${lines.join('\n')}\n`)
    children.push(spawn(programPath('redis-server'), [file, '--sentinel'], { stdio: 'ignore' }))
    return port
  }

  const sentinels = await Promise.all(Array.from({ length: sentinelCount }, startSentinel))
  const askSentinel = (port: number, ...words: readonly string[]) =>
    ask(`redis://${sentinelPassword === undefined ? '' : `:${encodeURIComponent(sentinelPassword)}@`}127.0.0.1:${port}`, [
      'SENTINEL',
      ...words,
    ])

  async function primaryPort(): Promise<number> {
    const told = await askSentinel(sentinels[0] ?? 0, 'GET-MASTER-ADDR-BY-NAME', NAME)
    return Array.isArray(told) ? Number(told[1]) : 0
  }

  async function isWatching(port: number): Promise<boolean> {
    const told = await askSentinel(port, 'MASTER', NAME).catch(() => [])
    const fields = Array.isArray(told) ? told.map(String) : []
    const valueOf = (name: string) => Number(fields[fields.indexOf(name) + 1])
    return valueOf('num-slaves') === replicaCount && valueOf('num-other-sentinels') === sentinelCount - 1
  }

  async function stop(): Promise<void> {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }),
    )
    await Promise.all([primary, ...replicas].map((server) => server.stop()))
    await rm(folder, { recursive: true, force: true })
  }

  try {
    for (const port of sentinels) await until('the sentinel knows everybody', () => isWatching(port))
    await until(
      'every replica follows',
      async () => String(await primary.command('INFO', 'replication')).split('state=online').length > replicaCount,
    )
  } catch (error) {
    await stop()
    throw error
  }

  const user = password === undefined ? '' : `:${encodeURIComponent(password)}@`
  return {
    url: `redis+sentinel://${user}${[nobody, ...sentinels].map((port) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    sentinels,
    primary,
    replicas,
    primaryPort,
    async failedOver(port) {
      let found: RedisServer | undefined
      await until('another server is the primary', async () => {
        const now = await primaryPort()
        found = [primary, ...replicas].find((server) => server.port === now && now !== port)
        // A sentinel that promotes a server breaks all connections to it, this one too.
        const role = await found?.command('ROLE').catch(() => undefined)
        return String(role).startsWith('master')
      })
      if (!found) throw new Error('The sentinels name a server that nobody started.')
      return found
    },
    stop,
  }
}
