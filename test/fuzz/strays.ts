/** Errors that nobody caught: in a gateway they would end the process. */
export interface Strays {
  /** Throws the first one there was since the last look. */
  readonly refuse: () => void
  readonly stop: () => void
}

/** Begins to listen. */
export function watchStrays(): Strays {
  const found: unknown[] = []
  const keep = (error: unknown) => void found.push(error)
  process.on('uncaughtException', keep).on('unhandledRejection', keep)
  return {
    refuse() {
      const [first] = found.splice(0)
      if (first !== undefined) throw new Error('an error that nobody caught', { cause: first })
    },
    stop: () => void process.off('uncaughtException', keep).off('unhandledRejection', keep),
  }
}
