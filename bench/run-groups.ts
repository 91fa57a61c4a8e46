import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { availableParallelism, constants, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { keepSection, readKeptSections } from './kept-sections.ts'
import { describeMachine, describeVersions } from './machine.ts'
import { type Options, readOptions, usageOf } from './options.ts'
import { createProcesses, type Processes } from './processes.ts'
import { requirePrograms } from './programs.ts'
import { type Framing, renderPage } from './results-page.ts'
import { disturbance, goalsTable } from './results.ts'
import { CORES, type Group, type Section } from './section.ts'
import { startBenchProvider } from './sign-in.ts'
import { renderText } from './table.ts'
import { foreignShare, readCoreTime, readOwnCpuMicroseconds } from './usage.ts'

/** A command that measures. */
export interface Command {
  /** As a person types it. */
  readonly command: string
  readonly groups: readonly Group[]
  /** The page in `bench` that it writes. */
  readonly page: string
  readonly framing: Framing
}

const MOST_MILLISECONDS_PER_GROUP = 480_000

/**
 * Measures the groups that the command line asks for, prints what they came to, and writes the page: of groups that were not asked for it
 * shows what is kept of their last run. Sets the exit code: 0 where every row counts, whether or not the goals were met.
 */
export async function runGroups(command: Command, words: readonly string[]): Promise<void> {
  // Whatever was started is ended when this process exits.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(128 + constants.signals[signal]))
  }
  try {
    process.exitCode = await run(command, words)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

async function run({ command, groups, page, framing }: Command, words: readonly string[]): Promise<number> {
  const names = groups.map(({ name }) => name)
  if (words.includes('--help')) return say(usageOf(command, names), 0)
  const options = readOptions(words, names)
  const programs = requirePrograms()
  if (availableParallelism() < 2) return say('The measurements need two cores: one for the gateway, one for the load.\n', 1)
  const circumstances = [...describeMachine(), ...describeVersions(programs)]
  say(`${circumstances.join('\n')}\n`, 0)

  const processes = createProcesses()
  let isValid = true
  for (const group of groups.filter(({ name }) => options.groups.includes(name))) {
    const section = await measureOrTell(group, processes, options)
    if (section === undefined || section.faults.length > 0) isValid = false
    if (section === undefined) continue
    say(renderForTerminal(section), 0)
    if (options.write && section.faults.length === 0) {
      keepSection({
        name: group.name,
        command: [command, ...(words.length > 0 ? ['--', ...words] : [])].join(' '),
        circumstances,
        section,
      })
    }
  }
  if (options.write) {
    await writeFile(new URL(page, import.meta.url), renderPage(framing, readKeptSections(names)))
    say(`written: bench/${page}\n`, 0)
  }
  return isValid ? 0 : 1
}

/** Answers undefined where it could not be measured: what the other groups come to is not lost with it. */
async function measureOrTell(...given: Parameters<typeof measure>): Promise<Section | undefined> {
  try {
    return await measure(...given)
  } catch (error) {
    process.stderr.write(`${given[0].name} could not be measured: ${error instanceof Error ? error.message : String(error)}\n`)
    return undefined
  }
}

async function measure(
  group: Group,
  processes: Processes,
  { isQuick, profile }: Pick<Options, 'isQuick' | 'profile'>,
): Promise<Section> {
  const tell = (progress: string): void => void process.stderr.write(`  ${group.name}: ${progress}\n`)
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-bench-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const patience = setTimeout(() => {
    process.stderr.write(`${group.name} takes longer than it ever should; given up.\n`)
    process.exit(1)
  }, MOST_MILLISECONDS_PER_GROUP)
  process.once('exit', remove)
  const provider = await startBenchProvider()
  const nodeFlags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`]
  const before = readAll()
  try {
    const section = await group.measure({ isQuick, folder, processes, provider, nodeFlags, tell })
    const after = readAll()
    return {
      ...section,
      remarks: [...disturbance(foreignShare(before.cores, after.cores, after.own - before.own)), ...section.remarks],
    }
  } finally {
    clearTimeout(patience)
    await processes.stopAll()
    await provider.stop()
    process.off('exit', remove)
    remove()
  }
}

function readAll() {
  return { cores: [readCoreTime(CORES.gatewayCore), readCoreTime(CORES.loadCore)], own: readOwnCpuMicroseconds() }
}

function renderForTerminal({ title, table, remarks, goals, faults }: Section): string {
  const lines = [...remarks, ...faults.map((fault) => `INVALID: ${fault}`)].map((line) => `${line}\n`).join('')
  const judged = goals.length === 0 ? [] : [renderText(goalsTable(goals))]
  return ['', `${title}\n`, renderText(table), ...(lines === '' ? [] : [lines]), ...judged].join('\n')
}

function say(text: string, code: number): number {
  process.stdout.write(text)
  return code
}
