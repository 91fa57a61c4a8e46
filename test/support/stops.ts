/** What is to be stopped at the end, in the order in which it began. */
export interface Stops {
  readonly add: (stop: () => unknown) => void
  /** Stops all that was added so far and each but once, the last one first, since it may need an earlier one. Each is stopped even if another fails; rejects with all that failed. */
  readonly stopAll: () => Promise<void>
}

export function createStops(): Stops {
  const stops: (() => unknown)[] = []

  return {
    add: (stop) => void stops.push(stop),
    async stopAll() {
      const failures: unknown[] = []
      for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
        try {
          await stop()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, `Not stopped: ${failures.join('; ')}`)
    },
  }
}

/** Takes a thing that has begun, and how it is stopped; answers the thing. */
export type Begun = <Thing>(thing: Thing, stop: (thing: Thing) => unknown) => Thing

/** Starts several things that are stopped together; where one does not start, those that did are stopped, and it rejects. */
export async function startTogether<Parts extends object>(
  start: (begun: Begun) => Promise<Parts>,
): Promise<Parts & { readonly stop: () => Promise<void> }> {
  const { add, stopAll } = createStops()
  try {
    const parts = await start((thing, stop) => {
      add(() => stop(thing))
      return thing
    })
    return { ...parts, stop: stopAll }
  } catch (error) {
    try {
      await stopAll()
    } catch (failure) {
      throw new AggregateError([error, failure], `${String(error)} ${String(failure)}`, { cause: failure })
    }
    throw error
  }
}
