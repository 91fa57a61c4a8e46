import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromRoot } from '../from-root.ts'
import type { Processes } from '../processes.ts'

/** One large body through a contender. */
export interface Transfer {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly direction: 'up' | 'down'
  readonly bytes: number
}

export interface Transferred {
  readonly status: number
  /** That arrived at the far end. */
  readonly bytes: number
  readonly seconds: number
}

interface Place {
  readonly processes: Processes
  readonly folder: string
  readonly core: number
}

/** Transfers from a process of its own, pinned to a core. */
export async function runTransfer({ processes, folder, core }: Place, transfer: Transfer): Promise<Transferred> {
  const file = join(folder, 'transfer.json')
  await writeFile(file, JSON.stringify(transfer))
  const words = [fromRoot('bench/bodies/transfer-program.ts'), file]
  return JSON.parse(await processes.start({ command: process.execPath, words, core }).ended())
}
