import { setTimeout as pause } from 'node:timers/promises'

const PATIENCE_MILLISECONDS = 15_000

/** Resolves once `condition` holds; rejects, naming `what`, when it does not hold for far too long. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MILLISECONDS
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Waited in vain until ${what}.`)
    await pause(5)
  }
}
