import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { keepInput, readKept } from './kept-inputs.ts'
import type { Found, FuzzTarget } from './target.ts'

/** Then everything is started anew: servers of tests remember every request, which would look like a leak. */
const MOST_IN_A_ROUND = 2_000
/** What may be left of a target after its first round, beside the code that was compiled for it. */
const MOST_GROWTH_BYTES = 16 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Attacks a target that many times, and says what came of it. What it finds is kept; false where it found something. */
export async function runLong(target: FuzzTarget, runs: number, seed: number): Promise<boolean> {
  const began = performance.now()
  let settled: number | undefined
  let found = await replay(target)
  let done = 0
  for (let round = 0; done < runs && found === undefined; round += 1) {
    const size = Math.min(runs - done, MOST_IN_A_ROUND)
    // oxlint-disable-next-line no-await-in-loop -- rounds follow each other
    found = await attack(target, (seed + round) % 2 ** 31, size)
    done += size
    settled ??= heapBytes()
  }
  const seconds = (performance.now() - began) / 1000
  const growth = heapBytes() - (settled ?? 0)
  const grew = found === undefined && growth > MOST_GROWTH_BYTES
  const outcome = found === undefined ? (grew ? 'GREW' : 'ok') : 'BROKEN'
  process.stdout.write(
    `${outcome.padEnd(7)}${target.name.padEnd(18)}${String(done).padStart(8)} inputs ${seconds.toFixed(1).padStart(7)} s, ` +
      `the heap ${growth < 0 ? '-' : '+'}${(Math.abs(growth) / 1e6).toFixed(1)} MB since its first round\n`,
  )
  if (found !== undefined) tell(target, found)
  return found === undefined && !grew
}

/** The heap in use, with no garbage in it. */
export function sayHeap(): string {
  return `${(heapBytes() / 1e6).toFixed(1)} MB`
}

function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

async function attack({ open }: FuzzTarget, seed: number, runs: number): Promise<Found | undefined> {
  const opened = await open()
  try {
    return await opened.round(seed, runs)
  } finally {
    await opened.stop()
  }
}

/** What was found before comes first. */
async function replay({ name, open }: FuzzTarget): Promise<Found | undefined> {
  const opened = await open()
  try {
    for (const { why, input } of readKept(name)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const failure = await opened.replay(input).then(
        () => undefined,
        (error: unknown) => String(error),
      )
      if (failure !== undefined) return { input, says: `known, and back again (${why}): ${failure}`, seed: 0 }
    }
    return undefined
  } finally {
    await opened.stop()
  }
}

function tell({ name }: FuzzTarget, { input, says, seed }: Found): void {
  process.stdout.write(`  seed ${seed}, input ${JSON.stringify(input).slice(0, 2_000)}\n  ${says.slice(0, 4_000)}\n`)
  if (says.startsWith('known')) return
  keepInput(name, { why: says.split('\n', 1)[0] ?? '', input })
  process.stdout.write(`  kept in test/corpus/fuzz/${name}.json\n`)
}
