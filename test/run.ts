import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { installPrograms } from './support/install-programs.ts'

// Runs the suite: `npm test`, or a part of it: `npm test -- test/unit`. Whatever follows is passed on to Jest.
// COATCHECK_NODE=<path of a node binary> runs it on that runtime instead of the pinned one.

const root = fileURLToPath(new URL('..', import.meta.url))
const rest = process.argv.slice(2)
const { COATCHECK_NODE: runtime = process.execPath, ...env } = process.env

/** Unit tests need no program beside Node. */
function needsPrograms(): boolean {
  const paths = rest.filter((word) => !word.startsWith('-'))
  return paths.length === 0 || paths.some((path) => !path.startsWith('test/unit'))
}

function begin(): void {
  const flags = [
    // Jest runs ES modules by Node's vm modules, which are still behind a flag; the warning says so once per worker.
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
  ]
  const words = [...flags, 'node_modules/jest/bin/jest.js', ...workers(), ...rest]
  const child = spawn(runtime, words, { cwd: root, stdio: 'inherit', env })
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  // Ctrl-C reaches Jest by itself; this process stays until it has ended.
  process.on('SIGINT', () => undefined)
  child.on('error', (error) => fail(`${runtime} could not be started: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  })
}

/** The tests mostly wait for one another's processes, so that every core may have a worker. */
function workers(): readonly string[] {
  return rest.some((word) => /^(-i|-w|--runInBand|--maxWorkers)/.test(word)) ? [] : ['--maxWorkers=100%']
}

function fail(says: string): void {
  process.stderr.write(`${says}\n`)
  process.exitCode = 1
}

try {
  if (needsPrograms()) installPrograms()
  begin()
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}
