import { setTimeout as pause } from 'node:timers/promises'
import { notStarted } from '../../src/commands/not-started.ts'

export interface Part {
  readonly name: string
  /** Answers 200 when the part is ready. */
  readonly url: string
  /** Says what to do, by the answer that it gave instead. */
  readonly advice?: (answer: string) => string | undefined
}

const PATIENCE_MILLISECONDS = 10_000

/** Resolves when every part answers; refuses, naming the one that does not and what it said, when patience has run out. */
export async function waitUntilReady(parts: readonly Part[], signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS
  for (const { name, url, advice } of parts) {
    for (let said = await ask(url); said !== 'ready'; said = await ask(url)) {
      if (signal.aborted) return
      if (performance.now() > deadline) throw notStarted(advice?.(said) ?? `${name} does not get ready: ${said}`)
      await pause(50)
    }
  }
}

async function ask(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
    const text = await response.text()
    return response.ok ? 'ready' : `${response.status} ${text.slice(0, 400)}`
  } catch (error) {
    return `${url} does not answer (${error instanceof Error ? error.message : String(error)})`
  }
}
