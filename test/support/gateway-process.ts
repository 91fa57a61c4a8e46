import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { findFreePort } from './free-port.ts'
import { until } from './until.ts'

/** How a process ended, and everything it said. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A process of the gateway, as `coatcheck serve` starts it. */
export interface GatewayProcess {
  readonly pid: number
  /** The lines logged so far; `event` picks those of one event. */
  readonly logs: (event?: string) => readonly Record<string, unknown>[]
  /** Where it listens; resolves once it does, rejects where it ends before. */
  readonly listening: () => Promise<{ readonly port: number; readonly origin: string; readonly privateUrl: string }>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Stops reading what it logs, as a log shipper that went away. */
  readonly closeOutput: () => void
  readonly ended: Promise<Ended>
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Enough to start: an app on localhost, a provider that is down, the memory store, free ports. */
export async function leastEnv(): Promise<Record<string, string>> {
  const port = await findFreePort()
  return {
    COATCHECK_BASE_URL: `http://localhost:${port}`,
    COATCHECK_LISTEN: `127.0.0.1:${port}`,
    COATCHECK_PRIVATE_LISTEN: '127.0.0.1:0',
    COATCHECK_ISSUER: 'http://127.0.0.1:1',
    COATCHECK_CLIENT_ID: 'coatcheck',
    COATCHECK_CLIENT_SECRET: randomBytes(32).toString('base64url'),
    COATCHECK_SECRETS: randomBytes(32).toString('base64url'),
    COATCHECK_STORE: 'memory:',
    COATCHECK_DRAIN_DELAY: '0s',
  }
}

/** Starts `coatcheck <words>` with exactly this environment (and a PATH). End it by `kill`, and await `ended`. */
export function startProcess(env: Readonly<Record<string, string>>, words: readonly string[] = ['serve']): GatewayProcess {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let isOver = false
  child.stdout.on('data', (piece: Buffer) => {
    stdout += piece.toString()
  })
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString()
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      isOver = true
      resolve({ code, signal, stdout, stderr })
    })
  })

  const logs = (event?: string): readonly Record<string, unknown>[] =>
    stdout
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line))
      .filter((line) => event === undefined || line.event === event)

  return {
    pid: child.pid ?? 0,
    logs,
    listening: async () => {
      await until('the gateway listens', () => isOver || logs('listening').length > 0)
      const { url, privateUrl } = logs('listening')[0] ?? {}
      if (typeof url !== 'string' || typeof privateUrl !== 'string') throw new Error(`It ended instead: ${stderr}`)
      const { port } = new URL(url)
      return { port: Number(port), origin: `http://localhost:${port}`, privateUrl }
    },
    kill: (signal) => void child.kill(signal),
    closeOutput: () => child.stdout.destroy(),
    ended,
  }
}
