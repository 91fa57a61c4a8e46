import { createClient } from 'redis'
import { findFreePort } from '../test/support/free-port.ts'
import type { Processes } from './processes.ts'

/** Starts a Redis without persistence, pinned to a core; every contender with sessions has one, so that commands can be counted. */
export async function startRedis(processes: Processes, core: number): Promise<{ readonly url: string; readonly port: number }> {
  const port = await findFreePort()
  const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const started = processes.start({ command: 'redis-server', words: ['--port', String(port), ...settings], core })
  await started.listens(port)
  return { url: `redis://127.0.0.1:${port}`, port }
}

/** Counts the commands that a Redis has been sent so far, by name; those that ask this are left out. */
export async function countRedisCommands(port: number): Promise<ReadonlyMap<string, number>> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, disableClientInfo: true })
  await client.connect()
  try {
    return readCommandStatistics(await client.sendCommand<string>(['INFO', 'commandstats']))
  } finally {
    await client.close()
  }
}

const ASKING = new Set(['info', 'hello', 'config|resetstat'])

/** Reads `INFO commandstats`. */
export function readCommandStatistics(text: string): ReadonlyMap<string, number> {
  const counts = [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', calls]): [string, number] => [
    name,
    Number(calls),
  ])
  return new Map(counts.filter(([name]) => !ASKING.has(name)))
}

/** What was sent between two counts. */
export function commandsBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  const sent = [...after].map(([name, count]): [string, number] => [name, count - (before.get(name) ?? 0)])
  return Object.fromEntries(sent.filter(([, count]) => count > 0))
}
