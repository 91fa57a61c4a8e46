import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { searchPath } from './programs.ts'

/** A program that this run started. */
export interface Started {
  readonly pid: number
  /** Resolves once it accepts connections on this port of 127.0.0.1; rejects where it ends before, with what it said. */
  readonly listens: (port: number) => Promise<void>
  /** Resolves once this URL answers 200; rejects likewise. */
  readonly answers: (url: string) => Promise<void>
  /** Resolves with what it said once it has ended well by itself; rejects otherwise. */
  readonly ended: () => Promise<string>
  readonly stop: () => Promise<void>
}

interface Program {
  readonly command: string
  readonly words: readonly string[]
  /** Core to be pinned to; left out: wherever the system puts it. */
  readonly core?: number
  readonly env?: Readonly<Record<string, string>>
  /** How it is ended when this process exits. SIGKILL where nothing is said; a master takes its workers along on SIGTERM alone. */
  readonly lastSignal?: NodeJS.Signals
}

/** The programs of one run, of which none outlives it. */
export interface Processes {
  readonly start: (program: Program) => Started
  readonly stopAll: () => Promise<void>
}

const PATIENCE_MILLISECONDS = 15_000
const GRACE_MILLISECONDS = 10_000
const POLL_MILLISECONDS = 2
const MOST_SAID = 8000

/** Starts programs, pins them to cores and ends them by their process ids, at the latest when this process exits. */
export function createProcesses(): Processes {
  const running = new Map<ChildProcess, NodeJS.Signals>()
  // Whatever ends this process: nothing asynchronous runs any more by now.
  process.on('exit', () => running.forEach((signal, child) => child.kill(signal)))

  function start({ command, words, core, env = {}, lastSignal = 'SIGKILL' }: Program): Started {
    // taskset becomes the program: the process id is the program's.
    const [program, rest] = core === undefined ? [command, words] : ['taskset', ['-c', String(core), command, ...words]]
    const child = spawn(program, rest, { env: { ...baseEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = keepLastWords(child)
    running.set(child, lastSignal)
    child.once('exit', () => running.delete(child))
    child.once('error', () => running.delete(child))
    if (child.pid === undefined) throw new Error(`${program} could not be started.`)

    async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
      const end = Date.now() + PATIENCE_MILLISECONDS
      while (!(await condition())) {
        if (hasEnded(child)) throw new Error(`${command} ${words.join(' ')} has ended: ${said()}`)
        if (Date.now() > end) throw new Error(`${command} ${words.join(' ')} does not ${what}: ${said()}`)
        await pause(POLL_MILLISECONDS)
      }
    }

    return {
      pid: child.pid,
      listens: (port) => until(() => isOpen(port), `listen on ${port}`),
      answers: (url) => until(() => isWell(url), `answer 200 at ${url}`),
      async ended() {
        // Not `exit`: what it said may still be on its way then.
        if (!hasEnded(child)) await once(child, 'close')
        if (child.exitCode !== 0) throw new Error(`${command} ${words.join(' ')} has ended badly: ${said()}`)
        return said()
      },
      stop: () => stop(child),
    }
  }

  return {
    start,
    async stopAll() {
      await Promise.all([...running.keys()].map(stop))
    },
  }
}

/** No `COATCHECK_*` or `NODE_*` of the person who runs this may change what is measured. */
function baseEnvironment(): Record<string, string> {
  const { HOME = '', LANG = 'C.UTF-8' } = process.env
  return { PATH: searchPath(), HOME, LANG }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), GRACE_MILLISECONDS)
  await ended
  clearTimeout(impatience)
}

function keepLastWords(child: ChildProcess): () => string {
  let words = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece) => {
      words = (words + String(piece)).slice(-MOST_SAID)
    })
  }
  return () => words.trim()
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function isWell(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = get(url, { agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asking.once('error', () => resolve(false))
  })
}
