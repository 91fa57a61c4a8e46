/** Runs `work` at most once per key at a time; callers that arrive meanwhile share its outcome. */
export function createSingleFlight<Outcome>() {
  const inFlight = new Map<string, Promise<Outcome>>()

  return function share(key: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const running = inFlight.get(key)
    if (running) return running

    const started = work().finally(() => inFlight.delete(key))
    inFlight.set(key, started)
    return started
  }
}
