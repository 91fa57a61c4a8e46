import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, constants, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { measureCarrying } from './carrying.ts'
import { COMPILED, measureColdStart, SOURCES } from './cold-start.ts'
import { NAMES } from './contenders.ts'
import { judgeCarrying, judgeColdStart } from './goals.ts'
import { describeMachine, describeVersions } from './machine.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { drawPlot } from './plot.ts'
import { createProcesses, type Processes } from './processes.ts'
import { requirePrograms } from './programs.ts'
import { renderPage } from './results-page.ts'
import * as results from './results.ts'
import { type BenchProvider, startBenchProvider } from './sign-in.ts'
import { renderText } from './table.ts'

// Measures Coatcheck beside what a user would pick instead: `npm run bench`. Prints tables, and writes RESULTS.md and plots.

const MOST_MILLISECONDS = 360_000

const tell = (progress: string): void => void process.stderr.write(`  ${progress}\n`)

interface Parts {
  readonly processes: Processes
  readonly folder: string
  readonly provider: BenchProvider
}

async function measure(options: Options, programs: Readonly<Record<string, string>>, parts: Parts): Promise<boolean> {
  const { turns, seconds, profile } = options
  const nodeFlags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`]
  tell(`the carrying lane: four contenders, ${turns} turns of ${seconds} s each`)
  const carried = await measureCarrying({ ...parts, turns, seconds, nodeFlags, tell })
  await parts.processes.stopAll()
  tell('cold start')
  const started = await measureColdStart({ ...parts, turns, tell })

  const ours = carried.filter(({ name }) => name === NAMES.coatcheck)
  const starts = started.filter(({ name }) => name === COMPILED || name === SOURCES)
  const goals = results.goalsTable([
    ...ours.flatMap(judgeCarrying),
    ...starts.map(({ name, milliseconds }) => judgeColdStart(name, milliseconds)),
  ])
  const carrying = results.carryingTable(carried)
  const remarks = results.carryingRemarks(carried)
  const coldStart = results.coldStartTable(started)
  const machine = describeMachine()
  const versions = describeVersions(programs)
  const text = [renderText(carrying), remarks.map((line) => `${line}\n`).join(''), renderText(coldStart), renderText(goals)]
  process.stdout.write(`\n${[...machine, ...versions].join('\n')}\n\n${text.join('\n')}`)

  const valid = carried.every(({ faults }) => faults.length === 0)
  if (valid && options.write) {
    await write('RESULTS.md', renderPage({ options, machine, versions, goals, carrying, remarks, coldStart }))
    await write('results/carrying.svg', drawPlot(results.carryingPlot(carried)))
    await write('results/cold-start.svg', drawPlot(results.coldStartPlot(started)))
  }
  return valid
}

async function write(name: string, text: string): Promise<void> {
  const file = new URL(name, import.meta.url)
  await mkdir(new URL('.', file), { recursive: true })
  await writeFile(file, text)
  process.stdout.write(`written: bench/${name}\n`)
}

/** Answers the exit code: 0 where every row counts, whether or not the goals were met. */
async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help')) return say(USAGE, 0)
  const options = readOptions(words)
  const programs = requirePrograms()
  if (availableParallelism() < 2) return say('The measurements need two cores: one for the gateway, one for the load.\n', 1)

  const processes = createProcesses()
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const provider = await startBenchProvider()
  try {
    return (await measure(options, programs, { processes, folder, provider })) ? 0 : 1
  } finally {
    await processes.stopAll()
    await provider.stop()
  }
}

function say(text: string, code: number): number {
  process.stdout.write(text)
  return code
}

// Whatever was started is ended when this process exits.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]))
}
setTimeout(() => {
  process.stderr.write('This takes longer than it ever should; given up.\n')
  process.exit(1)
}, MOST_MILLISECONDS).unref()

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
