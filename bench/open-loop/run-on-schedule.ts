import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromRoot } from '../from-root.ts'
import type { Processes } from '../processes.ts'
import type { OnSchedule, Schedule } from './send-on-schedule.ts'

interface Place {
  readonly processes: Processes
  readonly folder: string
  readonly core: number
}

/** Sends on schedule from a process of its own, pinned to a core. */
export async function runOnSchedule({ processes, folder, core }: Place, schedule: Schedule): Promise<OnSchedule> {
  const file = join(folder, 'schedule.json')
  await writeFile(file, JSON.stringify(schedule))
  const words = [fromRoot('bench/open-loop/main.ts'), file]
  const said = await processes.start({ command: process.execPath, words, core }).ended()
  return JSON.parse(said)
}

/** A GET as it is sent. */
export function getRequest(path: string, headers: Readonly<Record<string, string>>): string {
  return [`GET ${path} HTTP/1.1`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')
}
