/**
 * Runs a deed once at a time. Who asks for it while it runs shares the next run and not this one, which may have looked
 * before there was anything to see.
 */
export function oneAfterAnother<Outcome>(deed: () => Promise<Outcome>): () => Promise<Outcome> {
  let running: Promise<Outcome> | undefined
  let next: Promise<Outcome> | undefined

  return function run() {
    if (next) return next
    if (!running) return begin()
    next = running.then(begin, begin)
    return next
  }

  function begin(): Promise<Outcome> {
    next = undefined
    running = deed().finally(() => {
      running = undefined
    })
    return running
  }
}
