import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { findFreePort } from './free-port.ts'
import { startGateway } from './gateway.ts'
import { until } from './until.ts'

type Variables = Readonly<Record<string, string>>

/** A gateway that was started in one way or another. */
export interface LaunchedGateway {
  readonly privateUrl: string
  /** Everything that it has written so far. */
  readonly logText: () => string
  /** What a list of processes shows of it; empty where its settings are words of the command that starts it, or where nobody can tell. */
  readonly commandLine: () => Promise<string>
  /** Resolves once it has ended. */
  readonly stop: () => Promise<unknown>
}

/** Starts a gateway with exactly these variables, and resolves once it is ready; rejects where it does not boot, with what it said. */
export type LaunchGateway = (variables: Variables) => Promise<LaunchedGateway>

/** The gateway from source, in this process. */
export const launchFromSource: LaunchGateway = async (variables) => {
  const gateway = await startGateway(variables)
  await gateway.ready()
  // The title that a test's own `process` is given stays within the test.
  return { ...gateway, commandLine: async () => `${process.title}\0${await commandLineOf('self')}` }
}

/**
 * A gateway that a command starts: a compiled one, or an image. In place of a word `ENV` come the variables, each as
 * `-e NAME=VALUE`; without one they are the command's environment.
 */
export function launchByCommand(words: readonly string[]): LaunchGateway {
  return async (given) => {
    const privatePort = await findFreePort()
    const variables: Variables = { ...given, COATCHECK_PRIVATE_LISTEN: `127.0.0.1:${privatePort}` }
    const asWords = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`])
    const [command = '', ...rest] = words.flatMap((word) => (word === 'ENV' ? asWords : [word]))
    const env = words.includes('ENV') ? process.env : { PATH: process.env['PATH'] ?? '', ...variables }
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env })
    const ended = once(child, 'close')
    let said = ''
    for (const output of [child.stdout, child.stderr]) output.on('data', (piece: Buffer) => (said += piece.toString()))

    async function stop(): Promise<unknown> {
      // The whole group, since not every command that runs an image hands signals on.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
      return ended
    }
    const privateUrl = `http://127.0.0.1:${privatePort}`
    try {
      await until('the gateway is ready', async () => {
        if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${said}`)
        return fetch(`${privateUrl}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        )
      })
    } catch (error) {
      await stop()
      throw error
    }
    const commandLine = async () => (words.includes('ENV') ? '' : commandLineOf(String(child.pid)))
    return { privateUrl, logText: () => said, commandLine, stop }
  }
}

/** With the title of a process, which takes the place of its words. */
function commandLineOf(id: string): Promise<string> {
  return readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
}
