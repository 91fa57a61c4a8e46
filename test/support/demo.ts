import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Demo {
  /** What the command has written so far, to both outputs. */
  readonly said: () => string
  /** Resolves with the first address that the command prints; rejects when it ends before that. */
  readonly url: Promise<string>
  /** Sends a signal, where one is given, and resolves with the exit code. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>
}

/**
 * Runs the demo as `npm run demo` does once everything is installed, or one of its parts. Settings of whoever runs the tests
 * stay out of it.
 */
export function runDemo(settings: Record<string, string>, script = 'demo/main.ts'): Demo {
  const own = Object.entries(process.env).filter(([name]) => !/^(COATCHECK|DEMO)_/.test(name))
  const child = spawn(process.execPath, [script], {
    cwd: ROOT,
    env: { ...Object.fromEntries(own), NODE_OPTIONS: '', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  let text = ''
  const url = new Promise<string>((resolve, reject) => {
    function hear(piece: Buffer): void {
      text += piece.toString()
      const found = /http:\/\/localhost:\d+/.exec(text)
      if (found) resolve(found[0])
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    closed.then(() => reject(new Error(`The demo ended before it was ready: ${text}`)), reject)
  })
  // Whoever only wants the exit code does not wait for the address.
  url.catch(() => undefined)

  async function end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) child.kill(signal)
    await closed
    return child.exitCode
  }
  return { said: () => text, url, end }
}
