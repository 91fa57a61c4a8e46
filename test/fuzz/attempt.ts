/** Above it somebody could hold up everybody else. */
const LONGEST_MILLISECONDS = 1_000
/** A busy machine makes anything slow once; what is slow each time is slow by itself. */
const TRIES = 3
/** Then it is not slow any more: it never comes. */
const PATIENCE_MILLISECONDS = 20_000

/** Makes an attempt; rejects where it fails, never ends, or takes over a second each time it is made. */
export async function attemptInTime<Input>(attempt: (input: Input) => void | Promise<void>, input: Input): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const began = performance.now()
    const made = attempt(input)
    // oxlint-disable-next-line no-await-in-loop -- tried again only where it was slow
    if (made !== undefined) await endOf(made)
    const took = performance.now() - began
    if (took < LONGEST_MILLISECONDS) return
    if (tries === TRIES) throw new Error(`It took ${Math.round(took)} ms, and over a second each time before.`)
  }
}

function endOf(made: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('It never came to an end.')), PATIENCE_MILLISECONDS)
    made.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
