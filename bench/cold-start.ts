import { existsSync } from 'node:fs'
import { coatcheckProgram } from './coatcheck-program.ts'
import { fromRoot } from './from-root.ts'
import { judgeColdStart } from './goals.ts'
import { median } from './median.ts'
import type { Processes } from './processes.ts'
import { coldStartPlot, coldStartTable } from './results.ts'
import type { Bench, Section } from './section.ts'
import type { BenchProvider } from './sign-in.ts'

/** How long something took, from the spawn of `node`. */
export interface StartRow {
  readonly name: string
  readonly milliseconds: number
  /** Least and most of the turns. */
  readonly spread: readonly [number, number]
}

export const COMPILED = 'node dist/main.js serve, until /readyz answers 200'
export const SOURCES = 'node src/main.ts serve, until /readyz answers 200'

const USUAL_TURNS = 5
const QUICK_TURNS = 2

/** Measures cold starts on the memory store, in turns, with the provider up; and for comparison what of it Node and imports take. */
export async function measureColdStart(bench: Bench): Promise<Section> {
  const rows = await measure(bench)
  const starts = rows.filter(({ name }) => name === COMPILED || name === SOURCES)
  return {
    title: 'Cold start',
    plot: coldStartPlot(rows),
    table: coldStartTable(rows),
    says: `From the spawn of \`node\`, without npm, until the private listener's \`/readyz\` answers 200: memory store, provider up, not pinned, median
of ${bench.isQuick ? QUICK_TURNS : USUAL_TURNS}.`,
    remarks: [],
    goals: starts.map(({ name, milliseconds }) => judgeColdStart(name, milliseconds)),
    faults: [],
  }
}

async function measure({ isQuick, processes, provider, tell }: Bench): Promise<readonly StartRow[]> {
  const turns = isQuick ? QUICK_TURNS : USUAL_TURNS
  const contenders = [
    { name: 'node with an empty program, until it ends', run: () => runToEnd(processes, '') },
    { name: 'node that imports all of src, until it ends', run: () => runToEnd(processes, importOf('src/commands/serve.ts')) },
    { name: SOURCES, run: () => startUntilReady(processes, provider, 'src/main.ts') },
    { name: COMPILED, run: () => startUntilReady(processes, provider, 'dist/main.js') },
  ].filter(({ name }) => name !== COMPILED || existsSync(fromRoot('dist/main.js')))

  const measured = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let turn = 0; turn < turns; turn += 1) {
    for (const { name, run } of contenders) {
      const milliseconds = await run()
      measured.get(name)?.push(milliseconds)
      tell(`turn ${turn + 1} of ${turns}: ${Math.round(milliseconds)} ms, ${name}`)
    }
  }
  return [...measured].map(([name, each]) => ({
    name,
    milliseconds: median(each),
    spread: [Math.min(...each), Math.max(...each)],
  }))
}

async function startUntilReady(processes: Processes, provider: BenchProvider, script: string): Promise<number> {
  const program = await coatcheckProgram({ script, provider, store: 'memory:' })
  const since = performance.now()
  const started = processes.start(program)
  await started.answers(program.readyUrl)
  const milliseconds = performance.now() - since
  await started.stop()
  return milliseconds
}

async function runToEnd(processes: Processes, program: string): Promise<number> {
  const since = performance.now()
  const started = processes.start({ command: process.execPath, words: ['--input-type=module', '-e', program] })
  await started.ended()
  return performance.now() - since
}

function importOf(path: string): string {
  return `await import(${JSON.stringify(fromRoot(path))}); process.exit()`
}
